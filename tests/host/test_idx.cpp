// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <zlib.h>

#include "cuda/exec/error.hpp"
#include "host/dataset.hpp"
#include "host/idx.hpp"
#include "tests/host/idx_bytes.hpp"
#include "tests/host/temporary.hpp"

namespace sg {
namespace {

using test::gzipped;
using test::idx_bytes;

class IdxTest : public testing::Test {
protected:
    // The message of the DataError that reading these bytes ends with; "" when there is none.
    std::string refusal(std::string const& bytes, int rank = 1) {
        std::string const path = folder_.write("file", bytes);
        try {
            read_idx(path, rank);
        } catch (DataError const& error) {
            EXPECT_EQ(std::string(error.what()).rfind(path + ": ", 0), 0U) << error.what();
            return error.what();
        }
        return "";
    }
    void expect_refusal(std::string const& bytes, std::string const& part, int rank = 1) {
        std::string const message = refusal(bytes, rank);
        EXPECT_NE(message.find(part), std::string::npos) << "no \"" << part << "\" in " << message;
    }

    test::TemporaryFolder folder_;
};

TEST_F(IdxTest, ReadsPlainAndGzipByContent) {
    std::string const bytes = idx_bytes({2, 3}, std::string("\0\1\2\xfe\xff\5", 6));
    // the name says nothing
    for (std::string const& path :
         {folder_.write("plain.gz", bytes), folder_.write("zipped", gzipped(bytes)),
          folder_.write("parts", gzipped(bytes.substr(0, 13)) + gzipped(bytes.substr(13)))}) {
        Idx const idx = read_idx(path, 2);
        EXPECT_EQ(idx.dims, (std::vector<std::int64_t>{2, 3}));
        EXPECT_EQ(idx.payload, (std::vector<std::uint8_t>{0, 1, 2, 254, 255, 5}));
        EXPECT_EQ(read_idx_dims(path, 2), idx.dims);
    }
}

TEST_F(IdxTest, ReadsMoreThanOnePiece) {
    std::string payload(3'000'001, '\0');
    for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<char>(i * i % 251);
    Idx const idx = read_idx(folder_.write("big", gzipped(idx_bytes({3'000'001}, payload))), 1);
    EXPECT_EQ(std::string(idx.payload.begin(), idx.payload.end()), payload);
    EXPECT_EQ(idx.payload.capacity(), payload.size());
}

TEST_F(IdxTest, ReadsPartsOfAnyLength) {
    std::string payload(1'200'000, '\0');
    for (std::size_t i = 0; i < payload.size(); ++i)
        payload[i] = static_cast<char>((i * 2654435761U) >> (i % 31));
    std::string const bytes = idx_bytes({1'200'000}, payload);
    for (std::size_t const most : {1U, 3U, 1000U, 131'071U, 262'144U, 700'000U}) {
        std::string parts;
        std::size_t at = 0, length = 1;
        while (at < bytes.size()) {  // short parts only at the beginning, which is the header
            parts += gzipped(bytes.substr(at, length));
            at += length;
            length = at < 200 ? 1 + at % most : most < 1000 ? bytes.size() : most;
        }
        Idx const idx = read_idx(folder_.write("parts", parts), 1);
        EXPECT_TRUE(std::string(idx.payload.begin(), idx.payload.end()) == payload) << most;
        expect_refusal(parts + "and more than a header", "corrupt gzip");
        expect_refusal(parts + "\x1f", "truncated");
        expect_refusal(parts + gzipped("x"), "bytes after the last element");
    }
}

TEST_F(IdxTest, RefusesWrongHeaders) {
    expect_refusal("", "truncated: no IDX header");
    expect_refusal(std::string("\0\0\x08", 3), "truncated: no IDX header");
    expect_refusal(std::string("\0\0\x08\1\0\0", 6), "truncated within the IDX header");
    expect_refusal("hello, world", "begins with 0x68656c6c");
    expect_refusal(std::string("\0\0\x0d\1\0\0\0\1a", 9), "elements of type 0x0d");
    expect_refusal(idx_bytes({2}, "ab"), "rank 1 (must be 3)", 3);
    expect_refusal(std::string("\0\0\x08\0", 4), "rank 0 (must be 1)");
    expect_refusal(idx_bytes({2, 0}, ""), "empty", 2);
    // a gzip file whose first byte is lost is just a wrong file
    expect_refusal(gzipped(idx_bytes({2}, "ab")).substr(1), "begins with");
}

TEST_F(IdxTest, RefusesTooFewAndTooManyBytes) {
    std::string const short_one = idx_bytes({20}, "nineteen bytes only");
    std::string const long_one = idx_bytes({2}, "abc");
    expect_refusal(short_one, "truncated: 19 of 20 bytes");
    expect_refusal(gzipped(short_one), "truncated: 19 of 20 bytes");
    expect_refusal(long_one, "bytes after the last element");
    expect_refusal(gzipped(long_one), "bytes after the last element");
}

TEST_F(IdxTest, RefusesAbsurdSizesBeforeAllocating) {
    std::int64_t const huge = 0xffffffff;
    for (std::string const& bytes :
         {idx_bytes({huge, huge, huge}, "abc"), gzipped(idx_bytes({huge, huge, huge}, "abc")),
          idx_bytes({1, huge, 1}, "abc"), gzipped(idx_bytes({60000, 28, 28}, "abc"))}) {
        expect_refusal(bytes, "truncated: sizes", 3);
        EXPECT_THROW(read_idx_dims(folder_.write("file", bytes), 3), DataError);
    }
}

TEST_F(IdxTest, RefusesDamagedGzip) {
    std::string payload(5000, '\0');
    unsigned state = 1;
    for (char& byte : payload)
        byte = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
    std::string const whole = gzipped(idx_bytes({5000}, payload));
    EXPECT_EQ(refusal(whole), "");
    for (std::size_t const size : {whole.size() / 2, whole.size() - 8, whole.size() - 1})
        expect_refusal(whole.substr(0, size), "truncated");
    std::string flipped = whole;
    flipped[flipped.size() - 6] ^= 1;  // in the checksum
    expect_refusal(flipped, "corrupt gzip");
    // whatever bit is lost, the answer is a DataError or the same bytes
    for (std::size_t at = 0; at < whole.size(); at += 7) {
        flipped = whole;
        flipped[at] ^= 0x10;
        ASSERT_NO_THROW(refusal(flipped));
    }
}

TEST_F(IdxTest, RefusesWhatIsNoFile) {
    EXPECT_THROW(read_idx(folder_.path("none"), 1), DataError);
    EXPECT_THROW(read_idx(folder_.path(), 1), DataError);
    EXPECT_THROW(read_idx_dims(folder_.path("none"), 1), DataError);
}

}  // namespace
}  // namespace sg
