// SPDX-License-Identifier: MIT
// IDX: two zero bytes, the type of the elements, the rank, the sizes as big-endian 32-bit numbers,
// and then the elements, the last index fastest.
#include "host/idx.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <isa-l/igzip_lib.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <limits>
#include <memory>
#include <new>

#include "cuda/exec/error.hpp"
#include "host/dataset.hpp"

namespace sg {
namespace {

constexpr unsigned unsigned_bytes = 0x08;
constexpr std::int64_t deflate_limit = 1032;  // deflate expands a byte to no more than this
constexpr std::size_t piece = 1U << 20U;      // read at once
constexpr std::size_t compressed_piece = 1U << 18U;

[[noreturn]] void refuse(std::string const& path, std::string const& problem) {
    throw DataError(path + ": " + problem);
}

class Descriptor {
public:
    explicit Descriptor(std::string const& path)
        : number_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    Descriptor(Descriptor const&) = delete;
    Descriptor& operator=(Descriptor const&) = delete;
    int number() const { return number_; }

private:
    int number_;
};

// The bytes that a file holds, plain or gzip.
class Input {
public:
    explicit Input(std::string const& path) : path_(path), file_(regular_file(path)) {
        if (file_.number() < 0) refuse(path, std::strerror(errno));
        std::error_code error;
        file_bytes_ = static_cast<std::int64_t>(std::filesystem::file_size(path, error));
        if (error) refuse(path, error.message());
        isal_inflate_init(gzip_.get());
        gzip_->crc_flag = ISAL_GZIP;
        fill();
        plain_ = !(gzip_->avail_in >= 2 && piece_[0] == 0x1f && piece_[1] == 0x8b);
    }

    // Reads up to `count` bytes; fewer only at the end of a sound file.
    std::size_t read(std::uint8_t* to, std::size_t count) {
        SG_EXPECT(count <= piece);
        gzip_->next_out = to;
        gzip_->avail_out = static_cast<std::uint32_t>(count);
        while (gzip_->avail_out > 0 && (plain_ ? take() : unpack())) {
        }
        return count - gzip_->avail_out;
    }

    bool plain() const { return plain_; }
    std::int64_t file_bytes() const { return file_bytes_; }

private:
    static std::string const& regular_file(std::string const& path) {
        std::error_code error;
        auto const status = std::filesystem::status(path, error);
        if (!std::filesystem::exists(status)) refuse(path, "no such file");
        if (!std::filesystem::is_regular_file(status)) refuse(path, "is not a regular file");
        return path;
    }

    // The next bytes of the file, once those before are used.
    void fill() {
        if (gzip_->avail_in > 0) return;
        ssize_t const got = ::read(file_.number(), piece_.data(), piece_.size());
        if (got < 0) refuse(path_, std::strerror(errno));
        gzip_->next_in = piece_.data();
        gzip_->avail_in = static_cast<std::uint32_t>(got);
    }

    // Both go a step on and return false at the end of the file.
    bool take() {
        fill();
        std::uint32_t const count = std::min(gzip_->avail_in, gzip_->avail_out);
        std::memcpy(gzip_->next_out, gzip_->next_in, count);
        gzip_->next_in += count, gzip_->avail_in -= count;
        gzip_->next_out += count, gzip_->avail_out -= count;
        return count > 0;
    }
    bool unpack() {
        fill();
        bool const ended = gzip_->avail_in == 0;
        if (gzip_->block_state == ISAL_BLOCK_FINISH) {
            if (ended) return false;
            isal_inflate_reset(gzip_.get());  // another part (RFC 1952, 2.2)
            gzip_->crc_flag = ISAL_GZIP;
        }
        std::uint32_t const before = gzip_->avail_out;
        int const code = isal_inflate(gzip_.get());
        if (code < 0) refuse(path_, fmt::format("corrupt gzip: {}", fault(code)));
        bool const stuck = ended && gzip_->avail_out == before;
        if (stuck && gzip_->block_state != ISAL_BLOCK_FINISH)
            refuse(path_, "the gzip stream is truncated");
        return true;
    }

