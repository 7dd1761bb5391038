// SPDX-License-Identifier: MIT
// What hdf5_*.cpp share: the only place that includes the C library's
// headers.
#pragma once

#include <hdf5.h>
#include <hdf5_hl.h>

#include <string>

#include "host/hdf5.hpp"

namespace sg::h5 {

// Takes ownership of what a call returned; throws Error when it failed.
using Closer = herr_t (*)(hid_t);
template <Closer closer>
Handle own(hid_t id, std::string const& what) {
    return Handle(
        id, [](std::int64_t open) { closer(open); }, what);
}

inline void check(herr_t result, std::string const& what) {
    if (result < 0) throw Error("HDF5 failed: " + what);
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
