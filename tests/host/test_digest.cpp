// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "cuda/exec/error.hpp"
#include "host/digest.hpp"

namespace sg {
namespace {

// FIPS 180-2, appendix B
TEST(DigestTest, AgreesWithTheStandard) {
    EXPECT_EQ(sha256_hex("abc"),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(sha256_hex(std::string(1'000'000, 'a')),
              "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(DigestTest, PiecesMakeTheWhole) {
    EXPECT_EQ(Sha256().add("a", 1).add("", 0).add("bc", 2).hex(), sha256_hex("abc"));
    Sha256 used;
    used.hex();
    EXPECT_THROW(used.hex(), InternalError);
    EXPECT_THROW(used.add("a", 1), InternalError);
}

}  // namespace
}  // namespace sg
