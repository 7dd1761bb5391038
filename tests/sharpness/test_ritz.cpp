// SPDX-License-Identifier: MIT
#include "cuda/sharpness/ritz.hpp"

#include "tests/support/arrays.hpp"
#include "tests/support/random.hpp"
#include "tests/support/spaces.hpp"

namespace sg::test {
namespace {

// A symmetric matrix Q diag(values) Qᵀ with Q from `sweeps` rounds of random rotations.   (k, k)
Vec symmetric(Vec const& values, std::uint64_t seed, int sweeps = 3) {
    int const k = static_cast<int>(values.size());
    Vec a(static_cast<std::size_t>(k * k));
    auto const at = [&](int i, int j) -> double& { return a[static_cast<std::size_t>(i * k + j)]; };
    for (int i = 0; i < k; ++i) at(i, i) = values[static_cast<std::size_t>(i)];
    oracle::Random random(seed);
    for (int round = 0; round < sweeps * k && k > 1; ++round) {
        int const p = random.below(k), q = (p + 1 + random.below(k - 1)) % k;
        double const c = std::cos(6 * random.uniform()), s = std::sqrt(1 - c * c);
        for (int e = 0; e < k; ++e) {
            double const x = at(p, e), z = at(q, e);
            at(p, e) = c * x - s * z;
            at(q, e) = s * x + c * z;
        }
        for (int e = 0; e < k; ++e) {
            double const x = at(e, p), z = at(e, q);
            at(e, p) = c * x - s * z;
            at(e, q) = s * x + c * z;
        }
    }
    for (int i = 0; i < k; ++i)
        for (int j = 0; j < i; ++j) at(i, j) = at(j, i);
    return a;
}

// Solves for several matrices at once; they lie in the corners of larger arrays full of NaN.
class RitzTest : public OnEverySpace {
protected:
    struct Solution {
        Vec theta, y;  // (N, 4), (N, 4, m)
    };
    Solution solve(std::vector<Vec> const& matrices, int k, int m,
                   std::vector<int> skip = {}) const {
        auto const N = static_cast<int>(matrices.size());
        Vec all(static_cast<std::size_t>(N * m * m), std::nan(""));
        for (int n = 0; n < N; ++n)
            for (int i = 0; i < k; ++i)
                for (int j = 0; j < k; ++j)
                    all[static_cast<std::size_t>((n * m + i) * m + j)] =
                        matrices[static_cast<std::size_t>(n)][static_cast<std::size_t>(i * k + j)];
        if (skip.empty()) skip.resize(matrices.size());
        Array<unsigned char, 1> const bytes(exec(), skip, N);
        Array<double, 3> const T(exec(), all, N, m, m), y(exec(), Vec(N * 4 * m, 55.0), N, 4, m);
        Array<double, 2> const theta(exec(), Vec(N * 4, 55.0), N, 4);
        solve_projected(exec(), {N, bytes.data()}, T.read(), k, theta.view(), y.view());
        return {theta.host(), y.host()};
    }
    // θ and y of network n against the oracle's Jacobi; y by its residual, as vectors of equal
    // eigenvalues are free.
    static void expect_pairs(Solution const& s, int n, Vec const& matrix, int k, int m) {
        auto const truth = oracle::symmetric_eigen(matrix, k);
        double const size = std::max(std::abs(truth.values.front()), std::abs(truth.values.back()));
        for (int pair = 0; pair < 4; ++pair) {
            Vec const y = row(s.y, n * 4 + pair, m);
            if (pair >= k) {
                EXPECT_EQ(y, Vec(static_cast<std::size_t>(m)));
                continue;
            }
            double const theta = row(s.theta, n, 4)[static_cast<std::size_t>(pair)];
            EXPECT_NEAR(theta, truth.values[static_cast<std::size_t>(k - 1 - pair)], 1e-13 * size);
            Vec product(static_cast<std::size_t>(m)), expected = y;
            for (int i = 0; i < k; ++i)
                for (int j = 0; j < k; ++j)
                    product[static_cast<std::size_t>(i)] +=
                        matrix[static_cast<std::size_t>(i * k + j)] *
                        y[static_cast<std::size_t>(j)];
            for (double& x : expected) x *= theta;
            EXPECT_ARRAY_NEAR(product, expected, 1e-12 * size);  // zero beyond entry k, too
            for (int other = 0; other <= pair; ++other) {
                double dot = 0;
                for (int i = 0; i < m; ++i)
                    dot += y[static_cast<std::size_t>(i)] *
                           row(s.y, n * 4 + other, m)[static_cast<std::size_t>(i)];
                EXPECT_NEAR(dot, other == pair ? 1 : 0, 1e-13);
            }
        }
    }
};
SG_SPACES(RitzTest);

TEST_P(RitzTest, EverySizeAgreesWithTheOracle) {
    for (int k = 1; k <= ritz_limit; ++k) {
        SCOPED_TRACE(k);
        int const m = std::max(k, 24);
        std::vector<Vec> matrices;
        for (std::uint64_t n = 0; n < 3; ++n)
            matrices.push_back(
                symmetric(oracle::Random(100 + n).normals(static_cast<std::size_t>(k)),
                          static_cast<std::uint64_t>(k) + n));
        auto const s = solve(matrices, k, m);
        for (int n = 0; n < 3; ++n) expect_pairs(s, n, matrices[static_cast<std::size_t>(n)], k, m);
    }
}

TEST_P(RitzTest, HardSpectra) {
    int const k = 12;
    Vec repeated(k, 1.0), nearly(k, -2.0), graded;
    std::fill(repeated.begin(), repeated.begin() + 5, 3.0);
    for (int i = 0; i < 10; ++i) nearly[static_cast<std::size_t>(i)] = 4 + 1e-9 * i;
    for (int i = 0; i < k; ++i) graded.push_back(std::pow(10, -i));
    Vec negative = graded;
    for (double& x : negative) x = -1 - x;
    std::vector<Vec> matrices;
    for (Vec const& values : {repeated, nearly, graded, negative})
        matrices.push_back(symmetric(values, 5));
    matrices.push_back(symmetric(graded, 5, 0));    // diagonal
    matrices.push_back(Vec(k * k, 1.0));            // of rank one
    matrices.push_back(symmetric(Vec(k, 2.5), 5));  // a multiple of the identity
    auto const s = solve(matrices, k, k);
    for (int n = 0; n < static_cast<int>(matrices.size()); ++n) {
        SCOPED_TRACE(n);
        expect_pairs(s, n, matrices[static_cast<std::size_t>(n)], k, k);
    }
}

TEST_P(RitzTest, ZeroAndNotANumberTerminateAndLeaveTheNeighboursAlone) {
    int const k = 7, m = 9;
    Vec const good = symmetric(oracle::Random(1).normals(k), 2);
    Vec bad = good, worse(k * k, std::nan(""));
    bad[3] = bad[21] = std::numeric_limits<double>::infinity();
    auto const s = solve({Vec(k * k), good, bad, worse, good, good}, k, m, {0, 0, 0, 0, 1, 0});
    EXPECT_EQ(row(s.theta, 0, 4), Vec(4));
    expect_pairs(s, 1, good, k, m);
    // Each of the four has a rank of its own: none keeps what was there before.
    for (int const n : {2, 3})
        for (double const theta : row(s.theta, n, 4)) EXPECT_NE(theta, 55.0);
    EXPECT_TRUE(std::isnan(row(s.theta, 3, 4)[0]));
    EXPECT_EQ(row(s.theta, 4, 4), Vec(4, 55.0));  // skipped
    EXPECT_EQ(row(s.y, 4, 4 * m), Vec(4 * m, 55.0));
    EXPECT_SAME_BITS(row(s.theta, 5, 4), row(s.theta, 1, 4));
    EXPECT_SAME_BITS(row(s.y, 5, 4 * m), row(s.y, 1, 4 * m));
}

TEST_P(RitzTest, SizesBeyondTheLimitAreRefused) {
    Array<double, 3> const T(exec(), 1, 40, 40), y(exec(), 1, 4, 40);
    Array<double, 2> const theta(exec(), 1, 4);
    for (int const k : {0, ritz_limit + 1})
        EXPECT_THROW(solve_projected(exec(), {1}, T.read(), k, theta.view(), y.view()),
                     InternalError);
}

}  // namespace
}  // namespace sg::test
