// SPDX-License-Identifier: MIT
#include "cuda/ops/team_matmul.hpp"

#include "tests/support/arrays.hpp"
#include "tests/support/product.hpp"
#include "tests/support/random.hpp"
#include "tests/support/spaces.hpp"

namespace sg::test {
namespace {

template <class T>
void check(Exec const& exec, ProductCase const& c) {
    check_product<T>(
        exec, c, [&](double alpha, auto const& A, auto const& B, double beta, auto const& C) {
            team_matmul<T>(exec, {ProductCase::nets}, alpha, A, c.op_a, B, c.op_b, beta, C);
        });
}

class TeamMatmulTest : public OnEverySpace {};
SG_SPACES(TeamMatmulTest);

// Tiles are 32 wide: below, at, above one and two of them, in each direction.
TEST_P(TeamMatmulTest, AgreesWithPlainLoops) {
    for (ProductSize const size : {ProductSize{1, 1, 1},
                                   {2, 3, 5},
                                   {31, 33, 70},
                                   {32, 32, 32},
                                   {7, 65, 129},
                                   {64, 1, 7},
                                   {1, 65, 33}})
        for (Op const op_a : {Op::none, Op::transpose})
            for (Op const op_b : {Op::none, Op::transpose}) {
                check<float>(exec(), {size, op_a, op_b, 1.25, 0});
                check<double>(exec(), {size, op_a, op_b, 1.25, 0.5});
            }
}

TEST_P(TeamMatmulTest, OperandsMayBeSharedAndHaveGaps) {
    for (int const which : {0, 1, 2, 3})
        for (Op const op : {Op::none, Op::transpose}) {
            check<double>(exec(), {{7, 37, 33}, op, op, 1, 1, which % 2 == 1, which > 1, 3});
            check<float>(exec(), {{35, 3, 40}, op, Op::none, -2, 0, which % 2 == 1, which > 1, 1});
        }
}

// The sum runs over ascending k, one term after the other, here written down once more.
TEST_P(TeamMatmulTest, SumsInTheOrderOfTheIndex) {
    int const k = 100;
    Vec const x = oracle::Random(1).normals(k), y = oracle::Random(2).normals(k);
    Array<double, 3> const a(exec(), x, 1, 1, k), b(exec(), y, 1, k, 1), c(exec(), 1, 1, 1);
    team_matmul<double>(exec(), {1}, 1, a.read(), Op::none, b.read(), Op::none, 0, c.view());
    double fused = 0, separate = 0;
    for (std::size_t l = 0; l < static_cast<std::size_t>(k); ++l) {
        fused = std::fma(x[l], y[l], fused);
        volatile double const product = x[l] * y[l];
        separate += product;
    }
    double const found = c.host()[0];
    EXPECT_TRUE(found == fused || found == separate) << found - fused << ", " << found - separate;
}

TEST_P(TeamMatmulTest, SkippedNetworksKeepTheirBitsAndNotANumberStaysAtHome) {
    Vec numbers = oracle::Random(4).normals(3 * 5 * 5);
    Array<float, 3> const b(exec(), numbers, 3, 5, 5), c(exec(), numbers, 3, 5, 5);
    numbers[30] = std::nan("");  // of network 1
    Array<float, 3> const a(exec(), numbers, 3, 5, 5), alone(exec(), 1, 5, 5);
    Array<unsigned char, 1> const skip(exec(), std::vector<int>{1, 0, 0}, 3);
    auto const before = c.host();
    team_matmul<float>(exec(), {3, skip.data()}, 1, a.read(), Op::none, b.read(), Op::none, 0,
                       c.view());
    auto const after = c.host();
    EXPECT_SAME_BITS(row(after, 0, 25), row(before, 0, 25));
    EXPECT_TRUE(std::isnan(after[30]));
    team_matmul<float>(exec(), {1}, 1, networks(a.read(), 2, 1), Op::none, networks(b.read(), 2, 1),
                       Op::none, 0, alone.view());
    EXPECT_SAME_BITS(row(after, 2, 25), alone.host());
}

TEST_P(TeamMatmulTest, WithBetaZeroCNeedNotBeInitialised) {
    Array<float, 3> const a(exec(), Vec{1, 2}, 1, 1, 2), b(exec(), Vec{3, 4}, 1, 2, 1),
        c(exec(), Vec{std::nan("")}, 1, 1, 1);
    team_matmul<float>(exec(), {1}, 2, a.read(), Op::none, b.read(), Op::none, 0, c.view());
    EXPECT_EQ(c.host()[0], 22);
}

TEST_P(TeamMatmulTest, ShapesThatDoNotFitAreRefused) {
    Array<float, 3> const a(exec(), 1, 2, 3), b(exec(), 1, 4, 5), c(exec(), 1, 2, 5);
    EXPECT_THROW(
        team_matmul<float>(exec(), {1}, 1, a.read(), Op::none, b.read(), Op::none, 0, c.view()),
        InternalError);
}

}  // namespace
}  // namespace sg::test
