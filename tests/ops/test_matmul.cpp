// SPDX-License-Identifier: MIT
#include "cuda/ops/matmul.hpp"

#include "tests/support/arrays.hpp"
#include "tests/support/product.hpp"
#include "tests/support/random.hpp"
#include "tests/support/spaces.hpp"

namespace sg::test {
namespace {

template <class T>
void check(Exec const& exec, ProductCase const& c) {
    check_product<T>(exec, c,
                     [&](double alpha, auto const& A, auto const& B, double beta, auto const& C) {
                         matmul<T>(exec, {ProductCase::nets}, alpha, A, c.op_a, B, c.op_b, beta, C);
                     });
}

class MatmulTest : public OnEverySpace {};
SG_DEVICES(MatmulTest);

TEST_P(MatmulTest, AgreesWithPlainLoops) {
    for (ProductSize const size :
         {ProductSize{1, 1, 1}, {2, 3, 5}, {3, 33, 70}, {7, 17, 129}, {129, 1, 7}, {1, 65, 1}})
        for (Op const op_a : {Op::none, Op::transpose})
            for (Op const op_b : {Op::none, Op::transpose})
                for (double const beta : {0.0, 1.0, 0.5}) {
                    check<float>(exec(), {size, op_a, op_b, 1.25, beta});
                    check<double>(exec(), {size, op_a, op_b, 1.25, beta});
                }
}

// On the CPU up to 64 columns are computed otherwise than more, in tiles of 6 rows and 16 columns, and blocks of 128;
// eight by eight where a matrix is turned.
TEST_P(MatmulTest, SizesAroundTilesAndBlocksAgreeWithPlainLoops) {
    for (ProductSize const size : {ProductSize{12, 16, 128}, {13, 64, 257}, {200, 40, 130}, {131, 10, 40}, {6, 65, 128}})
        for (Op const op_a : {Op::none, Op::transpose})
            for (Op const op_b : {Op::none, Op::transpose})
                for (double const beta : {0.0, 0.5}) {
                    check<float>(exec(), {size, op_a, op_b, 1, beta});
                    check<double>(exec(), {size, op_a, op_b, 1, beta, false, false, 5});
                }
}

// Rows of C in parts for several threads, of products that are computed by us and by OpenBLAS.
template <class T>
void expect_bits_of_one_thread(ProductSize const& size, Op op_a, Op op_b) {
    bool const turned = op_a == Op::transpose, right_turned = op_b == Op::transpose;
    oracle::Random random(7);
    auto const a = random.normals(static_cast<std::size_t>(size.m * size.k));
    auto const b = random.normals(static_cast<std::size_t>(size.k * size.n));
    std::vector<T> whole;
    for (int const threads : {1, 2, 3, 7}) {
        auto const exec = Exec::cpu(0, threads);
        Array<T, 3> const A(exec, a, 1, turned ? size.k : size.m, turned ? size.m : size.k);
        Array<T, 3> const B(exec, b, 1, right_turned ? size.n : size.k, right_turned ? size.k : size.n);
        Array<T, 3> const C(exec, 1, size.m, size.n);
        matmul<T>(exec, {1}, 0.5, A.read(), op_a, B.read(), op_b, 0, C.view());
        matmul<T>(exec, {1}, 0.5, A.read(), op_a, B.read(), op_b, 1, C.view());
        if (threads == 1) whole = C.host();
        EXPECT_EQ(C.host(), whole) << size.m << " x " << size.n << " x " << size.k << ", " << threads << " threads";
    }
}

TEST(MatmulThreads, GiveTheBitsOfOne) {
    prepare_process();
    for (ProductSize const size : {ProductSize{97, 64, 100}, {512, 16, 300}, {401, 10, 64}, {784, 32, 128}, {128, 128, 784},
                                   {784, 128, 128}, {97, 256, 256}, {509, 100, 77}, {300, 65, 400}, {512, 256, 257}})
        for (Op const op_a : {Op::none, Op::transpose})
            for (Op const op_b : {Op::none, Op::transpose}) {
                expect_bits_of_one_thread<float>(size, op_a, op_b);
                expect_bits_of_one_thread<double>(size, op_a, op_b);
            }
}

TEST_P(MatmulTest, OperandsMayBeSharedAndHaveGaps) {
    for (int const which : {1, 2, 3})
        for (int const gap : {0, 3})
            for (Op const op : {Op::none, Op::transpose})
                check<double>(exec(), {{7, 17, 33}, op, op, 1, 1, which % 2 == 1, which > 1, gap});
}

TEST_P(MatmulTest, WithBetaZeroCNeedNotBeInitialised) {
    Array<float, 3> const a(exec(), Vec{1, 2}, 1, 1, 2), b(exec(), Vec{3, 4}, 1, 2, 1),
        c(exec(), Vec{std::nan("")}, 1, 1, 1);
    matmul<float>(exec(), {1}, 2, a.read(), Op::none, b.read(), Op::none, 0, c.view());
    EXPECT_EQ(c.host()[0], 22);
}

// TF32 and emulation by narrower numbers drop bits of a factor even where the other one is 1.
TEST_P(MatmulTest, AFactorOfOneKeepsEveryBit) {
    for (int const size : {7, 64}) {
        auto const count = static_cast<std::size_t>(size * size);
        Vec one(count, 0), numbers = oracle::Random(6).normals(count);
        for (int i = 0; i < size; ++i) one[static_cast<std::size_t>(i * size + i)] = 1;
        Array<float, 3> const a(exec(), numbers, 1, size, size), b(exec(), one, 1, size, size),
            c(exec(), 1, size, size);
        matmul<float>(exec(), {1}, 1, a.read(), Op::none, b.read(), Op::none, 0, c.view());
        EXPECT_SAME_BITS(c.host(), a.host());
        matmul<float>(exec(), {1}, 1, b.read(), Op::transpose, a.read(), Op::none, 0, c.view());
        EXPECT_SAME_BITS(c.host(), a.host());
    }
}

TEST_P(MatmulTest, ANotANumberStaysInItsNetworkAndSkippedOnesKeepTheirBits) {
    Vec numbers = oracle::Random(4).normals(3 * 5 * 5);
    Array<float, 3> const b(exec(), numbers, 3, 5, 5), clean(exec(), numbers, 3, 5, 5);
    numbers[30] = std::nan("");  // of network 1
    Array<float, 3> const a(exec(), numbers, 3, 5, 5);
    Array<float, 3> const c(exec(), numbers, 3, 5, 5), d(exec(), numbers, 3, 5, 5);
    Array<unsigned char, 1> const skip(exec(), std::vector<int>{0, 0, 1}, 3);
    auto const before = c.host();
    matmul<float>(exec(), {3, skip.data()}, 1, a.read(), Op::none, b.read(), Op::none, 0, c.view());
    matmul<float>(exec(), {3}, 1, clean.read(), Op::none, b.read(), Op::none, 0, d.view());
    auto const after = c.host();
    EXPECT_SAME_BITS(row(after, 0, 25), row(d.host(), 0, 25));
    EXPECT_TRUE(std::isnan(after[30]));
    if (exec().on_cpu()) {
        EXPECT_SAME_BITS(row(after, 2, 25), row(before, 2, 25));
    }
}

TEST_P(MatmulTest, ANetworkAloneHasTheSameBits) {
    for (ProductSize const s : {ProductSize{3, 33, 70}, {64, 64, 64}, {128, 10, 33}}) {
        Array<float, 3> const a(exec(), oracle::Random(1).normals(7u * s.m * s.k), 7, s.m, s.k);
        Array<float, 3> const b(exec(), oracle::Random(2).normals(7u * s.k * s.n), 7, s.k, s.n);
        Array<float, 3> const all(exec(), 7, s.m, s.n), one(exec(), 1, s.m, s.n);
        matmul<float>(exec(), {7}, 1, a.read(), Op::none, b.read(), Op::none, 0, all.view());
        matmul<float>(exec(), {1}, 1, networks(a.read(), 5, 1), Op::none, networks(b.read(), 5, 1),
                      Op::none, 0, one.view());
        EXPECT_SAME_BITS(one.host(), row(all.host(), 5, s.m * s.n));
    }
}

TEST_P(MatmulTest, ShapesThatDoNotFitAreRefused) {
    Array<float, 3> const a(exec(), 1, 2, 3), b(exec(), 1, 4, 5), c(exec(), 1, 2, 5);
    EXPECT_THROW(matmul<float>(exec(), {1}, 1, a.read(), Op::none, b.read(), Op::none, 0, c.view()),
                 InternalError);
    Array<float, 3> const wide(exec(), 1, 2, 6), right(exec(), 1, 3, 5);
    EXPECT_THROW(
        matmul<float>(exec(), {1}, 1, a.read(), Op::none, right.read(), Op::none, 0, wide.view()),
        InternalError);
    EXPECT_NO_THROW(
        matmul<float>(exec(), {0}, 1, a.read(), Op::none, right.read(), Op::none, 0, c.view()));
}

}  // namespace
}  // namespace sg::test
