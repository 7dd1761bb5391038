// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <array>

#include "host/suggest.hpp"

namespace sg {
namespace {

TEST(SuggestTest, EditDistance) {
    EXPECT_EQ(edit_distance("", ""), 0);
    EXPECT_EQ(edit_distance("", "abc"), 3);
    EXPECT_EQ(edit_distance("abc", ""), 3);
    EXPECT_EQ(edit_distance("width", "width"), 0);
    EXPECT_EQ(edit_distance("widht", "width"), 1) << "neighbours swapped";
    EXPECT_EQ(edit_distance("kitten", "sitting"), 3);
    EXPECT_EQ(edit_distance("ReLU", "relu"), 0);
}

TEST(SuggestTest, NearestIsNearEnoughOrNothing) {
    std::array<std::string_view, 4> const words{"c", "depth", "width", "seeds"};
    EXPECT_EQ(nearest("widht", words), "width");
    EXPECT_EQ(nearest("dept", words), "depth");
    EXPECT_EQ(nearest("seed", words), "seeds");
    EXPECT_EQ(nearest("x", words), "") << "one letter has nothing in common with another";
    EXPECT_EQ(nearest("", words), "");
    EXPECT_EQ(nearest("temperature", words), "");
    EXPECT_EQ(nearest(std::string(100'000, 'w'), words), "");
    EXPECT_EQ(nearest("width", {}), "");
}

TEST(SuggestTest, Joined) {
    std::array<std::string_view, 3> const words{"a", "b", "c"};
    EXPECT_EQ(joined(words), "a, b, c");
    EXPECT_EQ(joined({}), "");
}

}  // namespace
}  // namespace sg
