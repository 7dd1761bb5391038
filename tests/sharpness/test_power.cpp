// SPDX-License-Identifier: MIT
#include "cuda/sharpness/power.hpp"

#include "tests/support/cohort.hpp"
#include "tests/support/spaces.hpp"

namespace sg::test {
namespace {

class PowerTest : public OnEverySpace {};
SG_SPACES(PowerTest);

// Four networks: 1 is skipped, 2 collapsed, 3 holds a NaN.
template <class T>
void expect_published_method(Exec const& exec, Activation activation, int iterations,
                             double tolerance) {
    auto const spec = fcn(3, 8, 6, 4, activation);
    auto nets = random_nets<T>(spec, 4);
    auto const examples = random_examples<T>(spec, 40);
    std::fill(nets[2].theta.begin(), nets[2].theta.begin() + 48, 0.0);
    nets[3].theta[100] = std::nan("");
    Cohort<T> cohort(exec, Loss::mse, examples, nets);
    cohort.kill(1);
    cohort.linearise();
    Planned<PowerIteration<T>> power(exec, cohort.model, 4);
    power->set_random_start();
    power->run(*cohort.op, cohort.nets(), iterations);
    Vec const start = widened(to_host(exec, power->start().data, cohort.params));
    for (double const x : start) EXPECT_EQ(std::abs(x), 1);
    auto const results = to_host(exec, power->results(), 4);
    auto const truth = oracle::power(nets[0], examples, Loss::mse, start, iterations);
    EXPECT_NEAR(results[0].lambda, truth.sharpness, tolerance * std::abs(truth.sharpness));
    Vec const Hu = oracle::exact_Hv(nets[0], examples, Loss::mse, truth.vector);
    double square = 0;
    for (std::size_t p = 0; p < Hu.size(); ++p)
        square += std::pow(Hu[p] - truth.sharpness * truth.vector[p], 2);
    EXPECT_NEAR(results[0].residual, std::sqrt(square), 1e3 * tolerance * truth.sharpness);
    EXPECT_EQ(results[0].products, iterations + 1);
    EXPECT_EQ(results[0].status, EigenStatus::bound_only);
    EXPECT_EQ(results[1].status, EigenStatus::skipped);
    EXPECT_EQ(results[3].status, EigenStatus::not_converged);
    EXPECT_TRUE(std::isnan(results[3].lambda));
    if (activation == Activation::relu) {
        EXPECT_EQ(results[2].status, EigenStatus::collapsed);
        EXPECT_EQ(results[2].products, 0);
        EXPECT_EQ(results[2].lambda, 0);
    }
}

TEST_P(PowerTest, FollowsTheOracle) {
    for (auto const activation : {Activation::relu, Activation::tanh})
        for (int const iterations : {1, 3, 20}) {
            expect_published_method<double>(exec(), activation, iterations, 1e-10);
            expect_published_method<float>(exec(), activation, iterations, 2e-5);
        }
}

TEST_P(PowerTest, AHessianOfZeroGivesZeroAndNotANumber) {
    auto const spec = fcn(2, 3, 4, 1, Activation::linear);  // a single class is certain
    Cohort<float> cohort(exec(), Loss::cross_entropy, random_examples<float>(spec, 5),
                         random_nets<float>(spec, 1));
    cohort.linearise();
    Planned<PowerIteration<float>> power(exec(), cohort.model, 1);
    power->set_random_start();
    power->run(*cohort.op, cohort.nets(), 20);
    auto const result = to_host(exec(), power->results(), 1)[0];
    EXPECT_EQ(result.lambda, 0);
    EXPECT_EQ(result.residual, 0);
}

TEST_P(PowerTest, ANetworkHasTheSameBitsAloneAndAmongOthers) {
    auto const spec = fcn(3, 17, 9, 4);
    auto const nets = random_nets<float>(spec, 5);
    auto const examples = random_examples<float>(spec, 20);
    Cohort<float> all(exec(), Loss::mse, examples, nets),
        one(exec(), Loss::mse, examples, {nets[3]});
    all.linearise();
    one.linearise();
    Planned<PowerIteration<float>> a(exec(), all.model, 5), b(exec(), one.model, 1);
    a->set_random_start();
    b->set_random_start();
    a->run(*all.op, all.nets(), 5);
    b->run(*one.op, one.nets(), 5);
    EXPECT_EQ(to_host(exec(), a->results(), 5)[3].lambda,
              to_host(exec(), b->results(), 1)[0].lambda);
    EXPECT_EQ(to_host(exec(), a->results(), 5)[3].residual,
              to_host(exec(), b->results(), 1)[0].residual);
}

}  // namespace
}  // namespace sg::test
