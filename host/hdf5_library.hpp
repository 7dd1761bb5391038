// SPDX-License-Identifier: MIT
// What hdf5_*.cpp share: the only place that includes the C library's
// headers.
#pragma once

#include <hdf5.h>
#include <hdf5_hl.h>

#include <string>

#include "host/hdf5.hpp"

namespace sg::h5 {

// Throws Error for a negative result: with the system's own words where the system is to blame.
void check(std::int64_t result, std::string const& what);

// Takes ownership of what a call returned; throws Error when it failed.
using Closer = herr_t (*)(hid_t);
template <Closer closer>
Handle own(hid_t id, std::string const& what) {
    check(id, what);
    return Handle(
        id, [](std::int64_t open) { return static_cast<int>(closer(open)); }, what);
}

inline hid_t memory_type(Type type) {
    switch (type) {
        case Type::int8:
            return H5T_NATIVE_INT8;
        case Type::int32:
            return H5T_NATIVE_INT32;
        case Type::int64:
            return H5T_NATIVE_INT64;
        case Type::uint64:
            return H5T_NATIVE_UINT64;
        case Type::float64:
            return H5T_NATIVE_DOUBLE;
    }
    throw Error("no such type");
}

}  // namespace sg::h5
