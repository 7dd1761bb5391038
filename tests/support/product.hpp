// SPDX-License-Identifier: MIT
// Batched matrix products against plain loops in double.
#pragma once

#include <cmath>
#include <limits>

#include "cuda/ops/product.hpp"
#include "tests/support/arrays.hpp"
#include "tests/support/random.hpp"

namespace sg::test {

struct ProductSize {
    int m, n, k;
};

// One product: three networks, the operands shared or not, every row followed by `gap` numbers that
// belong to nobody.
struct ProductCase {
    static constexpr int nets = 3;
    ProductSize size;
    Op op_a = Op::none, op_b = Op::none;
    double alpha = 1, beta = 0;
    bool share_a = false, share_b = false;
    int gap = 0;
};

// A strided stack of matrices on the host and in a space.
template <class T>
struct ProductStack {
    ProductStack(Exec const& exec, int rows, int columns, bool shared, int gap, std::uint64_t seed)
        : rows_(rows),
          columns_(columns),
          shared_(shared),
          row_(columns + gap),
          host(rounded<T>(oracle::Random(seed).normals(static_cast<std::size_t>(
              (shared ? 1 : ProductCase::nets) * rows * (columns + gap))))),
          array(exec, host, static_cast<std::int64_t>(host.size())) {}
    std::size_t at(int n, int i, int j) const {
        return static_cast<std::size_t>((shared_ ? 0 : n) * rows_ * row_ + i * row_ + j);
    }
    View<T, 3> view() const {
        auto v = View<T, 3>::dense(array.data(), ProductCase::nets, rows_, columns_);
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
Vec expected_product(ProductCase const& c, ProductStack<T> const& A, ProductStack<T> const& B,
                     ProductStack<T> const& C) {
    Vec out = C.host;
    for (int n = 0; n < ProductCase::nets; ++n)
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

// compute(alpha, A, B, beta, C) for three networks must give C within the rounding of T.
template <class T, class F>
void check_product(Exec const& exec, ProductCase const& c, F const& compute) {
    auto const [m, n, k] = c.size;
    ProductStack<T> const A(exec, c.op_a == Op::none ? m : k, c.op_a == Op::none ? k : m, c.share_a,
                            c.gap, 1);
    ProductStack<T> const B(exec, c.op_b == Op::none ? k : n, c.op_b == Op::none ? n : k, c.share_b,
                            c.gap, 2);
    ProductStack<T> const C(exec, m, n, false, c.gap, 3);
    compute(c.alpha, View<T const, 3>(A.view()), View<T const, 3>(B.view()), c.beta, C.view());
    double const tolerance = 8 * std::numeric_limits<T>::epsilon() * std::sqrt(k) * 4;
    EXPECT_ARRAY_NEAR(C.array.host(), expected_product(c, A, B, C), tolerance)
        << m << " x " << n << " x " << k << ", transposed " << (c.op_a == Op::transpose)
        << (c.op_b == Op::transpose) << ", alpha " << c.alpha << ", beta " << c.beta << ", shared "
        << c.share_a << c.share_b << ", gap " << c.gap;
}

}  // namespace sg::test
