// SPDX-License-Identifier: MIT
// Lanczos where something is wrong with a network, and what its neighbours notice of it: nothing.
#include "cuda/sharpness/lanczos.hpp"
#include "tests/support/eigen_run.hpp"
#include "tests/support/spaces.hpp"

namespace sg::test {
namespace {

class LanczosHardTest : public OnEverySpace {
protected:
    FcnSpec spec = fcn(3, 9, 6, 4);
    oracle::Examples examples = random_examples<float>(spec, 30);

    void expect_same(EigenResult const& a, EigenResult const& b) const {
        EXPECT_SAME_BITS((Vec{a.lambda, a.residual}), (Vec{b.lambda, b.residual}));
        EXPECT_EQ(a.products, b.products);
        EXPECT_EQ(a.status, b.status);
    }
};
SG_SPACES(LanczosHardTest);

TEST_P(LanczosHardTest, ACollapsedNetworkCostsNothing) {
    auto nets = random_nets<float>(spec, 3);
    for (std::size_t p = 54; p < 135; ++p) nets[1].theta[p] = -std::abs(nets[1].theta[p]);
    EigenRun<float> run(exec(), Loss::mse, examples, nets);
    for (auto const& rule : {LanczosRule::initial(), warm(1), LanczosRule::audit()}) {
        auto const results = run.run(rule);
        EXPECT_EQ(results[1].status, EigenStatus::collapsed);
        EXPECT_EQ(results[1].lambda, 0);
        EXPECT_EQ(results[1].residual, 0);
        EXPECT_EQ(results[1].products, 0);
        EXPECT_EQ(results[0].status, EigenStatus::converged);
        EXPECT_EQ(results[2].status, EigenStatus::converged);
        EXPECT_GT(results[2].lambda, 0);
    }
}

TEST_P(LanczosHardTest, AHessianOfZeroIsZero) {
    auto const certain =
        fcn(2, 5, 6, 1, Activation::linear);  // a single class: the loss is always 0
    EigenRun<float> run(exec(), Loss::cross_entropy, random_examples<float>(certain, 9),
                        random_nets<float>(certain, 2));
    auto smallest = LanczosRule::audit();
    smallest.smallest = true;
    for (auto const& rule :
         {LanczosRule::initial(), warm(1), warm(2), LanczosRule::audit(), smallest})
        for (auto const& result : run.run(rule)) {
            EXPECT_EQ(result.lambda, 0);
            EXPECT_EQ(result.residual, 0);
            EXPECT_EQ(result.status, EigenStatus::converged);
            EXPECT_LE(result.products, 20);
        }
}

// Of rank one: from the second product on there is nothing left of the residual.
TEST_P(LanczosHardTest, AHessianOfLowRankIsNotOverestimated) {
    auto const line = fcn(1, 1, 40, 1, Activation::linear);
    auto const one = random_examples<float>(line, 1);
    double truth = 0;
    for (double const x : one.x) truth += x * x;
    EigenRun<float> run(exec(), Loss::mse, one, random_nets<float>(line, 2));
    for (auto const& rule : {LanczosRule::initial(), warm(1), warm(2), LanczosRule::audit()})
        for (auto const& result : run.run(rule)) {
            EXPECT_NEAR(result.lambda, truth, 1e-5 * truth);
            EXPECT_LE(result.residual, 1e-4 * truth);
            EXPECT_EQ(result.status, EigenStatus::converged);
        }
}

// Every vector is an eigenvector: each residual is rounding, and random signs make up the basis.
// With few parameters they are often what is there already.
TEST_P(LanczosHardTest, AMultipleOfTheIdentityIsNotOverestimated) {
    for (int const P : {1, 2, 3, 5, 8, 40}) {
        auto const flat_spec = fcn(1, 1, P, 1, Activation::linear);
        auto const size = static_cast<std::size_t>(P);
        oracle::Examples units{P, P, 1, Vec(size * size), std::vector<int>(size)};
        for (std::size_t i = 0; i < size; ++i) units.x[i * size + i] = 2 * std::sqrt(P);  // H = 4
        EigenRun<float> run(exec(), Loss::mse, units, random_nets<float>(flat_spec, 6));
        run.cohort.seed.set(std::vector<int>{1, 2, 3, 4, 5, 6});
        auto smallest = LanczosRule::audit();
        smallest.smallest = P == 40;
        for (auto const& rule :
             {LanczosRule::initial(), warm(1), warm(2), LanczosRule::audit(), smallest})
            for (auto const& result : run.run(rule)) {
                EXPECT_NEAR(result.lambda, 4, 2e-5) << "P = " << P << ", warm " << rule.warm;
                EXPECT_EQ(result.status, EigenStatus::converged);
            }
    }
}

TEST_P(LanczosHardTest, NotANumberEndsAtOnceAndLeavesTheNeighboursAlone) {
    auto nets = random_nets<float>(spec, 5);
    auto sick = nets;
    sick[1].theta[0] = std::nan("");
    sick[3].theta[2] = 3e38;  // infinite activations
    EigenRun<float> a(exec(), Loss::mse, examples, nets), b(exec(), Loss::mse, examples, sick);
    for (auto const& rule : {LanczosRule::initial(), warm(1), warm(2)}) {
        auto const well = a.run(rule), ill = b.run(rule);
        for (std::size_t const n : {0u, 2u, 4u}) expect_same(well[n], ill[n]);
        for (std::size_t const n : {1u, 3u}) {
            EXPECT_EQ(ill[n].status, EigenStatus::not_converged);
            EXPECT_FALSE(std::isfinite(ill[n].lambda) && std::isfinite(ill[n].residual));
            EXPECT_LE(ill[n].products, 2);
        }
    }
    for (int const n : {0, 2, 4}) EXPECT_SAME_BITS(a.start(n), b.start(n));
}

TEST_P(LanczosHardTest, ASkippedNetworkIsSkipped) {
    auto const nets = random_nets<float>(spec, 3);
    EigenRun<float> a(exec(), Loss::mse, examples, nets), b(exec(), Loss::mse, examples, nets);
    static_cast<void>(a.run(LanczosRule::initial()));
    static_cast<void>(b.run(LanczosRule::initial()));
    b.cohort.kill(1);
    b.cohort.linearise();
    auto const before = b.start(1);
    auto const alive = a.run(warm(1)), dead = b.run(warm(1));
    EXPECT_EQ(dead[1].status, EigenStatus::skipped);
    EXPECT_EQ(dead[1].products, 0);
    EXPECT_SAME_BITS(b.start(1), before);
    expect_same(alive[0], dead[0]);
    expect_same(alive[2], dead[2]);
}

// Alone, in a slice of seven and in another slot: cold, warm and warm again, with several restarts.
TEST_P(LanczosHardTest, ANetworkHasTheSameBitsAloneAndAmongOthers) {
    auto const slow = fcn(2, 11, 70, 5);
    auto const data = random_examples<float>(slow, 130);
    auto const nets = random_nets<float>(slow, 7);
    auto shuffled_nets = nets;
    std::swap(shuffled_nets[2], shuffled_nets[6]);
    EigenRun<float> seven(exec(), Loss::mse, data, nets),
        other(exec(), Loss::mse, data, shuffled_nets), one(exec(), Loss::mse, data, {nets[2]});
    auto cold = LanczosRule::initial();
    cold.min_products = 50;
    for (auto const& rule : {cold, warm(1), warm(2)}) {
        auto const a = seven.run(rule)[2], b = other.run(rule)[6], c = one.run(rule)[0];
        expect_same(a, c);
        expect_same(b, c);
        if (!rule.warm) {
            EXPECT_GE(c.products, 50);
        }
    }
    EXPECT_SAME_BITS(seven.start(2), one.start(0));
    EXPECT_SAME_BITS(other.start(6), one.start(0));
}

}  // namespace
}  // namespace sg::test
