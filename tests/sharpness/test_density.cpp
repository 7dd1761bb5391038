// SPDX-License-Identifier: MIT
// Quadratures of spectra that are known: exact where they must be, within the variance of the probes elsewhere.
#include "cuda/sharpness/density.hpp"

#include "tests/support/spaces.hpp"
#include "tests/support/spectrum_run.hpp"

namespace sg::test {
namespace {

double moment(Quadrature const& q, int power) {
    double sum = 0;
    for (std::size_t i = 0; i < q.node.size(); ++i) sum += q.weight[i] * std::pow(q.node[i], power);
    return sum;
}

TEST(Quadrature, OfATridiagonalMatrix) {
    // [[2, 1], [1, 2]] seen from e_1; what stands behind the 0 does not count.
    auto const q = quadrature_of({2, 2, 77}, {1, 0, 5});
    ASSERT_EQ(q.node.size(), 2u);
    EXPECT_NEAR(q.node[0], 1, 1e-15);
    EXPECT_NEAR(q.node[1], 3, 1e-15);
    for (double const w : q.weight) EXPECT_NEAR(w, 0.5, 1e-15);
    auto const one = quadrature_of({-4}, {0});
    EXPECT_EQ(one.node, Vec{-4});
    EXPECT_EQ(one.weight, Vec{1});
}

TEST(Quadrature, OfNoNumberIsEmpty) {
    for (double const bad : {std::nan(""), HUGE_VAL}) {
        EXPECT_EQ(quadrature_of({1, bad, 1}, {1, 1, 0}).status, EigenStatus::not_converged);
        EXPECT_TRUE(quadrature_of({1, 1}, {bad, 0}).node.empty());
    }
}

class DensityTest : public OnEverySpace {};
SG_SPACES(DensityTest);

// Random signs have the same share of each coordinate: with three distinct eigenvalues there are three nodes, and
// their weights are the multiplicities.
TEST_P(DensityTest, DistinctEigenvaluesAreNodesWithTheirMultiplicities) {
    Vec values(60, 0.5);
    std::fill(values.begin(), values.begin() + 6, 4.0);
    std::fill(values.begin() + 6, values.begin() + 30, 0.0);
    auto const spec = diagonal_spec(values.size());
    SpectrumRun<float> run(exec(), Loss::mse, diagonal_examples(values), random_nets<float>(spec, 2),
                           {0, false, 2, 20});
    for (auto const& net : run.measure()) {
        ASSERT_EQ(net.probes.size(), 2u);
        EXPECT_EQ(net.status, EigenStatus::converged);
        for (auto const& q : net.probes) {
            ASSERT_EQ(q.node.size(), 3u);
            Vec const node{0, 0.5, 4}, weight{0.4, 0.5, 0.1};
            for (std::size_t i = 0; i < 3; ++i) {
                EXPECT_NEAR(q.node[i], node[i], 4e-6);
                EXPECT_NEAR(q.weight[i], weight[i], 1e-6);
            }
            EXPECT_EQ(q.products, 3);
        }
    }
}

// v · H v / P for a random v of signs has the mean tr H / P and the variance 2 Σ_{i≠j} H_ij² / P².
template <class T>
void expect_moments(Exec const& exec, Loss loss, double rounding) {
    auto const spec = fcn(3, 5, 6, 4);
    auto const examples = random_examples<T>(spec, 30);
    auto const nets = random_nets<T>(spec, 1);
    int const probes = 40;
    SpectrumRun<T> run(exec, loss, examples, nets, {0, false, probes, 12});
    auto const found = run.measure()[0];
    auto const dense = oracle::dense_hessian(nets[0], examples, loss);
    auto const P = static_cast<std::size_t>(dense.n);
    Vec square(P * P);
    for (std::size_t i = 0; i < P; ++i)
        for (std::size_t k = 0; k < P; ++k)
            for (std::size_t j = 0; j < P; ++j)
                square[i * P + j] += dense.h[i * P + k] * dense.h[k * P + j];
    auto const check = [&](Vec const& A, int power) {
        double trace = 0, off = 0, mean = 0;
        for (std::size_t i = 0; i < P; ++i)
            for (std::size_t j = 0; j < P; ++j)
                (i == j ? trace : off) += i == j ? A[i * P + j] : A[i * P + j] * A[i * P + j];
        for (auto const& q : found.probes) mean += moment(q, power) / probes;
        double const n = static_cast<double>(P), deviation = std::sqrt(2 * off / probes) / n;
        EXPECT_NEAR(mean, trace / n, 4 * deviation) << "moment " << power;
        EXPECT_GT(deviation, 0);
    };
    check(dense.h, 1);
    check(square, 2);
    for (auto const& q : found.probes) {
        EXPECT_NEAR(moment(q, 0), 1, 1e-12);
        EXPECT_EQ(q.node.size(), 12u);
    }
    // As long as the space: the quadrature of the probe is exact, so its moments of any degree are v · Hⁿ v.
    SpectrumRun<T> whole(exec, loss, examples, nets, {0, false, probes, 500});
    auto const exact = whole.measure()[0];
    for (std::size_t p = 0; p < exact.probes.size(); p += 13) {
        auto const &q = exact.probes[p], &part = found.probes[p];
        EXPECT_LE(q.node.size(), P);
        for (int power = 1; power <= 20; ++power)
            EXPECT_NEAR(moment(q, power), moment(part, power), rounding * std::abs(moment(q, power)));
    }
}

TEST_P(DensityTest, MomentsAreThoseOfTheHessian) {
    expect_moments<double>(exec(), Loss::mse, 1e-9);
    expect_moments<float>(exec(), Loss::cross_entropy, 2e-4);
}

}  // namespace
}  // namespace sg::test
