// SPDX-License-Identifier: MIT
// All of the spectrum where something is wrong with a network, and what its neighbours notice of it: nothing.
#include "cuda/sharpness/spectrum.hpp"

#include "tests/support/spaces.hpp"
#include "tests/support/spectrum_run.hpp"

namespace sg::test {
namespace {

Vec numbers(NetSpectrum const& s) {
    Vec all{s.smallest, s.smallest_residual, double(s.products), double(s.status)};
    for (auto const* part : {&s.top, &s.top_residual}) all.insert(all.end(), part->begin(), part->end());
    for (auto const& q : s.probes)
        for (auto const* part : {&q.node, &q.weight})
            all.insert(all.end(), part->begin(), part->end());
    return all;
}

class SpectrumTest : public OnEverySpace {
protected:
    SpectrumOptions options{4, true, 2, 12};
    FcnSpec spec = fcn(3, 9, 6, 4);
    oracle::Examples examples = random_examples<float>(spec, 30);
};
SG_SPACES(SpectrumTest);

TEST_P(SpectrumTest, ANetworkHasTheSameBitsAloneAndAmongOthers) {
    auto const nets = random_nets<float>(spec, 5);
    auto moved = nets;
    std::swap(moved[1], moved[4]);
    SpectrumRun<float> five(exec(), Loss::mse, examples, nets, options),
        other(exec(), Loss::mse, examples, moved, options),
        one(exec(), Loss::mse, examples, {nets[1]}, options);
    for (int const step : {0, 3}) {
        auto const alone = numbers(one.measure(step)[0]);
        EXPECT_SAME_BITS(numbers(five.measure(step)[1]), alone);
        EXPECT_SAME_BITS(numbers(other.measure(step)[4]), alone);
    }
    EXPECT_NE(numbers(one.measure(0)[0]), numbers(one.measure(3)[0]));  // other probes
    EXPECT_NE(one.measure(0)[0].probes[0].node, one.measure(0)[0].probes[1].node);
}

// More memory for one of the parts, as the plan may have, changes no number of another.
TEST_P(SpectrumTest, EachPartHasTheSameBitsWithoutTheOthers) {
    auto const nets = random_nets<float>(spec, 2);
    SpectrumRun<float> all(exec(), Loss::mse, examples, nets, {4, true, 2, 60}),
        top(exec(), Loss::mse, examples, nets, {4, false, 0, 0}),
        smallest(exec(), Loss::mse, examples, nets, {0, true, 0, 0}),
        density(exec(), Loss::mse, examples, nets, {0, false, 2, 60});
    auto const a = all.measure()[1];
    EXPECT_SAME_BITS(a.top, top.measure()[1].top);
    EXPECT_EQ(a.smallest, smallest.measure()[1].smallest);
    EXPECT_SAME_BITS(a.probes[1].node, density.measure()[1].probes[1].node);
    EXPECT_EQ(a.products, top.measure()[1].products + smallest.measure()[1].products +
                              density.measure()[1].products);
}

TEST_P(SpectrumTest, SickNetworksAreToldApartAndLeaveTheirNeighboursAlone) {
    auto const nets = random_nets<float>(spec, 5);
    auto sick = nets;
    sick[1].theta[0] = std::nan("");
    for (std::size_t p = 54; p < 135; ++p) sick[2].theta[p] = -std::abs(sick[2].theta[p]);
    SpectrumRun<float> a(exec(), Loss::mse, examples, nets, options),
        b(exec(), Loss::mse, examples, sick, options);
    b.cohort.kill(3);
    b.cohort.linearise();
    auto const well = a.measure(), ill = b.measure();
    for (std::size_t const n : {0u, 4u}) EXPECT_SAME_BITS(numbers(well[n]), numbers(ill[n]));
    EXPECT_EQ(ill[1].status, EigenStatus::not_converged);
    for (double const x : ill[1].top) EXPECT_TRUE(std::isnan(x));
    EXPECT_TRUE(std::isnan(ill[1].smallest));
    EXPECT_TRUE(ill[1].probes[0].node.empty());
    EXPECT_EQ(ill[2].status, EigenStatus::collapsed);
    EXPECT_EQ(ill[2].top, Vec(4));
    EXPECT_EQ(ill[2].smallest, 0);
    EXPECT_EQ(ill[2].probes[1].node, Vec{0});
    EXPECT_EQ(ill[2].probes[1].weight, Vec{1});
    EXPECT_EQ(ill[2].products, 0);
    EXPECT_EQ(ill[3].status, EigenStatus::skipped);
    EXPECT_EQ(ill[3].products, 0);
}

TEST_P(SpectrumTest, AHessianOfZeroIsZero) {
    for (int const inputs : {6, 20}) {  // 30 parameters, all of which are spanned, and 100
        auto const certain = fcn(2, 5, inputs, 1, Activation::linear);  // one class: the loss is 0
        SpectrumRun<float> run(exec(), Loss::cross_entropy, random_examples<float>(certain, 9),
                               random_nets<float>(certain, 2), options);
        for (auto const& net : run.measure()) {
            EXPECT_EQ(net.top, Vec(4));
            EXPECT_EQ(net.top_residual, Vec(4));
            EXPECT_EQ(std::abs(net.smallest), 0);
            EXPECT_EQ(net.status, EigenStatus::converged);
            for (auto const& q : net.probes) {
                EXPECT_EQ(q.node, Vec{0});
                EXPECT_EQ(q.products, 1);
            }
        }
    }
}

TEST_P(SpectrumTest, OneParameterIsASpectrum) {
    auto const one = fcn(1, 1, 1, 1, Activation::linear);
    oracle::Examples const two{2, 1, 1, {1, 2}, {0, 0}};  // H = (1 + 4) / 2
    SpectrumRun<double> run(exec(), Loss::mse, two, random_nets<double>(one, 1), {1, true, 1, 64});
    auto const found = run.measure()[0];
    EXPECT_NEAR(found.top[0], 2.5, 1e-14);
    EXPECT_NEAR(found.smallest, 2.5, 1e-14);
    ASSERT_EQ(found.probes[0].node.size(), 1u);
    EXPECT_NEAR(found.probes[0].node[0], 2.5, 1e-14);
}

}  // namespace
}  // namespace sg::test
