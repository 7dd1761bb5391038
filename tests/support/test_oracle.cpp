// SPDX-License-Identifier: MIT
// The oracle against hand calculation and against itself by independent ways.
#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>
#include <string>
#include <tuple>

#include "tests/support/compare.hpp"
#include "tests/support/oracle.hpp"
#include "tests/support/random.hpp"

namespace sg::oracle {
namespace {

FcnSpec shaped(int depth, int width, int inputs, int classes, Activation activation) {
    FcnSpec spec;
    spec.depth = depth;
    spec.width = width;
    spec.inputs = inputs;
    spec.classes = classes;
    spec.activation = activation;
    return spec;
}

// f = relu(x w) u with w = 2, u = 3, x = 1/2, target 1: z = 1, f = 3, error 2.
struct OracleOnOneWeightEach : testing::Test {
    Net net{shaped(2, 1, 1, 1, Activation::relu), {2, 3}};
    Examples examples{1, 1, 1, {0.5}, {0}};
};

TEST_F(OracleOnOneWeightEach, LossAndGradientAreThoseOfTheHandCalculation) {
    EXPECT_EQ(outputs(net, examples), Vec{3});
    EXPECT_EQ(loss(net, examples, Loss::mse), 2);                // ½ (3 - 1)²
    EXPECT_EQ(gradient(net, examples, Loss::mse), (Vec{3, 2}));  // error · u x, error · z
    EXPECT_EQ(loss(net, examples, Loss::cross_entropy), 0);      // a single class is certain
    EXPECT_EQ(gradient(net, examples, Loss::cross_entropy), Vec(2));
}

TEST_F(OracleOnOneWeightEach, HessianIsThatOfTheHandCalculation) {
    DenseHessian const dense = dense_hessian(net, examples, Loss::mse);
    EXPECT_EQ(dense.h, (Vec{2.25, 2.5, 2.5, 1}));  // (u x)², u x · w x + error · x, (w x)²
    Spectrum const spectrum = hessian_spectrum(net, examples, Loss::mse);
    EXPECT_NEAR(spectrum.values[0], 1.625 - std::sqrt(6.640625), 1e-14);
    EXPECT_NEAR(spectrum.values[1], 1.625 + std::sqrt(6.640625), 1e-14);
}

TEST_F(OracleOnOneWeightEach, ADeadUnitHasNoGradientAndNoCurvature) {
    for (double const w : {-2.0, 0.0}) {  // at z = 0 the derivative is 0 by definition
        net.theta[0] = w;
        EXPECT_EQ(gradient(net, examples, Loss::mse), Vec(2));
        EXPECT_EQ(exact_Hv(net, examples, Loss::mse, {1, 1}), Vec(2));
        EXPECT_EQ(sign_pattern(net, examples), std::vector<char>{0});
    }
}

TEST_F(OracleOnOneWeightEach, MomentumIsHeavyBall) {
    std::vector<Examples> const batches(2, examples);
    auto const rows = train(net, batches, Loss::mse, 0.1, 0.5);
    EXPECT_EQ(rows[0], net.theta);
    EXPECT_LE(difference(rows[1], Vec{1.7, 2.8}), 1e-15);
    // f = 1.7 · 0.5 · 2.8 = 2.38, error 1.38: g = (1.932, 1.173), m = (3.432, 2.173)
    EXPECT_LE(difference(rows[2], Vec{1.3568, 2.5827}), 1e-14);
}

TEST_F(OracleOnOneWeightEach, NotANumberPassesThroughTheRelu) {
    net.theta[0] = std::nan("");
    EXPECT_TRUE(std::isnan(loss(net, examples, Loss::mse)));
}

TEST(Oracle, SoftmaxOfOneMatrixIsThatOfTheHandCalculation) {
    // outputs (0, ln 3), so p = (1/4, 3/4); label 0.
    Net const net{shaped(1, 7, 1, 2, Activation::relu), {0, std::log(3)}};
    Examples const examples{1, 1, 2, {1}, {0}};
    EXPECT_NEAR(loss(net, examples, Loss::cross_entropy), std::log(4), 1e-15);
    EXPECT_LE(difference(gradient(net, examples, Loss::cross_entropy), Vec{-0.75, 0.75}), 1e-15);
    Spectrum const s = hessian_spectrum(net, examples, Loss::cross_entropy);
    EXPECT_NEAR(s.values[0], 0, 1e-15);
    EXPECT_NEAR(s.values[1], 2 * 3.0 / 16, 1e-15);  // p₀ p₁ (1, -1; -1, 1)
}

TEST(Oracle, SoftmaxOfLargeOutputsIsStable) {
    Net const net{shaped(1, 1, 1, 2, Activation::linear), {-5000, 5000}};
    Examples const examples{2, 1, 2, {1, -1}, {0, 0}};
    EXPECT_EQ(loss(net, examples, Loss::cross_entropy), 5000);  // mean of 10000 and 0
    EXPECT_TRUE(std::isfinite(largest(gradient(net, examples, Loss::cross_entropy))));
}

TEST(Oracle, AccuracyGivesTiesToTheLowestIndex) {
    Net const net{shaped(1, 1, 1, 3, Activation::linear), {1, 1, 0}};
    EXPECT_EQ(accuracy(net, {2, 1, 3, {1, 1}, {0, 1}}), 0.5);
}

TEST(Oracle, MeanSquaredErrorIsAMeanOverExamplesAndClasses) {
    Net const net{shaped(1, 1, 1, 2, Activation::linear), {1, 2}};
    // errors (0, 2) and (2, 3): ½ (4 + 13) / 4
    EXPECT_EQ(loss(net, {2, 1, 2, {1, 2}, {0, 1}}, Loss::mse), 17.0 / 8);
}

TEST(Oracle, OperandsThatDoNotFitAreRefused) {
    Net const net = random_net(shaped(2, 3, 4, 2, Activation::relu), 1);
    EXPECT_THROW(loss(net, random_examples(2, 5, 2, 1), Loss::mse), std::invalid_argument);
    EXPECT_THROW(loss(net, {1, 4, 2, Vec(4), {2}}, Loss::mse), std::invalid_argument);
    EXPECT_THROW(exact_Hv(net, random_examples(2, 4, 2, 1), Loss::mse, {1}), std::invalid_argument);
}

TEST(OracleInit, VariancesAndMultipliersAreThoseOfTheDesign) {
    FcnSpec spec = shaped(3, 16, 8, 4, Activation::relu);
    spec.output_scale = 3;
    spec.output_exponent = 0.25;  // 16^0.25 = 2
    EXPECT_EQ(layer_multiplier(spec, 1), 1);
    EXPECT_EQ(layer_multiplier(spec, 2), 1.5);
    EXPECT_EQ(init_variance(spec, 0), 2.0 / 8);
    EXPECT_EQ(init_variance(spec, 2), 1.0 / 16);
    spec.last_layer = LastLayer::scaled;
    EXPECT_EQ(init_variance(spec, 2), 1.0 / 256);
    spec.last_layer = LastLayer::zero;
    EXPECT_EQ(init_variance(spec, 2), 0);
    spec.parameterization = Parameterization::ntk;
    EXPECT_EQ(init_variance(spec, 2), 0);
    EXPECT_EQ(init_variance(spec, 0), 1);
    EXPECT_EQ(layer_multiplier(spec, 0), 0.5);
    EXPECT_EQ(layer_multiplier(spec, 2), 1.5 / 4);
    spec.activation = Activation::tanh;
    EXPECT_EQ(layer_multiplier(spec, 1), 0.25);
    spec.parameterization = Parameterization::mup;
    EXPECT_THROW(layer_multiplier(spec, 0), std::invalid_argument);
    spec.output_exponent = 0;
    EXPECT_EQ(layer_multiplier(spec, 2), 3.0 / 16);
    spec.last_layer = LastLayer::scaled;
    EXPECT_THROW(init_variance(spec, 2), std::invalid_argument);
}

TEST(OracleInit, ParameterisationsComputeOneFunctionWithDifferentWeights) {
    FcnSpec spec = shaped(3, 9, 5, 2, Activation::relu);
    Examples const examples = random_examples(4, 5, 2, 3);
    Net const standard = random_net(spec, 11);
    spec.parameterization = Parameterization::ntk;
    Net ntk = random_net(spec, 11);  // the same normal numbers, other deviations
    EXPECT_LE(difference(outputs(standard, examples), outputs(ntk, examples)), 1e-14);
    ntk.spec.parameterization = Parameterization::mup;
    Vec thirds = outputs(standard, examples);
    for (double& o : thirds) o /= 3;  // √w
    EXPECT_LE(difference(thirds, outputs(ntk, examples)), 1e-14);
}

TEST(OracleInit, RandomNumbersAreNormalAndRepeat) {
    Vec const a = Random(5).normals(40000);
    EXPECT_EQ(a, Random(5).normals(40000));
    double mean = 0, square = 0;
    for (double const x : a) mean += x / 40000, square += x * x / 40000;
    EXPECT_NEAR(mean, 0, 0.02);
    EXPECT_NEAR(square, 1, 0.03);
}

// Each activation with each loss; odd sizes, every multiplier different from one.
class OracleDerivatives : public testing::TestWithParam<std::tuple<Activation, Loss>> {
protected:
    Net net = [] {
        FcnSpec spec = shaped(4, 7, 5, 3, std::get<0>(GetParam()));
        spec.parameterization = Parameterization::ntk;
        spec.output_scale = 1.5;
        return random_net(spec, 2);
    }();
    Examples examples = random_examples(6, 5, 3, 9);
    Loss kind = std::get<1>(GetParam());
    Vec v = Random(4).normals(net.theta.size());
};

TEST_P(OracleDerivatives, GradientAgreesWithDifferencesOfTheLoss) {
    Vec const g = gradient(net, examples, kind);
    double worst = 0;
    for (std::size_t p = 0; p < g.size(); ++p) {
        auto const at = [&](double step) {
            Net moved = net;
            moved.theta[p] += step;
            return loss(moved, examples, kind);
        };
        double const wide = (at(2e-4) - at(-2e-4)) / 4e-4, near = (at(1e-4) - at(-1e-4)) / 2e-4;
        worst = larger(worst, std::abs((4 * near - wide) / 3 - g[p]));
    }
    EXPECT_LE(worst, 1e-10 * largest(g));
}

TEST_P(OracleDerivatives, HessianProductsOfThreeKindsAgree) {
    ASSERT_FALSE(crosses_kink(net, examples, v));
    Vec const exact = exact_Hv(net, examples, kind, v);
    EXPECT_LE(difference(Hv(net, examples, kind, v), exact), 1e-9 * largest(exact));
    DenseHessian const dense = dense_hessian(net, examples, kind);
    EXPECT_LE(dense.asymmetry, 1e-14 * largest(dense.h));
    Vec product(v.size());
    for (std::size_t i = 0; i < v.size(); ++i)
        for (std::size_t j = 0; j < v.size(); ++j) product[i] += dense.h[i * v.size() + j] * v[j];
    EXPECT_LE(difference(product, exact), 1e-13 * largest(exact));
}

TEST_P(OracleDerivatives, TopEigenvalueByLanczosIsThatOfTheDenseHessian) {
    Spectrum const all = hessian_spectrum(net, examples, kind);
    TopEigenpair const top = top_eigenvalue(net, examples, kind);
    EXPECT_TRUE(top.converged);
    EXPECT_GE(top.steps, 40);
    EXPECT_NEAR(top.value, all.values.back(), 1e-12 * all.values.back());
    PowerResult const long_power = power(net, examples, kind, v, 2000);
    double const extreme = std::abs(all.values.front()) > std::abs(all.values.back())
                               ? all.values.front()
                               : all.values.back();
    EXPECT_NEAR(long_power.sharpness, extreme, 1e-6 * std::abs(extreme));
}

std::string title(testing::TestParamInfo<OracleDerivatives::ParamType> const& info) {
    auto const [activation, loss] = info.param;
    return std::string(activation_names[static_cast<std::size_t>(activation)]) + "_" +
           std::string(loss_names[static_cast<std::size_t>(loss)]);
}

INSTANTIATE_TEST_SUITE_P(All, OracleDerivatives,
                         testing::Combine(testing::Values(Activation::relu, Activation::tanh,
                                                          Activation::linear),
                                          testing::Values(Loss::mse, Loss::cross_entropy)),
                         title);

// With a zero last layer and mean squared error the Hessian is, at the start, nearly K copies of
// one block: the case in which a small residual has been seen to belong to a lower eigenvalue.
TEST(Oracle, TopEigenvalueHoldsWhereTheTopIsNearlyRepeated) {
    FcnSpec spec = shaped(2, 12, 6, 10, Activation::relu);
    spec.last_layer = LastLayer::zero;
    Net const net = random_net(spec, 21);
    Examples const examples = random_examples(64, 6, 10, 22);
    Spectrum const all = hessian_spectrum(net, examples, Loss::mse);
    double const first = all.values.back(), tenth = all.values[all.values.size() - 10];
    ASSERT_LT((first - tenth) / first, 0.1);
    TopEigenpair const top = top_eigenvalue(net, examples, Loss::mse);
    EXPECT_TRUE(top.converged);
    EXPECT_NEAR(top.value, first, 1e-11 * first);
}

TEST(Oracle, ComparisonsOfArraysKeepNotANumber) {
    Vec const nan_first{std::nan(""), 1}, nan_last{1, std::nan("")};
    EXPECT_TRUE(std::isnan(largest(nan_first)) && std::isnan(largest(nan_last)));
    EXPECT_TRUE(std::isnan(difference(nan_first, Vec{1, 1})));
    EXPECT_THROW(difference(Vec(2), Vec(3)), std::invalid_argument);
}

TEST(Oracle, DifferencesSayWhenTheyCrossAKink) {
    Net const net{shaped(2, 1, 1, 1, Activation::relu), {1e-9, 1}};
    Examples const examples{1, 1, 1, {1}, {0}};
    EXPECT_TRUE(crosses_kink(net, examples, {1, 0}));
    EXPECT_FALSE(crosses_kink(net, examples, {0, 1}));
}

TEST(Oracle, AZeroDirectionHasAZeroProduct) {
    Net const net = random_net(shaped(2, 3, 2, 2, Activation::tanh), 1);
    Examples const examples = random_examples(3, 2, 2, 1);
    Vec const zero(net.theta.size());
    EXPECT_EQ(exact_Hv(net, examples, Loss::mse, zero), zero);
    EXPECT_EQ(Hv(net, examples, Loss::mse, zero), zero);
}

}  // namespace
}  // namespace sg::oracle
