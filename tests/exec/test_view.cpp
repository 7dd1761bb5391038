// SPDX-License-Identifier: MIT
#include "cuda/exec/view.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace sg {
namespace {

// 2 networks, 3 examples, 4 units: entry (n, b, w) holds 100 n + 10 b + w.
struct ViewTest : testing::Test {
    ViewTest() : numbers(24) {
        for (int i = 0; i < 24; ++i)
            numbers[static_cast<std::size_t>(i)] = 100 * (i / 12) + 10 * (i / 4 % 3) + i % 4;
        view = View<int, 3>::dense(numbers.data(), 2, 3, 4);
    }
    std::vector<int> numbers;
    View<int, 3> view;
};

TEST_F(ViewTest, DenseIsRowMajorWithTheNetworkFirst) {
    EXPECT_EQ(view(1, 2, 3), 123);
    EXPECT_EQ(view.stride[0], 12);
    EXPECT_EQ(view.stride[1], 4);
    EXPECT_EQ(view.stride[2], 1);
    EXPECT_TRUE(view);
    EXPECT_FALSE((View<int, 2>{}));
}

TEST_F(ViewTest, FlatHoldsEachNetworkAsOneRow) {
    auto const rows = flat(view);
    EXPECT_EQ(rows.extent[1], 12);
    EXPECT_EQ(rows(1, 5), 111);
    auto wide = view;
    wide.extent[2] = 3;  // a column is left out: its rows are not dense
    EXPECT_THROW(flat(wide), InternalError);
}

TEST_F(ViewTest, ExamplesAreARangeOfEveryNetwork) {
    auto const some = examples(view, 1, 2);
    EXPECT_EQ(some.extent[1], 2);
    EXPECT_EQ(some(1, 0, 2), 112);
    EXPECT_EQ(flat(some)(1, 4), 120);
    EXPECT_THROW(examples(view, 2, 2), InternalError);
    EXPECT_THROW(examples(view, -1, 2), InternalError);
}

TEST_F(ViewTest, MatrixIsAPartOfAParameterVector) {
    auto const theta = View<int, 2>::dense(numbers.data(), 2, 12);
    auto const m = matrix(theta, 5, 3, 2);
    EXPECT_EQ(m(1, 0, 0), 111);
    EXPECT_EQ(m(1, 2, 1), 122);
    EXPECT_THROW(matrix(theta, 7, 3, 2), InternalError);
    EXPECT_THROW(matrix(theta, -1, 3, 2), InternalError);
}

TEST_F(ViewTest, MemberIsOneVectorOfEachSet) {
    auto const v = member(view, 2);
    EXPECT_EQ(v.extent[1], 4);
    EXPECT_EQ(v(0, 1), 21);
    EXPECT_EQ(v(1, 3), 123);
    EXPECT_THROW(member(view, 3), InternalError);
}

TEST_F(ViewTest, NetworksAreARangeOfTheFirstIndex) {
    EXPECT_EQ(networks(view, 1, 1)(0, 2, 3), 123);
    EXPECT_EQ(networks(view, 1, 1).extent[0], 1);
}

TEST_F(ViewTest, AStrideOfZeroServesAllNetworks) {
    view.stride[0] = 0;
    EXPECT_EQ(view(1, 2, 3), 23);
    View<int const, 3> const read = view;
    EXPECT_EQ(read(17, 2, 3), 23);
}

}  // namespace
}  // namespace sg
