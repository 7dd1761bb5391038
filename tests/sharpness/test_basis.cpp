// SPDX-License-Identifier: MIT
#include "cuda/sharpness/basis.hpp"

#include "tests/support/random.hpp"
#include "tests/support/spaces.hpp"
#include "tests/support/arrays.hpp"

namespace sg::test {
namespace {

constexpr int N = 3, M = 5, P = 70;

// Three networks with M vectors; the space of their scalars.
template <class T>
struct Set {
    explicit Set(Exec const& exec)
        : V(exec, oracle::Random(3).normals(N * M * P), N, M, P),
          dots(exec, N, M + 2),
          a(exec, N, M + 1),
          b(exec, N, M + 1),
          one(exec, N, 1),
          full(exec, std::vector<int>(N, 1), N),
          seed(exec, std::vector<int>{4, 5, 6}, N),
          key(exec, std::vector<RandomKey>{{0, Purpose::block, 0, 2}}) {}

    BasisScalars scalars() const {
        return {dots.view(), a.view(), b.view(), one.view(), full.data()};
    }
    double dot(int n, int i, int j) const {
        auto const v = V.wide();
        double sum = 0;
        for (int p = 0; p < P; ++p)
            sum += v[static_cast<std::size_t>((n * M + i) * P + p)] *
                   v[static_cast<std::size_t>((n * M + j) * P + p)];
        return sum;
    }
    void expect_orthonormal(int n, int count, double tolerance) const {
        for (int i = 0; i < count; ++i)
            for (int j = 0; j <= i; ++j)
                EXPECT_NEAR(dot(n, i, j), i == j ? 1 : 0, tolerance) << n << " " << i << " " << j;
    }

    Array<T, 3> V;
    Array<double, 2> dots, a, b, one;
    Array<unsigned char, 1> full;
    Array<std::uint64_t, 1> seed;
    Buffer<RandomKey> key;
};

class BasisTest : public OnEverySpace {};
SG_SPACES(BasisTest);

TEST_P(BasisTest, VectorsBecomeOrthonormalOneByOne) {
    Set<double> const set(exec());
    for (int k = 0; k < M; ++k) orthonormalise(exec(), Nets{N}, set.V.view(), k, set.scalars());
    for (int n = 0; n < N; ++n) set.expect_orthonormal(n, M, 1e-14);
    EXPECT_EQ(set.full.host(), (std::vector<unsigned char>{1, 1, 1}));
}

// Network 1 repeats a vector up to rounding: it is cleared, and random signs take its place.
TEST_P(BasisTest, ARepeatedVectorIsRefilled) {
    Set<float> const set(exec());
    auto v = set.V.host();
    for (std::size_t p = 0; p < P; ++p) v[(M + 2) * P + p] = 3 * v[(M + 1) * P + p];
    set.V.set(v);
    for (int k = 0; k < 3; ++k) orthonormalise(exec(), Nets{N}, set.V.view(), k, set.scalars());
    EXPECT_EQ(set.full.host(), (std::vector<unsigned char>{1, 0, 1}));
    EXPECT_EQ(set.dot(1, 2, 2), 0);
    auto const before = set.V.host();
    refill(exec(), N, set.V.view(), 2, set.scalars(), {set.seed.data(), set.key.data()}, 9);
    EXPECT_EQ(set.full.host(), (std::vector<unsigned char>{1, 1, 1}));
    for (int n = 0; n < N; ++n) set.expect_orthonormal(n, 3, 1e-6);
    auto const after = set.V.host();
    for (std::size_t i = 0; i < M * P; ++i) EXPECT_EQ(after[i], before[i]);  // network 0
}

TEST_P(BasisTest, WhatIsLeftIsMeasured) {
    Set<double> const set(exec());
    for (int k = 0; k < 2; ++k) orthonormalise(exec(), Nets{N}, set.V.view(), k, set.scalars());
    double const whole = set.dot(2, 3, 3);
    double rest = whole;
    for (int j = 0; j < 2; ++j) rest -= set.dot(2, 3, j) * set.dot(2, 3, j);
    auto v = set.V.host();  // vector 2 ← vector 3, so that it stands behind the two
    for (int n = 0; n < N; ++n)
        std::copy_n(v.begin() + (n * M + 3) * P, P, v.begin() + (n * M + 2) * P);
    set.V.set(v);
    project_out(exec(), Nets{N}, set.V.view(), 2, set.scalars());
    EXPECT_NEAR(set.dots.host()[static_cast<std::size_t>(2 * (M + 2))], rest, 1e-12 * whole);
    for (int j = 0; j < 2; ++j) EXPECT_NEAR(set.dot(2, 2, j), 0, 1e-13);
}

}  // namespace
}  // namespace sg::test
