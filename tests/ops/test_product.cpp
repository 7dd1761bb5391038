// SPDX-License-Identifier: MIT
#include "cuda/ops/product.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace sg::test {
namespace {

// A matrix at `offset` numbers behind an address of alignment 256. Nothing is read or written
// there.
template <class T>
View<T, 3> placed(std::int64_t offset, std::int64_t network, std::int64_t row) {
    alignas(256) static T memory[1 << 16];
    auto v = View<T, 3>::dense(memory + offset, 8, 3, 2);
    v.stride[0] = network;
    v.stride[1] = row;
    return v;
}

TEST(Product, AlignmentIsThatOfTheWorstNetwork) {
    EXPECT_EQ(alignment_of(placed<float>(0, 64, 2)), 16);
    EXPECT_EQ(alignment_of(placed<float>(1, 64, 2)), 4);
    EXPECT_EQ(alignment_of(placed<float>(2, 64, 2)), 8);
    EXPECT_EQ(alignment_of(placed<float>(4, 64, 2)), 16);
    EXPECT_EQ(alignment_of(placed<float>(0, 65, 2)), 4);
    EXPECT_EQ(alignment_of(placed<float>(0, 66, 2)), 8);
    EXPECT_EQ(alignment_of(placed<float>(2, 65, 2)), 4);
    EXPECT_EQ(alignment_of(placed<double>(0, 6, 2)), 16);
    EXPECT_EQ(alignment_of(placed<double>(1, 6, 2)), 8);
    EXPECT_EQ(alignment_of(placed<double>(0, 7, 2)), 8);
}

// The worst network by plain division; never better than that, nor worse than it among many.
template <class T>
void check_ranges(std::int64_t offset, std::int64_t step) {
    auto const all = placed<T>(offset, step, 2);
    int worst = 16;
    for (int n = 0; n < 8; ++n)
        while (reinterpret_cast<std::uintptr_t>(&all(n, 0, 0)) % static_cast<unsigned>(worst) != 0)
            worst /= 2;
    for (int first = 0; first < 8; ++first)
        EXPECT_EQ(alignment_of(networks(all, first, 1)), worst)
            << "offset " << offset << ", step " << step << ", from network " << first;
}

TEST(Product, EveryRangeOfNetworksHasTheSameAlignment) {
    for (std::int64_t offset = 0; offset < 9; ++offset)
        for (std::int64_t step = 1; step < 40; ++step) {
            check_ranges<float>(offset, step);
            check_ranges<double>(offset, step);
        }
}

TEST(Product, ASharedMatrixHasTheAlignmentOfItsRows) {
    // 5 examples of 6 numbers: the batch of the second group begins at 30 numbers, that of the
    // first at 0.
    EXPECT_EQ(alignment_of(placed<float>(0, 0, 6)), 8);
    EXPECT_EQ(alignment_of(placed<float>(30, 0, 6)), 8);
    EXPECT_EQ(alignment_of(placed<float>(60, 0, 6)), 8);
    EXPECT_EQ(alignment_of(placed<float>(1, 0, 6)), 4);
    EXPECT_EQ(alignment_of(placed<float>(8, 0, 64)), 16);
}

TEST(Product, TheKindDoesNotKnowHowManyNetworksThereAre) {
    View<float const, 3> const a = placed<float>(4, 64, 2), b = placed<float>(8, 0, 3);
    auto const c = placed<float>(100, 77, 3);
    View<float const, 3> bt = b;
    bt.extent[1] = 2;
    bt.extent[2] = 3;
    auto ct = c;
    ct.extent[2] = 3;
    auto const kind = kind_of(a, Op::none, bt, Op::none, 0, ct);
    EXPECT_EQ(kind.shape, (ProductShape{3, 3, 2}));
    EXPECT_TRUE(kind.b.shared && !kind.a.shared && !kind.c.shared && !kind.keeps);
    EXPECT_EQ(kind.bytes, 4);
    auto const part =
        kind_of(networks(a, 3, 2), Op::none, networks(bt, 3, 2), Op::none, 0.0, networks(ct, 3, 2));
    EXPECT_EQ(part, kind);
    EXPECT_NE(kind_of(a, Op::none, bt, Op::none, 1, ct), kind);
    auto const tensor = kind_of(a, Op::none, bt, Op::none, 0, ct, Arithmetic::tf32);
    EXPECT_NE(tensor, kind);
    EXPECT_EQ(tensor.arithmetic, Arithmetic::tf32);
    EXPECT_THROW(kind_of(a, Op::none, bt, Op::transpose, 0, ct), InternalError);
    EXPECT_THROW(kind_of(a, Op::none, bt, Op::none, 0, c), InternalError);
}

TEST(Product, DoublesHaveOneArithmetic) {
    View<double const, 3> const a = placed<double>(0, 6, 2);
    auto const c = View<double, 3>::dense(placed<double>(64, 9, 3).data, 8, 3, 3);
    auto const kind = kind_of(a, Op::none, a, Op::transpose, 0, c, Arithmetic::tf32);
    EXPECT_EQ(kind, kind_of(a, Op::none, a, Op::transpose, 0, c));
    EXPECT_EQ(kind.arithmetic, Arithmetic::pedantic);
}

}  // namespace
}  // namespace sg::test
