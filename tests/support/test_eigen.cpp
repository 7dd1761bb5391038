// SPDX-License-Identifier: MIT
// Jacobi and Lanczos of the oracle on matrices whose eigenvalues are known.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <stdexcept>

#include "tests/support/eigen.hpp"
#include "tests/support/random.hpp"

namespace sg::oracle {
namespace {

using Vec = std::vector<double>;

// H D H with the reflection H = 1 - 2 u uᵀ: a full matrix with the eigenvalues `d`.
Vec with_spectrum(Vec const& d, std::uint64_t seed) {
    std::size_t const n = d.size();
    Vec u = Random(seed).normals(n), a(n * n);
    double square = 0, weighted = 0;
    for (double const x : u) square += x * x;
    for (std::size_t i = 0; i < n; ++i) weighted += d[i] * u[i] * u[i] / square;
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < n; ++j)
            a[i * n + j] =
                (i == j ? d[i] : 0) + u[i] * u[j] / square * (4 * weighted - 2 * d[i] - 2 * d[j]);
    return a;
}

Product product_with(Vec const& a) {
    return [&a](Vec const& v) {
        Vec out(v.size());
        for (std::size_t i = 0; i < v.size(); ++i)
            for (std::size_t j = 0; j < v.size(); ++j) out[i] += a[i * v.size() + j] * v[j];
        return out;
    };
}

TEST(OracleJacobi, FindsTheSpectrumOfTheSecondDifferenceMatrix) {
    constexpr std::size_t n = 40;
    Vec a(n * n);
    for (std::size_t i = 0; i < n; ++i) a[i * n + i] = 2;
    for (std::size_t i = 0; i + 1 < n; ++i) a[i * n + i + 1] = -1;
    Spectrum const s = symmetric_eigen(a, n);
    for (std::size_t k = 0; k < n; ++k) {
        double const angle = static_cast<double>(k + 1) * std::numbers::pi / (n + 1);
        EXPECT_NEAR(s.values[k], 2 - 2 * std::cos(angle), 1e-14);
    }
}

TEST(OracleJacobi, VectorsAreOrthonormalAndDiagonalise) {
    Vec const d{-3, 1e-8, 1, 1, 1, 2, 1000};  // a threefold eigenvalue, eleven decades
    Vec const a = with_spectrum(d, 3);
    std::size_t const n = d.size();
    Spectrum const s = symmetric_eigen(a, static_cast<int>(n));
    for (std::size_t k = 0; k < n; ++k) {
        EXPECT_NEAR(s.values[k], d[k], 1e-12);
        Vec const v(s.vectors.begin() + static_cast<std::ptrdiff_t>(k * n),
                    s.vectors.begin() + static_cast<std::ptrdiff_t>(k * n + n));
        Vec const av = product_with(a)(v);
        for (std::size_t i = 0; i < n; ++i) EXPECT_NEAR(av[i], s.values[k] * v[i], 1e-12);
        for (std::size_t m = 0; m < n; ++m) {
            double dot = 0;
            for (std::size_t i = 0; i < n; ++i) dot += v[i] * s.vectors[m * n + i];
            EXPECT_NEAR(dot, k == m ? 1 : 0, 1e-14);
        }
    }
}

TEST(OracleJacobi, AgreesAtTheSizeOfADenseHessian) {
    Vec d = Random(1).normals(250);
    std::sort(d.begin(), d.end());
    Spectrum const s = symmetric_eigen(with_spectrum(d, 7), 250);
    for (std::size_t k = 0; k < d.size(); ++k) EXPECT_NEAR(s.values[k], d[k], 1e-13);
}

TEST(OracleJacobi, RefusesAMatrixThatIsNotFiniteOrNotSquare) {
    EXPECT_THROW(symmetric_eigen(Vec{1, std::numeric_limits<double>::infinity(), 0, 1}, 2),
                 std::invalid_argument);
    EXPECT_THROW(symmetric_eigen(Vec{1, 2, 3}, 2), std::invalid_argument);
}

TEST(OracleJacobi, SolvesTheSmallestAndTheZeroMatrix) {
    EXPECT_EQ(symmetric_eigen(Vec{-7}, 1).values, Vec{-7});
    EXPECT_EQ(symmetric_eigen(Vec(9), 3).values, Vec(3));
}

TEST(OracleLanczos, FindsTheAlgebraicTopBesideALargerNegativeEigenvalue) {
    Vec d(120);
    for (std::size_t i = 0; i < d.size(); ++i) d[i] = -50 + 0.5 * static_cast<double>(i);
    Vec const a = with_spectrum(d, 8);
    TopEigenpair const top = lanczos_top(product_with(a), 120);
    EXPECT_TRUE(top.converged);
    EXPECT_NEAR(top.value, 9.5, 1e-10);
}

TEST(OracleLanczos, SeparatesATopThatIsNearlyTenfold) {
    Vec d(300, 0.0);
    for (std::size_t i = 0; i < d.size(); ++i) d[i] = 1e-2 * static_cast<double>(i % 17);
    for (std::size_t k = 0; k < 10; ++k) d[k] = 1 - 1e-4 * static_cast<double>(k);
    Vec const a = with_spectrum(d, 5);
    TopEigenpair const top = lanczos_top(product_with(a), 300);
    EXPECT_TRUE(top.converged);
    EXPECT_NEAR(top.value, 1, 1e-12);
}

TEST(OracleLanczos, GoesOnWhenTheKrylovSpaceCloses) {
    // Three distinct eigenvalues: the space of one vector closes after three products.
    Vec d(60, 1.0);
    d[0] = 4;
    d[1] = d[2] = -2;
    Vec const a = with_spectrum(d, 6);
    TopEigenpair const top = lanczos_top(product_with(a), 60);
    EXPECT_GE(top.steps, 40);
    EXPECT_NEAR(top.value, 4, 1e-12);
    EXPECT_LE(top.residual, 1e-12);
}

TEST(OracleLanczos, OfTheZeroMatrixAndOfOneNumberIsExact) {
    Vec const zero(25);
    EXPECT_EQ(lanczos_top(product_with(zero), 5).value, 0);
    EXPECT_TRUE(lanczos_top(product_with(zero), 5).converged);
    Vec const one{-3};
    EXPECT_EQ(lanczos_top(product_with(one), 1).value, -3);
}

TEST(OracleLanczos, SaysWhenItDidNotConverge) {
    Vec d(200);
    for (std::size_t i = 0; i < d.size(); ++i) d[i] = 1 - 1e-6 * static_cast<double>(i);
    d[199] = -1;
    Vec const a = with_spectrum(d, 2);
    TopEigenpair const top =
        lanczos_top(product_with(a), 200, {.tolerance = 1e-14, .min_steps = 4, .max_steps = 5});
    EXPECT_EQ(top.steps, 5);
    EXPECT_FALSE(top.converged);
}

}  // namespace
}  // namespace sg::oracle
