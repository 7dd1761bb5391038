// SPDX-License-Identifier: MIT
// IDX and gzip, written for tests.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace sg::test {

inline std::string idx_bytes(std::vector<std::int64_t> const& dims, std::string const& payload) {
    std::string bytes{'\0', '\0', '\x08', static_cast<char>(dims.size())};
    for (std::int64_t const dim : dims)
        for (int shift = 24; shift >= 0; shift -= 8)
            bytes += static_cast<char>((dim >> shift) & 0xff);
    return bytes + payload;
}

inline std::string gzipped(std::string text) {
    z_stream stream{};
    int const gzip_window = 15 + 16;
    if (deflateInit2(&stream, 6, Z_DEFLATED, gzip_window, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        throw std::runtime_error("deflateInit2");
    std::string out(deflateBound(&stream, text.size()) + 32, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(text.data());
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    int const result = deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    if (result != Z_STREAM_END) throw std::runtime_error("deflate");
    return out;
}

}  // namespace sg::test
