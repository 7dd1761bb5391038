// SPDX-License-Identifier: MIT
#include "host/hdf5_append.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "cuda/exec/error.hpp"
#include "host/hdf5_library.hpp"

namespace sg::h5 {

namespace {

// Chunks that are kept in memory for each array: its last ones are written again and again.
constexpr std::size_t cache_bytes = 512 * 1024;
constexpr std::size_t cache_slots = 101;
constexpr int most_axes = 4;

}  // namespace

Appender::Appender(std::string const& path) {
    auto const access = own<H5Pclose>(H5Pcreate(H5P_FILE_ACCESS), "access properties");
    check(H5Pset_libver_bounds(access.id(), H5F_LIBVER_V110, H5F_LIBVER_V110), "file version");
    check(H5Pset_cache(access.id(), 0, cache_slots, cache_bytes, 1.0), "chunk cache");
    hid_t const file = H5Fopen(path.c_str(), H5F_ACC_RDWR | H5F_ACC_SWMR_WRITE, access.id());
    check(file, "start streaming");
    file_ = own<H5Fclose>(file, "start streaming");
}

Appender::~Appender() { abandon(); }

Handle const& Appender::dataset(std::string const& variable) {
    Handle& found = datasets_[variable];
    if (found.id() < 0) {
        hid_t const opened = H5Dopen2(file_.id(), variable.c_str(), H5P_DEFAULT);
        check(opened, "open " + variable);
        found = own<H5Dclose>(opened, "open " + variable);
    }
    return found;
}

void Appender::write(std::string const& variable, std::uint64_t first, Type type,
                     void const* values, std::size_t count) {
    hid_t const id = dataset(variable).id();
    auto const before = own<H5Sclose>(H5Dget_space(id), "shape of " + variable);
    int const rank = H5Sget_simple_extent_ndims(before.id());
    SG_EXPECT(rank >= 0 && rank <= most_axes);
    if (rank == 0) {
        SG_EXPECT(count == 1);
        return check(H5Dwrite(id, memory_type(type), H5S_ALL, H5S_ALL, H5P_DEFAULT, values),
                     "write " + variable);
    }
    hsize_t shape[most_axes]{}, start[most_axes]{first};
    check(H5Sget_simple_extent_dims(before.id(), shape, nullptr), "shape of " + variable);
    hsize_t per_row = 1;
    for (int axis = 1; axis < rank; ++axis) per_row *= shape[axis];
    SG_EXPECT(per_row > 0 && count % per_row == 0);
    hsize_t const rows = count / per_row;
    if (rows == 0) return;
    if (first + rows > shape[0]) {
        shape[0] = first + rows;
        check(H5Dset_extent(id, shape), "extend " + variable);
    }
    hsize_t part[most_axes]{};
    std::copy(shape, shape + rank, part);
    part[0] = rows;
    auto const to = own<H5Sclose>(H5Dget_space(id), "shape of " + variable);
    auto const from = own<H5Sclose>(H5Screate_simple(rank, part, nullptr), "memory space");
    check(H5Sselect_hyperslab(to.id(), H5S_SELECT_SET, start, nullptr, part, nullptr),
          "select rows of " + variable);
    check(H5Dwrite(id, memory_type(type), from.id(), to.id(), H5P_DEFAULT, values),
          "write " + variable);
}

// H5Fflush alone reaches the system, not the disk.
void Appender::flush() {
    check(H5Fflush(file_.id(), H5F_SCOPE_GLOBAL), "flush");
    void* descriptor = nullptr;
    check(H5Fget_vfd_handle(file_.id(), H5P_DEFAULT, &descriptor), "descriptor of the file");
    if (::fsync(*static_cast<int*>(descriptor)) != 0) throw Error(std::strerror(errno));
}

void Appender::close() {
    for (auto& [name, dataset] : datasets_) dataset.close("close " + name);
    file_.close("close");
}

void Appender::abandon() noexcept {
    for (auto& [name, handle] : datasets_) handle.leak();
    datasets_.clear();
    file_.leak();
}

}  // namespace sg::h5
