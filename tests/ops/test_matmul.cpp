// SPDX-License-Identifier: MIT
#include "cuda/ops/matmul.hpp"

#include <limits>

#include "tests/support/arrays.hpp"
#include "tests/support/random.hpp"
#include "tests/support/spaces.hpp"

namespace sg::test {
namespace {

struct Size {
    int m, n, k;
};

// One product: three networks, the operands shared or not, every row followed by `gap` numbers that
// belong to nobody.
struct Case {
    Size size;
    Op op_a = Op::none, op_b = Op::none;
    double alpha = 1, beta = 0;
    bool share_a = false, share_b = false;
    int gap = 0;
};

constexpr int nets = 3;

// A strided stack of matrices on the host and in a space.
template <class T>
struct Stack {
    Stack(Exec const& exec, int rows, int columns, bool shared, int gap, std::uint64_t seed)
        : rows_(rows),
          columns_(columns),
          shared_(shared),
          row_(columns + gap),
          host(rounded<T>(oracle::Random(seed).normals(
              static_cast<std::size_t>((shared ? 1 : nets) * rows * (columns + gap))))),
          array(exec, host, static_cast<std::int64_t>(host.size())) {}
    std::size_t at(int n, int i, int j) const {
        return static_cast<std::size_t>((shared_ ? 0 : n) * rows_ * row_ + i * row_ + j);
    }
    View<T, 3> view() const {
        auto v = View<T, 3>::dense(array.data(), nets, rows_, columns_);
        v.stride[0] = shared_ ? 0 : rows_ * row_;
        v.stride[1] = row_;
        return v;
    }
    int rows_, columns_;
    bool shared_;
    int row_;
    Vec host;
    Array<T, 1> array;
};

// What C must hold, with plain loops in double.   Networks in `skipped` keep what they held
template <class T>
Vec expected(Case const& c, Stack<T> const& A, Stack<T> const& B, Stack<T> const& C) {
    Vec out = C.host;
    for (int n = 0; n < nets; ++n)
        for (int i = 0; i < c.size.m; ++i)
            for (int j = 0; j < c.size.n; ++j) {
                double sum = 0;
                for (int l = 0; l < c.size.k; ++l)
                    sum += A.host[c.op_a == Op::none ? A.at(n, i, l) : A.at(n, l, i)] *
                           B.host[c.op_b == Op::none ? B.at(n, l, j) : B.at(n, j, l)];
                double const kept = c.beta == 0 ? 0 : c.beta * C.host[C.at(n, i, j)];
                out[C.at(n, i, j)] = c.alpha * sum + kept;
            }
    return out;
}

template <class T>
void check(Exec const& exec, Case const& c) {
    auto const [m, n, k] = c.size;
    Stack<T> const A(exec, c.op_a == Op::none ? m : k, c.op_a == Op::none ? k : m, c.share_a, c.gap,
                     1);
    Stack<T> const B(exec, c.op_b == Op::none ? k : n, c.op_b == Op::none ? n : k, c.share_b, c.gap,
                     2);
    Stack<T> const C(exec, m, n, false, c.gap, 3);
    matmul<T>(exec, {nets}, c.alpha, A.view(), c.op_a, B.view(), c.op_b, c.beta, C.view());
    double const tolerance = 8 * std::numeric_limits<T>::epsilon() * std::sqrt(k) * 4;
    EXPECT_ARRAY_NEAR(C.array.host(), expected(c, A, B, C), tolerance)
        << m << " x " << n << " x " << k << ", transposed " << (c.op_a == Op::transpose)
        << (c.op_b == Op::transpose) << ", alpha " << c.alpha << ", beta " << c.beta << ", shared "
        << c.share_a << c.share_b << ", gap " << c.gap;
}

class MatmulTest : public OnEverySpace {};
SG_DEVICES(MatmulTest);

TEST_P(MatmulTest, AgreesWithPlainLoops) {
    for (Size const size :
         {Size{1, 1, 1}, {2, 3, 5}, {3, 33, 70}, {7, 17, 129}, {129, 1, 7}, {1, 65, 1}})
        for (Op const op_a : {Op::none, Op::transpose})
            for (Op const op_b : {Op::none, Op::transpose})
                for (double const beta : {0.0, 1.0, 0.5}) {
                    check<float>(exec(), {size, op_a, op_b, 1.25, beta});
                    check<double>(exec(), {size, op_a, op_b, 1.25, beta});
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
    for (Size const s : {Size{3, 33, 70}, {64, 64, 64}, {128, 10, 33}}) {
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
