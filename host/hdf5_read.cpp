// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>

#include "host/hdf5_library.hpp"

namespace sg::h5 {

namespace {

// Limits on what a file may ask of its reader.
constexpr std::uint64_t largest_chunk = 64 << 20;
constexpr std::uint64_t largest_text = 16 << 20;
constexpr std::uint64_t best_compression = 1032;  // of deflate

// Throws unless `bytes` of data stand in this file, in chunks that fit the memory of any machine.
// An array that the file does not hold would be filled with its fill value, however large.
void check_storage(hid_t dataset, std::string const& name, std::uint64_t bytes) {
    auto const properties = own<H5Pclose>(H5Dget_create_plist(dataset), "layout of " + name);
    hid_t const dcpl = properties.id();
    H5D_layout_t const layout = H5Pget_layout(dcpl);
    std::uint64_t const ratio = H5Pget_nfilters(dcpl) == 0 ? 1 : best_compression;
    if (bytes / ratio > H5Dget_storage_size(dataset))
        throw Error("the file is too small for " + name);
    if (layout == H5D_CONTIGUOUS && H5Pget_external_count(dcpl) == 0) return;
    if (layout != H5D_CHUNKED) throw Error("the data of " + name + " lie outside the file");
    std::vector<hsize_t> chunk(H5S_MAX_RANK);
    int const rank = H5Pget_chunk(dcpl, H5S_MAX_RANK, chunk.data());
    std::uint64_t items = 1;
    for (int k = 0; k < rank; ++k)
        if (__builtin_mul_overflow(items, chunk[static_cast<std::size_t>(k)], &items) ||
            items > largest_chunk / 8)
            throw Error("the chunks of " + name + " are too large");
}

}  // namespace

// The flags stand in the superblock: bit 0 for a writer, bit 2 for one that streams.
bool is_open_for_writing(std::string const& path) {
    constexpr std::array<unsigned char, 8> signature{0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
    constexpr std::size_t version_at = 8, flags_at = 11;
    std::array<char, 12> head{};
    std::ifstream in(path, std::ios::binary);
    if (!in.read(head.data(), head.size())) return false;
    for (std::size_t k = 0; k < signature.size(); ++k)
        if (static_cast<unsigned char>(head[k]) != signature[k]) return false;
    return head[version_at] == 3 && (head[flags_at] & 0b101) != 0;
}

Reader::Reader(std::string const& path, Mode mode) {
    std::error_code failure;
    auto const status = std::filesystem::status(path, failure);
    if (status.type() == std::filesystem::file_type::not_found) throw Error("no such file");
    if (status.type() != std::filesystem::file_type::regular) throw Error("not a regular file");
    file_size_ = std::filesystem::file_size(path, failure);
    if (failure) throw Error(failure.message());
    unsigned const beside = mode == Mode::streamed ? H5F_ACC_SWMR_READ : 0;
    hid_t const file = H5Fopen(path.c_str(), H5F_ACC_RDONLY | beside, H5P_DEFAULT);
    if (file < 0) throw Error("not an HDF5 file, truncated, or not readable");
    file_ = own<H5Fclose>(file, "open");
}

std::string Reader::text(std::int64_t object, std::string const& name) const {
    auto const attribute =
        own<H5Aclose>(H5Aopen(object, name.c_str(), H5P_DEFAULT), "no attribute " + name);
    auto const type = own<H5Tclose>(H5Aget_type(attribute.id()), "type of " + name);
    auto const space = own<H5Sclose>(H5Aget_space(attribute.id()), "space of " + name);
    std::size_t const size = H5Tget_size(type.id());
    if (H5Tget_class(type.id()) != H5T_STRING || H5Tis_variable_str(type.id()) != 0 ||
        H5Sget_simple_extent_npoints(space.id()) != 1 || size > std::min(largest_text, file_size_))
        throw Error("attribute " + name + " is not a text");
    std::string text(size, '\0');
    check(H5Aread(attribute.id(), type.id(), text.data()), "read " + name);
    return text.substr(0, text.find('\0'));
}

std::string Reader::text(std::string const& name) const { return text(file_.id(), name); }

std::int32_t Reader::number(std::string const& name) const {
    auto const attribute =
        own<H5Aclose>(H5Aopen(file_.id(), name.c_str(), H5P_DEFAULT), "no attribute " + name);
    auto const type = own<H5Tclose>(H5Aget_type(attribute.id()), "type of " + name);
    auto const space = own<H5Sclose>(H5Aget_space(attribute.id()), "space of " + name);
    if (H5Tget_class(type.id()) != H5T_INTEGER || H5Tget_size(type.id()) > 8 ||
        H5Sget_simple_extent_npoints(space.id()) != 1)
        throw Error("attribute " + name + " is not one number");
    std::int32_t value = 0;
    check(H5Aread(attribute.id(), H5T_NATIVE_INT32, &value), "read " + name);
    return value;
}

// A link out of the file is not followed.
bool Reader::has(std::string const& variable) const {
    H5L_info_t link;
    return H5Lexists(file_.id(), variable.c_str(), H5P_DEFAULT) > 0 &&
           H5Lget_info(file_.id(), variable.c_str(), &link, H5P_DEFAULT) >= 0 &&
           link.type == H5L_TYPE_HARD;
}

bool Reader::has_attribute(std::string const& name) const {
    return H5Aexists(file_.id(), name.c_str()) > 0;
}

Handle Reader::open(std::string const& variable) const {
    if (!has(variable)) throw Error("no variable " + variable);
    return own<H5Dclose>(H5Dopen2(file_.id(), variable.c_str(), H5P_DEFAULT), "open " + variable);
}

std::vector<std::string> Reader::words(std::string const& variable) const {
    Handle const dataset = open(variable);
    if (H5Aexists(dataset.id(), "flag_meanings") <= 0) return {};
    std::string const meanings = text(dataset.id(), "flag_meanings");
    std::vector<std::string> words;
    for (std::size_t begin = 0; begin < meanings.size();) {
        std::size_t const end = std::min(meanings.find(' ', begin), meanings.size());
        words.push_back(meanings.substr(begin, end - begin));
        begin = end + 1;
    }
    return words;
}

std::uint64_t Reader::length(std::string const& axis) const {
    Handle const dataset = open(axis);
    auto const space = own<H5Sclose>(H5Dget_space(dataset.id()), "shape of " + axis);
    hsize_t length = 0;
    if (H5Sget_simple_extent_ndims(space.id()) != 1 ||
        H5Sget_simple_extent_dims(space.id(), &length, nullptr) != 1 || length > file_size_)
        throw Error("dimension " + axis + " is malformed");
    return length;
}

std::size_t Reader::checked_count(Handle const& dataset, std::string const& name, Type type,
                                  std::vector<std::uint64_t> const& shape) const {
    auto const stored = own<H5Tclose>(H5Dget_type(dataset.id()), "type of " + name);
    auto const space = own<H5Sclose>(H5Dget_space(dataset.id()), "shape of " + name);
    auto const wanted_class = type == Type::float64 ? H5T_FLOAT : H5T_INTEGER;
    std::size_t const item = H5Tget_size(memory_type(type));
    if (H5Tget_class(stored.id()) != wanted_class || H5Tget_size(stored.id()) != item)
        throw Error(name + " has the wrong type");
    std::vector<hsize_t> found(H5S_MAX_RANK);
    int const rank = H5Sget_simple_extent_dims(space.id(), found.data(), nullptr);
    if (rank < 0 || H5Sget_simple_extent_type(space.id()) == H5S_NULL)
        throw Error(name + " has no shape");
    found.resize(static_cast<std::size_t>(rank));
    if (longer_ && !found.empty() && !shape.empty() && found[0] > shape[0]) found[0] = shape[0];
    if (!std::equal(found.begin(), found.end(), shape.begin(), shape.end()))
        throw Error(name + " has the wrong shape");
    std::uint64_t bytes = item;
    for (std::uint64_t length : found)
        if (__builtin_mul_overflow(bytes, length, &bytes)) throw Error(name + " is too large");
    if (H5Dget_storage_size(dataset.id()) > file_size_) throw Error(name + " is too large");
    check_storage(dataset.id(), name, bytes);
    return bytes / item;
}

void Reader::read(Handle const& dataset, std::string const& name, Type type,
                  std::vector<std::uint64_t> const& shape, void* values) const {
    Handle file_space, memory_space;
    hid_t from = H5S_ALL, to = H5S_ALL;
    if (longer_ && !shape.empty()) {
        std::vector<hsize_t> const count(shape.begin(), shape.end()), start(shape.size(), 0);
        int const rank = static_cast<int>(shape.size());
        file_space = own<H5Sclose>(H5Dget_space(dataset.id()), "shape of " + name);
        memory_space = own<H5Sclose>(H5Screate_simple(rank, count.data(), nullptr), "memory space");
        from = file_space.id();
        to = memory_space.id();
        check(
            H5Sselect_hyperslab(from, H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr),
            "select the first rows of " + name);
    }
    if (H5Dread(dataset.id(), memory_type(type), to, from, H5P_DEFAULT, values) < 0)
        throw Error("the data of " + name + " cannot be read");
}

}  // namespace sg::h5
