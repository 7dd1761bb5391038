// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <optional>

#include "host/hdf5_library.hpp"

namespace sg::h5 {

namespace {

// Limits on what a file may ask of its reader.
constexpr std::uint64_t largest_chunk = 64 << 20;
constexpr std::uint64_t largest_compressed_chunk = 1 << 19;
constexpr std::uint64_t largest_text = 16 << 20;
constexpr std::uint64_t best_compression = 1032;  // of deflate
constexpr std::uint64_t most_memory = 100;        // times the size of the file

constexpr unsigned read_attempts = 25;  // a thirtieth of a second

constexpr std::array<unsigned char, 8> signature{0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};

// The first bytes of a file; nothing where it does not begin as an HDF5 file. (One with a block of
// something else before it is none of ours.)
std::optional<std::array<unsigned char, 12>> superblock(std::string const& path) {
    std::array<char, 12> head{};
    std::error_code ignored;  // to open a pipe would wait for its writer
    if (!std::filesystem::is_regular_file(path, ignored)) return {};
    std::ifstream in(path, std::ios::binary);
    if (!in.read(head.data(), head.size())) return {};
    std::array<unsigned char, 12> bytes{};
    std::copy(head.begin(), head.end(), bytes.begin());
    if (!std::equal(signature.begin(), signature.end(), bytes.begin())) return {};
    return bytes;
}

// Other filters are plug-ins, or code that few have tried on hostile bytes.
bool is_compressed(hid_t dcpl, std::string const& name) {
    int const filters = H5Pget_nfilters(dcpl);
    for (int k = 0; k < filters; ++k) {
        unsigned flags = 0, config = 0;
        std::size_t values = 0;
        H5Z_filter_t const filter = H5Pget_filter2(dcpl, static_cast<unsigned>(k), &flags, &values,
                                                   nullptr, 0, nullptr, &config);
        if (filter != H5Z_FILTER_DEFLATE && filter != H5Z_FILTER_SHUFFLE &&
            filter != H5Z_FILTER_FLETCHER32)
            throw Error(name + " is stored with a filter that is not read here");
    }
    return filters != 0;
}

// The shape of the chunks; empty: the data are in one piece. Throws unless they stand in this file,
// in chunks that fit the memory of any machine.
std::vector<hsize_t> chunks_of(hid_t dcpl, std::string const& name) {
    H5D_layout_t const layout = H5Pget_layout(dcpl);
    if (layout == H5D_CONTIGUOUS && H5Pget_external_count(dcpl) == 0) return {};
    if (layout != H5D_CHUNKED) throw Error("the data of " + name + " lie outside the file");
    std::vector<hsize_t> chunk(H5S_MAX_RANK);
    chunk.resize(
        static_cast<std::size_t>(std::max(0, H5Pget_chunk(dcpl, H5S_MAX_RANK, chunk.data()))));
    std::uint64_t const most = is_compressed(dcpl, name) ? largest_compressed_chunk : largest_chunk;
    std::uint64_t items = 1;
    for (hsize_t const length : chunk)
        if (__builtin_mul_overflow(items, length, &items) || items > most / 8)
            throw Error("the chunks of " + name + " are too large");
    return chunk;
}

// The library inflates a chunk to its end, however long it gets: one that is longer compressed than
// plain was made for that.
void check_inflation(hid_t dataset, std::string const& name, std::vector<hsize_t> const& shape,
                     std::vector<hsize_t> const& chunk, std::uint64_t item) {
    std::uint64_t plain = item;
    for (hsize_t const length : chunk) plain *= length;
    std::vector<hsize_t> at(shape.size(), 0);
    for (std::size_t axis = 0; axis < at.size();) {
        hsize_t stored = 0;
        if (H5Dget_chunk_storage_size(dataset, at.data(), &stored) < 0 ||
            stored > plain + plain / 64 + 256)
            throw Error("a chunk of " + name + " is not what its size says");
        for (axis = 0; axis < at.size(); at[axis++] = 0)
            if ((at[axis] += chunk[axis]) < shape[axis]) break;
    }
}

// Throws unless `bytes` of data stand in this file. An array that the file does not hold would be
// filled with its fill value, however large.
void check_storage(hid_t dataset, std::string const& name, std::vector<hsize_t> const& shape,
                   std::uint64_t item, std::uint64_t bytes) {
    auto const properties = own<H5Pclose>(H5Dget_create_plist(dataset), "layout of " + name);
    std::vector<hsize_t> const chunk = chunks_of(properties.id(), name);
    bool const compressed = !chunk.empty() && is_compressed(properties.id(), name);
    if (bytes / (compressed ? best_compression : 1) > H5Dget_storage_size(dataset))
        throw Error("the file is too small for " + name);
    if (compressed && bytes > 0 && chunk.size() == shape.size())
        check_inflation(dataset, name, shape, chunk, item);
}

}  // namespace

// The flags stand in the superblock: bit 0 for a writer, bit 2 for one that streams.
bool is_open_for_writing(std::string const& path) {
    constexpr std::size_t version_at = 8, flags_at = 11;
    auto const head = superblock(path);
    return head && (*head)[version_at] == 3 && ((*head)[flags_at] & 0b101) != 0;
}

Reader::Reader(std::string const& path, Mode mode) {
    std::error_code failure;
    auto const status = std::filesystem::status(path, failure);
    if (status.type() == std::filesystem::file_type::not_found) throw Error("no such file");
    if (status.type() != std::filesystem::file_type::regular) throw Error("not a regular file");
    file_size_ = std::filesystem::file_size(path, failure);
    if (failure) throw Error(failure.message());
    // Older versions have no checksums, and the library trusts what it finds there.
    auto const head = superblock(path);
    if (head && ((*head)[8] < 2 || (*head)[8] > 3))
        throw Error("an HDF5 file of another version than sharpgrid writes");
    if (!head) throw Error("not an HDF5 file, or not readable");
    unsigned const beside = mode == Mode::streamed ? H5F_ACC_SWMR_READ : 0;
    auto const access = own<H5Pclose>(H5Pcreate(H5P_FILE_ACCESS), "access properties");
    // Beside a writer the library reads again what does not fit its checksum, and doubles its wait
    // from a nanosecond on: its own 100 attempts are without end where a byte is wrong for good.
    if (beside) check(H5Pset_metadata_read_attempts(access.id(), read_attempts), "attempts");
    hid_t const file = H5Fopen(path.c_str(), H5F_ACC_RDONLY | beside, access.id());
    if (file < 0) throw Error("an HDF5 file that is truncated or damaged");
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
    auto dataset =
        own<H5Dclose>(H5Dopen2(file_.id(), variable.c_str(), H5P_DEFAULT), "open " + variable);
    // Before anything else: asked for its shape, a virtual dataset opens the files it points to.
    auto const properties =
        own<H5Pclose>(H5Dget_create_plist(dataset.id()), "layout of " + variable);
    chunks_of(properties.id(), variable);
    return dataset;
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

void Reader::claim(std::uint64_t bytes) const {
    if (bytes > file_size_ * most_memory - claimed_)
        throw Error("it asks for more memory than a file of its size can need");
    claimed_ += bytes;
}

std::size_t Reader::checked_count(Handle const& dataset, std::string const& name, Type type,
                                  std::vector<std::uint64_t> const& shape) const {
    auto const stored = own<H5Tclose>(H5Dget_type(dataset.id()), "type of " + name);
    auto const space = own<H5Sclose>(H5Dget_space(dataset.id()), "shape of " + name);
    std::size_t const item = H5Tget_size(memory_type(type));
    if (H5Tequal(stored.id(), memory_type(type)) <= 0) throw Error(name + " has the wrong type");
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
    check_storage(dataset.id(), name, found, item, bytes);
    claim(bytes);
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
