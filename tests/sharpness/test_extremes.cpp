// SPDX-License-Identifier: MIT
// The top and the bottom of spectra that the oracle knows in full.
#include "cuda/sharpness/extremes.hpp"

#include <algorithm>
#include <set>

#include "tests/support/spaces.hpp"
#include "tests/support/spectrum_run.hpp"

namespace sg::test {
namespace {

// Each eigenvalue is within `tolerance` of the largest magnitude, and none is above the truth by more than rounding.
void expect_top(NetSpectrum const& found, Vec const& truth, int k, double tolerance, double rounding) {
    double const size = std::max(std::abs(truth.front()), std::abs(truth.back()));
    ASSERT_EQ(found.top.size(), static_cast<std::size_t>(k));
    EXPECT_EQ(found.status, EigenStatus::converged);
    for (int i = 0; i < k; ++i) {
        auto const at = static_cast<std::size_t>(i);
        double const exact = truth[truth.size() - 1 - at];
        EXPECT_LE(found.top[at], exact + rounding * size) << i;
        EXPECT_GE(found.top[at], exact - tolerance * size) << i;
        EXPECT_LE(found.top_residual[at], 3.1e-3 * size + 4 * rounding * size) << i;
    }
    EXPECT_TRUE(std::is_sorted(found.top.rbegin(), found.top.rend()));
}

class ExtremesTest : public OnEverySpace {
protected:
    template <class T>
    void expect_oracle(FcnSpec const& spec, Loss loss, int k, double tolerance) const {
        auto const examples = random_examples<T>(spec, 30);
        auto const nets = random_nets<T>(spec, 2);
        SpectrumRun<T> run(exec(), loss, examples, nets, {k, true, 0, 0});
        auto const found = run.measure();
        double const rounding = sizeof(T) == 4 ? 3e-6 : 1e-12;
        for (std::size_t n = 0; n < nets.size(); ++n) {
            SCOPED_TRACE(n);
            auto const truth = oracle::hessian_spectrum(nets[n], examples, loss).values;
            double const size = std::max(-truth.front(), truth.back());
            expect_top(found[n], truth, k, tolerance, rounding);
            EXPECT_GE(found[n].smallest, truth.front() - rounding * size);
            EXPECT_LE(found[n].smallest, truth.front() + 1e-4 * size);
            EXPECT_LE(found[n].smallest_residual, 3.1e-3 * size);
        }
    }
};
SG_SPACES(ExtremesTest);

TEST_P(ExtremesTest, AgreeWithTheOracle) {
    expect_oracle<float>(fcn(3, 5, 6, 4), Loss::mse, 5, 1e-4);
    expect_oracle<double>(fcn(3, 5, 6, 4), Loss::cross_entropy, 3, 1e-4);
    expect_oracle<float>(fcn(2, 7, 9, 3, Activation::tanh), Loss::mse, 1, 1e-4);
}

TEST_P(ExtremesTest, ASmallNetworkIsSolvedExactly) {
    for (int const k : {1, 6, 16}) {
        expect_oracle<double>(fcn(2, 2, 5, 3, Activation::tanh), Loss::mse, k, 1e-12);  // P = 16
        expect_oracle<float>(fcn(2, 2, 5, 3, Activation::tanh), Loss::mse, k, 3e-6);
    }
    // The largest one that is, and one more.
    expect_oracle<double>(fcn(1, 1, 33, 1, Activation::linear), Loss::mse, 1, 1e-12);
    expect_oracle<double>(fcn(1, 1, 34, 1, Activation::linear), Loss::mse, 1, 1e-4);
    expect_oracle<double>(fcn(1, 1, 49, 1, Activation::linear), Loss::mse, 16, 1e-3);
}

// Gauss-Newton of a zero last layer is one matrix for each class: every eigenvalue is nearly ten-fold.
TEST_P(ExtremesTest, ANearlyTenfoldTopIsFound) {
    auto spec = fcn(2, 9, 6, 10);
    spec.last_layer = LastLayer::zero;
    auto const examples = random_examples<float>(spec, 60);
    auto const nets = random_nets<float>(spec, 2);
    for (int const k : {5, 10, 12}) {
        SpectrumRun<float> run(exec(), Loss::mse, examples, nets, {k, false, 0, 0});
        auto const found = run.measure();
        for (std::size_t n = 0; n < nets.size(); ++n) {
            SCOPED_TRACE(k);
            auto const truth = oracle::hessian_spectrum(nets[n], examples, Loss::mse).values;
            ASSERT_LT(truth[truth.size() - 1] - truth[truth.size() - 10], 0.02 * truth.back());
            ASSERT_GT(truth[truth.size() - 10], 1.3 * truth[truth.size() - 11]);
            expect_top(found[n], truth, k, 3e-3, 3e-6);
        }
    }
}

// Networks end after different numbers of products, and the others restart: what is done stays as it is.
TEST_P(ExtremesTest, ANetworkThatIsDoneKeepsItsVectors) {
    auto spec = fcn(2, 9, 6, 10);
    spec.last_layer = LastLayer::zero;
    auto const examples = random_examples<float>(spec, 60);
    auto const nets = random_nets<float>(spec, 4);
    SpectrumOptions const options{12, false, 0, 0};
    SpectrumRun<float> all(exec(), Loss::mse, examples, nets, options);
    auto const among = all.measure();
    std::set<int> products;
    for (std::size_t n = 0; n < nets.size(); ++n) {
        products.insert(among[n].products);
        SpectrumRun<float> one(exec(), Loss::mse, examples, {nets[n]}, options);
        auto const alone = one.measure()[0];
        EXPECT_SAME_BITS(among[n].top, alone.top);
        EXPECT_SAME_BITS(among[n].top_residual, alone.top_residual);
    }
    EXPECT_GE(*products.rbegin(), *products.begin() + 24);
}

TEST_P(ExtremesTest, CopiesOfAnEigenvalueAreAllFound) {
    Vec values(60, 1.0);
    std::fill(values.begin(), values.begin() + 4, 3.0);
    values[10] = 2;
    for (std::size_t i = 20; i < 60; ++i) values[i] = 0.01 * static_cast<double>(i - 20);
    auto const spec = diagonal_spec(values.size());
    SpectrumRun<double> run(exec(), Loss::mse, diagonal_examples(values), random_nets<double>(spec, 2),
                            {7, true, 0, 0});
    for (auto const& net : run.measure()) {
        for (std::size_t i = 0; i < 7; ++i) {
            EXPECT_NEAR(net.top[i], i < 4 ? 3 : i < 5 ? 2 : 1, 1e-4) << i;
            EXPECT_LE(net.top_residual[i], 9.3e-3);
        }
        EXPECT_NEAR(net.smallest, 0, 1e-4);
        EXPECT_EQ(net.status, EigenStatus::converged);
    }
}

TEST_P(ExtremesTest, MoreEigenvaluesThanParametersAreRefused) {
    auto const model = build_fcn(fcn(1, 1, 5, 1, Activation::linear));
    Arena arena;
    try {
        Spectrum<float> const spectrum(exec(), arena, model, 1, {6, false, 0, 0});
        ADD_FAILURE() << "six eigenvalues of five parameters";
    } catch (UserError const& error) {
        EXPECT_STREQ(error.what(),
                     "sharpness.spectrum.top = 6, but a network has 5 parameters. Ask for at most as "
                     "many eigenvalues.");
    }
    Spectrum<float> const five(exec(), arena, model, 1, {5, true, 0, 0});
    EXPECT_GT(arena.largest(), 0u);
}

}  // namespace
}  // namespace sg::test
