// SPDX-License-Identifier: MIT
#include "cuda/exec/error.hpp"
#include "host/dataset.hpp"
#include "host/idx.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/host/idx_bytes.hpp"

namespace sg::fuzz {

namespace {

// The file that is read. A checksum stands at the end of a gzip stream, so a mutation of compressed
// bytes seldom gets far: most inputs are compressed here.
std::string file_bytes(Choices& choices) {
    enum Form : std::size_t { as_is, zipped, cut, followed, edited };
    std::size_t const form = choices.below(5);
    if (form == as_is) return text_of(choices.rest());
    std::size_t const at = choices.byte();
    std::uint8_t const value = choices.byte();
    std::string bytes = test::gzipped(text_of(choices.rest()));
    if (form == cut) bytes.resize(bytes.size() - std::min(at, bytes.size()));
    if (form == followed) bytes += std::string(at, static_cast<char>(value));
    if (form == edited) bytes[at % bytes.size()] = static_cast<char>(value);
    return bytes;
}

}  // namespace

void idx(Bytes input) {
    static test::TemporaryFolder const folder;
    Choices choices(input);
    int const rank = 1 + static_cast<int>(choices.below(3));
    std::string const path = folder.write("images", file_bytes(choices));
    std::vector<std::int64_t> dims;
    try {
        dims = read_idx_dims(path, rank);
        Idx const read = read_idx(path, rank);
        demand(read.dims == dims, "a header reads the same alone");
        std::int64_t items = 1;
        for (std::int64_t const dim : dims) items *= dim;
        demand(read.payload.size() == static_cast<std::size_t>(items),
               "the payload is of its sizes");
    } catch (DataError const&) {
    }
}

}  // namespace sg::fuzz