    static char const* fault(int code) {
        if (code == ISAL_INVALID_WRAPPER || code == ISAL_UNSUPPORTED_METHOD)
            return "not a gzip header";
        return code == ISAL_INCORRECT_CHECKSUM ? "the checksum is another" : "not a deflate stream";
    }

    std::string path_;
    Descriptor file_;
    std::int64_t file_bytes_ = 0;
    bool plain_ = false;
    std::vector<std::uint8_t> piece_ = std::vector<std::uint8_t>(compressed_piece);
    std::unique_ptr<inflate_state> gzip_ = std::make_unique<inflate_state>();
};

void check_magic(std::string const& path, std::array<std::uint8_t, 4> const& magic, int rank) {
    if (magic[0] != 0 || magic[1] != 0)
        refuse(path, fmt::format("begins with 0x{:02x}{:02x}{:02x}{:02x}; an IDX file begins with "
                                 "two zero bytes",
                                 magic[0], magic[1], magic[2], magic[3]));
    if (magic[2] != unsigned_bytes)
        refuse(path,
               fmt::format("elements of type 0x{:02x} (must be 0x08, unsigned bytes)", magic[2]));
    if (magic[3] != rank) refuse(path, fmt::format("rank {} (must be {})", magic[3], rank));
}

// A header may claim anything: what the file cannot hold is refused before it is allocated.
void check_claim(std::string const& path, Input& input, std::vector<std::int64_t> const& dims) {
    std::int64_t const held =
        input.plain() ? input.file_bytes() : input.file_bytes() * deflate_limit;
    std::int64_t claimed = 1;
    for (std::int64_t const dim : dims) {
        if (dim == 0) refuse(path, fmt::format("sizes {}: empty", fmt::join(dims, " x ")));
        if (dim > held / claimed)
            refuse(path, fmt::format("truncated: sizes {} are more than its {} bytes can hold",
                                     fmt::join(dims, " x "), input.file_bytes()));
        claimed *= dim;
    }
}

std::vector<std::int64_t> read_header(std::string const& path, Input& input, int rank) {
    SG_EXPECT(rank >= 1 && rank <= 8);
    std::array<std::uint8_t, 4> word{};
    if (input.read(word.data(), word.size()) < word.size())
        refuse(path, "truncated: no IDX header");
    check_magic(path, word, rank);
    std::vector<std::int64_t> dims;
    for (int i = 0; i < rank; ++i) {
        if (input.read(word.data(), word.size()) < word.size())
            refuse(path, "truncated within the IDX header");
        std::int64_t dim = 0;
        for (std::uint8_t const byte : word) dim = dim * 256 + byte;
        dims.push_back(dim);
    }
    check_claim(path, input, dims);
    return dims;
}

// Grows in pieces: memory is touched only as bytes really come.
std::vector<std::uint8_t> read_payload(std::string const& path, Input& input, std::size_t size) {
    std::vector<std::uint8_t> payload;
    payload.reserve(size);
    while (payload.size() < size) {
        std::size_t const begin = payload.size();
        std::size_t const wanted = std::min(piece, size - begin);
        payload.resize(begin + wanted);
        std::size_t const got = input.read(payload.data() + begin, wanted);
        if (got < wanted) refuse(path, fmt::format("truncated: {} of {} bytes", begin + got, size));
    }
    // Reading on also compares the checksum at the end.
    std::uint8_t extra = 0;
    if (input.read(&extra, 1) != 0) refuse(path, "bytes after the last element");
    return payload;
}

}  // namespace

std::vector<std::int64_t> read_idx_dims(std::string const& path, int expected_rank) {
    Input input(path);
    return read_header(path, input, expected_rank);
}

Idx read_idx(std::string const& path, int expected_rank) {
    Input input(path);
    Idx idx;
    idx.dims = read_header(path, input, expected_rank);
    std::size_t size = 1;
    for (std::int64_t const dim : idx.dims) size *= static_cast<std::size_t>(dim);
    try {
        idx.payload = read_payload(path, input, size);
    } catch (std::bad_alloc const&) {
        throw ResourceError(fmt::format("{}: not enough memory for {} bytes", path, size));
    }
    return idx;
}

}  // namespace sg
