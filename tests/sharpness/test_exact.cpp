// SPDX-License-Identifier: MIT
#include "cuda/sharpness/exact.hpp"

#include "tests/support/cohort.hpp"
#include "tests/support/spaces.hpp"

namespace sg::test {
namespace {

class ExactTest : public OnEverySpace {};
SG_SPACES(ExactTest);

// Four networks: 1 is skipped, 2 collapsed (relu), 3 holds a NaN.
template <class T>
void expect_spectrum(Exec const& exec, FcnSpec const& spec, Loss loss, double tolerance) {
    auto nets = random_nets<T>(spec, 4);
    auto const examples = random_examples<T>(spec, 20);
    std::fill(nets[2].theta.begin(), nets[2].theta.begin() + spec.inputs * spec.width, 0.0);
    nets[3].theta.back() = std::nan("");
    Cohort<T> cohort(exec, loss, examples, nets);
    cohort.kill(1);
    cohort.linearise();
    Planned<ExactSpectrum<T>> exact(exec, cohort.model, 4);
    exact->run(*cohort.op, cohort.nets());
    auto const results = to_host(exec, exact->results(), 4);
    auto const truth = oracle::hessian_spectrum(nets[0], examples, loss);
    double const size = truth.values.back();
    EXPECT_ARRAY_NEAR(exact->eigenvalues(0), truth.values, tolerance * size);
    EXPECT_NEAR(results[0].lambda, size, tolerance * size);
    EXPECT_LE(results[0].residual, 10 * tolerance * size);
    EXPECT_EQ(results[0].products, cohort.params + 1);
    EXPECT_EQ(results[0].status, EigenStatus::converged);
    EXPECT_EQ(results[1].status, EigenStatus::skipped);
    EXPECT_EQ(results[3].status, EigenStatus::not_converged);
    if (spec.activation == Activation::relu) {
        EXPECT_EQ(results[2].status, EigenStatus::collapsed);
        EXPECT_EQ(results[2].lambda, 0);
        EXPECT_EQ(results[2].products, 0);
    }
}

TEST_P(ExactTest, AgreesWithTheOracle) {
    for (auto const loss : {Loss::mse, Loss::cross_entropy}) {
        expect_spectrum<double>(exec(), fcn(3, 5, 4, 3), loss, 1e-12);
        expect_spectrum<float>(exec(), fcn(3, 5, 4, 3), loss, 2e-6);
        expect_spectrum<double>(exec(), fcn(2, 1, 2, 2, Activation::tanh), loss, 1e-12);
    }
}

TEST_P(ExactTest, TooManyParametersAreTheUsersConcern) {
    Arena arena;
    EXPECT_THROW(ExactSpectrum<float>(exec(), arena, build_fcn(fcn(1, 1, 4097, 1)), 1), UserError);
    EXPECT_NO_THROW(ExactSpectrum<float>(exec(), arena, build_fcn(fcn(1, 1, 4096, 1)), 1));
}

}  // namespace
}  // namespace sg::test
