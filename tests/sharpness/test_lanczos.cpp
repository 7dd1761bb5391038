// SPDX-License-Identifier: MIT
#include "cuda/sharpness/lanczos.hpp"

#include "tests/support/eigen_run.hpp"
#include "tests/support/random.hpp"
#include "tests/support/spaces.hpp"

namespace sg::test {
namespace {

struct Case {
    FcnSpec spec;
    Loss loss;
    int examples;
};

std::vector<Case> cases() {
    auto zero = fcn(2, 12, 6, 10);
    zero.last_layer = LastLayer::zero;
    auto mup = fcn(3, 9, 5, 3, Activation::tanh);
    mup.parameterization = Parameterization::mup;
    return {{fcn(4, 9, 8, 4), Loss::mse, 40},
            {fcn(3, 8, 6, 3, Activation::tanh), Loss::cross_entropy, 30},
            {fcn(1, 4, 20, 5, Activation::linear), Loss::mse, 50},  // depth 1: 5-fold eigenvalues
            {fcn(6, 12, 5, 3), Loss::cross_entropy, 1},             // one example
            {zero, Loss::mse, 64},
            {mup, Loss::mse, 30}};
}

class LanczosTest : public OnEverySpace {};
SG_SPACES(LanczosTest);

TEST_P(LanczosTest, TheInitialSharpnessIsThatOfTheOracle) {
    for (auto const& c : cases()) {
        SCOPED_TRACE(c.spec.depth);
        auto const nets = random_nets<double>(c.spec, 3);
        auto const examples = random_examples<double>(c.spec, c.examples);
        EigenRun<double> run(exec(), c.loss, examples, nets);
        auto const results = run.run(LanczosRule::initial());
        for (int n = 0; n < 3; ++n) {
            auto const& net = nets[static_cast<std::size_t>(n)];
            auto const& result = results[static_cast<std::size_t>(n)];
            double const truth = oracle::top_eigenvalue(net, examples, c.loss).value;
            EXPECT_EQ(result.status, EigenStatus::converged);
            EXPECT_GE(result.products, 12);
            EXPECT_LE(result.residual, 1e-4 * truth);
            EXPECT_NEAR(result.lambda, truth, 1e-5 * truth);
            EXPECT_LE(result.lambda, truth * (1 + 1e-12));
            // The vector that is kept is the one whose residual was reported.
            auto const x = row(widened(run.start(n)), 0, run.cohort.params);
            EXPECT_NEAR(residual_of(net, examples, c.loss, x, result.lambda), result.residual,
                        1e-9 * truth);
            EXPECT_EQ(run.last(n)[0], result.lambda);
            EXPECT_LE(run.last(n)[1], result.lambda);
            EXPECT_GT(run.last(n)[1], 0.1 * result.lambda);
        }
    }
}

TEST_P(LanczosTest, FloatComesAsCloseAsFloatCan) {
    for (auto const& c : cases()) {
        auto const nets = random_nets<float>(c.spec, 2);
        auto const examples = random_examples<float>(c.spec, c.examples);
        EigenRun<float> run(exec(), c.loss, examples, nets);
        auto const results = run.run(LanczosRule::initial());
        for (std::size_t n = 0; n < 2; ++n) {
            double const truth = oracle::top_eigenvalue(nets[n], examples, c.loss).value;
            EXPECT_EQ(results[n].status, EigenStatus::converged);
            EXPECT_NEAR(results[n].lambda, truth, 1e-5 * truth);
            EXPECT_LE(results[n].lambda, truth * (1 + 2e-6));
        }
    }
}

// 1e-10 needs more products than the subspace holds: it is cut down to its Ritz vectors on the way.
TEST_P(LanczosTest, ThickRestartsLoseNothing) {
    auto const spec = fcn(1, 1, 400, 2, Activation::linear);  // the spectrum of 300 random vectors
    auto const nets = random_nets<double>(spec, 2);
    auto const examples = random_examples<double>(spec, 300);
    EigenRun<double> run(exec(), Loss::mse, examples, nets);
    double const truth = oracle::top_eigenvalue(nets[0], examples, Loss::mse).value;
    for (auto const& result : run.run(strict(1e-10))) {
        EXPECT_EQ(result.status, EigenStatus::converged);
        EXPECT_GT(result.products, 24 + 20);  // two restarts at least
        EXPECT_LE(result.residual, 1e-10 * truth);
        EXPECT_NEAR(result.lambda, truth, 1e-13 * truth);
    }
}

TEST_P(LanczosTest, InFloatRestartsDoNotDriftAboveTheTruth) {
    auto const spec = fcn(1, 1, 150, 2, Activation::linear);
    auto const nets = random_nets<float>(spec, 1);
    auto const examples = random_examples<float>(spec, 200);
    EigenRun<float> run(exec(), Loss::mse, examples, nets);
    double const truth = oracle::top_eigenvalue(nets[0], examples, Loss::mse).value;
    auto rule = strict(1e-9);  // out of reach: it goes on in the rounding until it is told to stop
    rule.max_products = 200;
    auto const result = run.run(rule)[0];
    EXPECT_EQ(result.products, 200);
    EXPECT_EQ(result.status, EigenStatus::not_converged);
    EXPECT_NEAR(result.lambda, truth, 2e-6 * truth);
}

TEST_P(LanczosTest, TheSmallestEigenvalueIsThatOfTheOracle) {
    for (auto const& c : cases()) {
        auto const nets = random_nets<double>(c.spec, 2);
        auto const examples = random_examples<double>(c.spec, c.examples);
        if (nets[0].theta.size() > 250) continue;  // the oracle's Jacobi takes long
        auto const truth = oracle::hessian_spectrum(nets[1], examples, c.loss).values;
        EigenRun<double> run(exec(), c.loss, examples, nets);
        auto rule = strict(1e-7);
        rule.smallest = true;
        rule.max_products = 1000;
        auto const result = run.run(rule)[1];
        EXPECT_NEAR(result.lambda, truth.front(), 1e-8 * truth.back());
    }
}

// A linear network with more inputs than examples: the Hessian has rank 9 of 60, its smallest eigenvalue is 0.
TEST_P(LanczosTest, ASmallestEigenvalueOfZeroConverges) {
    auto const line = fcn(1, 1, 60, 1, Activation::linear);
    auto const nets = random_nets<float>(line, 2);
    auto const examples = random_examples<float>(line, 9);
    auto const truth = oracle::hessian_spectrum(nets[0], examples, Loss::mse).values;
    EigenRun<float> run(exec(), Loss::mse, examples, nets);
    auto rule = strict(1e-5);
    rule.smallest = true;
    for (auto const& result : run.run(rule)) {
        EXPECT_EQ(result.status, EigenStatus::converged);
        EXPECT_NEAR(result.lambda, 0, 1e-6 * truth.back());
        EXPECT_LE(result.products, 60);
    }
}

// Fewer parameters than the subspace may have vectors: it becomes the whole space and is exact.
TEST_P(LanczosTest, NetworksOfAFewParameters) {
    for (int const depth : {1, 2, 3, 5})
        for (auto const loss : {Loss::mse, Loss::cross_entropy}) {
            auto const spec = fcn(depth, 1, 1, loss == Loss::mse ? 1 : 2, Activation::tanh);
            auto const nets = random_nets<double>(spec, 3);
            auto const examples = random_examples<double>(spec, 7);
            EigenRun<double> run(exec(), loss, examples, nets);
            auto smallest = strict(1e-4);
            smallest.smallest = true;
            smallest.keep = false;
            for (int step = 0; step < 3; ++step)
                for (auto const& rule :
                     {step == 0 ? LanczosRule::initial() : warm(step), smallest}) {
                    auto const results = run.run(rule);
                    for (std::size_t n = 0; n < 3; ++n) {
                        auto const truth = oracle::hessian_spectrum(nets[n], examples, loss).values;
                        double const size = std::max(-truth.front(), truth.back());
                        EXPECT_NEAR(results[n].lambda, rule.smallest ? truth.front() : truth.back(),
                                    1e-12 * size)
                            << "P = " << truth.size() << ", step " << step;
                        EXPECT_LE(results[n].products, static_cast<int>(truth.size()));
                        EXPECT_EQ(results[n].status, EigenStatus::converged);
                    }
                }
        }
}

TEST_P(LanczosTest, DimensionFollowsTheNumberOfParameters) {
    EXPECT_EQ(Lanczos<float>::dimension(1), 1);
    EXPECT_EQ(Lanczos<float>::dimension(23), 23);
    EXPECT_EQ(Lanczos<float>::dimension(2'000'000), 24);
    EXPECT_EQ(Lanczos<float>::dimension(2'000'001), 12);
}

// Warm, at the θ of the run before: what it kept is the answer, for the fewest products.
TEST_P(LanczosTest, AWarmStartFromTheAnswerIsCheap) {
    auto const c = cases()[0];
    auto const nets = random_nets<double>(c.spec, 2);
    auto const examples = random_examples<double>(c.spec, c.examples);
    EigenRun<double> run(exec(), c.loss, examples, nets);
    auto const first = run.run(strict(1e-8));
    auto const second = run.run(warm(1));
    for (std::size_t n = 0; n < 2; ++n) {
        EXPECT_EQ(second[n].products, 2);
        EXPECT_EQ(second[n].status, EigenStatus::converged);
        EXPECT_NEAR(second[n].lambda, first[n].lambda, 1e-12 * first[n].lambda);
    }
}

// The first quotient is far from the last λ: at least `catapult_products` are spent.
TEST_P(LanczosTest, ACatapultGetsMoreProducts) {
    auto const c = cases()[0];
    auto const nets = random_nets<double>(c.spec, 2);
    EigenRun<double> run(exec(), c.loss, random_examples<double>(c.spec, c.examples), nets);
    auto const first = run.run(strict(1e-8));
    run.set_start(0, run.start(0), {1.4 * first[0].lambda, 0});  // 29 % off
    run.set_start(1, run.start(1), {1.5 * first[1].lambda, 0});
    auto const second = run.run(warm(1));
    EXPECT_EQ(second[0].products, 2);
    EXPECT_EQ(second[1].products, warm(1).catapult_products);
}

// The second vector of the last run is the first of this one: it is looked at where it came near, and only there.
TEST_P(LanczosTest, ASecondEigenvalueThatPassedTheFirstIsFound) {
    auto const c = cases()[1];
    auto const nets = random_nets<double>(c.spec, 2);
    EigenRun<double> run(exec(), c.loss, random_examples<double>(c.spec, c.examples), nets);
    auto const first = run.run(strict(1e-10));
    auto const P = run.cohort.params;
    Vec second;
    for (int n = 0; n < 2; ++n) {
        auto const start = run.start(n);
        auto swapped = row(start, 1, P);
        auto const top = row(start, 0, P);
        swapped.insert(swapped.end(), top.begin(), top.end());
        second.push_back(run.last(n)[1]);
        run.set_start(n, swapped, {second.back(), (n == 0 ? 0.65 : 0.55) * second.back()});
    }
    auto rule = warm(1);
    rule.catapult_products = 0;
    auto const results = run.run(rule);
    EXPECT_NEAR(results[0].lambda, first[0].lambda, 1e-4 * first[0].lambda);
    EXPECT_LT(results[1].lambda, 0.99 * first[1].lambda);
    // What was found is kept, in order; what was not looked for is remembered.
    EXPECT_NEAR(run.last(0)[0], first[0].lambda, 1e-4 * first[0].lambda);
    EXPECT_NEAR(run.last(0)[1], second[0], 1e-2 * second[0]);
    EXPECT_GE(run.last(1)[1], 0.55 * second[1]);
}

// x + 0.1 y, y a vector of noise: after two products the residual tells more than the Ritz value.
TEST_P(LanczosTest, AWarmValueIsALowerBoundAboveTheRitzValue) {
    for (auto const& c : cases()) {
        auto const nets = random_nets<double>(c.spec, 3);
        auto const examples = random_examples<double>(c.spec, c.examples);
        EigenRun<double> run(exec(), c.loss, examples, nets);
        static_cast<void>(run.run(strict(1e-8)));
        oracle::Random random(5);
        for (int n = 0; n < 3; ++n) {
            auto start = run.start(n);
            double const size = 0.1 / std::sqrt(static_cast<double>(run.cohort.params));
            for (double& entry : start) entry += size * random.normal();
            run.set_start(n, start, run.last(n));
        }
        auto rule = warm(1);
        rule.error = 1;  // two products, whatever is left
        rule.second_ratio = 2;
        auto const results = run.run(rule);
        for (int n = 0; n < 3; ++n) {
            auto const k = static_cast<std::size_t>(n);
            double const truth = oracle::top_eigenvalue(nets[k], examples, c.loss).value;
            EXPECT_EQ(results[k].products, 2);
            // The quotient of noise may be below 0 where the Hessian has such eigenvalues.
            EXPECT_LE(results[k].lambda, truth * (c.spec.depth == 1 ? 1 + 1e-12 : 1 + 2e-4));
            EXPECT_LT(truth - results[k].lambda, 0.9 * (truth - run.last(n)[0])) << c.spec.depth;
        }
    }
}

TEST_P(LanczosTest, AStartOfZeroOrOfNothingIsReplaced) {
    for (auto const& c : {cases()[0], cases()[4]}) {
        auto const nets = random_nets<double>(c.spec, 2);
        auto const examples = random_examples<double>(c.spec, c.examples);
        EigenRun<double> run(exec(), c.loss, examples, nets);
        static_cast<void>(run.run(strict(1e-4)));
        auto const both = static_cast<std::size_t>(2 * run.cohort.params);
        run.set_start(0, std::vector<double>(both), {0, 0});
        run.set_start(1, std::vector<double>(both, std::nan("")), {1, 1});
        auto rule = warm(1);
        rule.error = 1e-11;
        auto const results = run.run(rule);
        for (std::size_t n = 0; n < 2; ++n) {
            double const truth = oracle::top_eigenvalue(nets[n], examples, c.loss).value;
            EXPECT_NEAR(results[n].lambda, truth, 1e-9 * truth) << n;
            EXPECT_EQ(results[n].status, EigenStatus::converged);
        }
    }
}

TEST_P(LanczosTest, ARunThatKeepsNothingLeavesNoTrace) {
    auto const c = cases()[1];
    EigenRun<float> run(exec(), c.loss, random_examples<float>(c.spec, c.examples),
                        random_nets<float>(c.spec, 2));
    static_cast<void>(run.run(LanczosRule::initial()));
    auto const before = run.start(1);
    auto const last = run.last(0);
    auto const plain = run.run(warm(1));
    run.set_start(0, before, last);
    auto rule = LanczosRule::audit();
    rule.step = 1;
    EXPECT_FALSE(rule.keep);
    auto const kept = run.start(1);
    auto const audit = run.run(rule);
    EXPECT_GE(audit[1].products, 20);
    EXPECT_NE(audit[1].products, plain[1].products);
    EXPECT_SAME_BITS(run.start(1), kept);
    EXPECT_SAME_BITS(run.start(0), before);
    EXPECT_SAME_BITS(run.last(0), last);
}

TEST_P(LanczosTest, MaxProductsEndsARunThatHasNotConverged) {
    auto const c = cases()[0];
    EigenRun<float> run(exec(), c.loss, random_examples<float>(c.spec, c.examples),
                        random_nets<float>(c.spec, 1));
    auto rule = strict(1e-12);
    rule.max_products = 5;
    auto const result = run.run(rule)[0];
    EXPECT_EQ(result.products, 5);
    EXPECT_EQ(result.status, EigenStatus::not_converged);
    EXPECT_GT(result.lambda, 0);
}

}  // namespace
}  // namespace sg::test
