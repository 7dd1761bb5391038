// SPDX-License-Identifier: MIT
#include "host/regimes.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>

namespace sg {
namespace {

using enum Regime;

constexpr int steps = 20'000;

// λη as a function of the step, measured at every k-th, times exp(noise · normal).
Trajectory run(std::function<double(int)> const& product, int every = 1, double noise = 0,
               int last = steps) {
    std::mt19937 random(5);
    std::normal_distribution<double> normal(0, 1);
    Trajectory network;
    network.depth = 3;
    network.width = 64;
    network.seed = 7;
    network.c = 8;
    network.sharpness_0 = 32;
    network.learning_rate = 0.25;
    network.status = RunStatus::finished;
    for (int t = 0; t <= last; ++t) {
        double const lambda = product(t) * std::exp(noise * normal(random)) / 0.25;
        network.sharpness.push_back(t % every == 0 ? lambda : missing);
    }
    return network;
}

// From 8 to 0.7 by step 10, level to step 200, as a power of the step to the edge at step 5000,
// level.
double four_regimes(int t, double edge = 2) {
    if (t < 10) return 0.7 * std::pow(8 / 0.7, 1 - t / 10.0);
    if (t < 200) return 0.7;
    if (t < 5000) return 0.7 * std::pow(edge / 0.7, std::log(t / 200.0) / std::log(25.0));
    return edge;
}

void expect_spans(NetworkRegimes const& found, std::vector<Regime> const& wanted) {
    std::vector<Regime> regimes;
    for (RegimeSpan const& span : found.spans) regimes.push_back(span.regime);
    EXPECT_EQ(regimes, wanted);
    for (std::size_t k = 1; k < found.spans.size(); ++k)
        EXPECT_EQ(found.spans[k - 1].last, found.spans[k].first);
}

RegimeSpan span(NetworkRegimes const& network, Regime regime) {
    for (RegimeSpan const& span : network.spans)
        if (span.regime == regime) return span;
    ADD_FAILURE() << regime_names[static_cast<std::size_t>(regime)] << " is missing";
    return {};
}

std::vector<Regime> const all_four{early_transient, intermediate_saturation, progressive_sharpening,
                                   edge_of_stability};

// Boundaries may be off by two bins, a factor of 1.6.
void expect_boundaries(NetworkRegimes const& network, double settled, double sharpens,
                       double edge) {
    expect_spans(network, all_four);
    double const wanted[]{settled, sharpens, edge};
    for (std::size_t k = 0; k < std::min<std::size_t>(3, network.spans.size()); ++k)
        EXPECT_NEAR(std::log10(network.spans[k].last), std::log10(wanted[k]), 0.21)
            << regime_names[k] << " ends at " << network.spans[k].last;
}

TEST(Regimes, FindsAllFourWithTheirEvidence) {
    NetworkRegimes const network = find_regimes(run([](int t) { return four_regimes(t); }), 0);
    expect_boundaries(network, 9, 260, 4700);
    EXPECT_EQ(network.depth, 3);
    EXPECT_EQ(network.seed, 7U);
    EXPECT_EQ(network.steps, steps);
    EXPECT_EQ(network.measured, steps + 1);
    RegimeSpan const early = span(network, early_transient);
    EXPECT_EQ(early.first, 0);
    EXPECT_NEAR(early.at_first, 8, 1e-9);
    EXPECT_NEAR(early.at_last, 0.7, 0.15);
    RegimeSpan const flat = span(network, intermediate_saturation);
    EXPECT_NEAR(flat.at_first, 0.7, 0.15);
    EXPECT_NEAR(flat.slope, 0, 0.1);
    RegimeSpan const sharpening = span(network, progressive_sharpening);
    EXPECT_NEAR(sharpening.at_last, 2, 0.1);
    EXPECT_NEAR(sharpening.slope, std::log(2 / 0.7) / std::log10(25.0), 0.1);
    EXPECT_LT(sharpening.from_edge, -0.5);
    RegimeSpan const edge = span(network, edge_of_stability);
    EXPECT_EQ(edge.last, steps);
    EXPECT_NEAR(edge.from_edge, 0, 0.02);
    EXPECT_NEAR(network.late_low, 2, 1e-9);
    EXPECT_NEAR(network.late_high, 2, 1e-9);
}

// Noise of a measurement in runs with mini-batches of 128: 1 to 3 %.
TEST(Regimes, TolerateNoiseAndSparseMeasurements) {
    for (int const every : {1, 5, 20})
        for (double const noise : {0.02, 0.05})
            for (double const top : {1.0, 1.1}) {
                SCOPED_TRACE(testing::Message() << every << ", noise " << noise);
                auto const product = [&](int t) { return four_regimes(t, 2 * top); };
                NetworkRegimes const network = find_regimes(run(product, every, noise), 0);
                // the single steps of the beginning are not smoothed, and 20 steps hide it
                expect_spans(network, all_four);
                EXPECT_LE(span(network, early_transient).last, 100);
                EXPECT_NEAR(std::log10(span(network, progressive_sharpening).first),
                            std::log10(260), 0.3);
                EXPECT_NEAR(std::log10(span(network, edge_of_stability).first), std::log10(4700),
                            0.2);
                EXPECT_LT(network.late_low, network.late_median);
                EXPECT_GT(network.late_high, network.late_median);
            }
}

// Full batch at the edge: λη swings between the steps.
TEST(Regimes, TheEdgeMayOscillate) {
    auto const product = [](int t) {
        return four_regimes(t) * (t < 5000 ? 1 : t % 2 ? 1.35 : 0.95) * (t % 997 == 0 ? 2 : 1);
    };
    expect_boundaries(find_regimes(run(product), 0), 9, 260, 4700);
}

TEST(Regimes, MomentumMovesTheEdge) {
    auto const product = [](int t) { return four_regimes(t, 3.8); };
    NetworkRegimes const heavy = find_regimes(run(product), 0.9);
    EXPECT_EQ(heavy.edge, 3.8);
    expect_spans(heavy, all_four);
    EXPECT_NEAR(span(heavy, edge_of_stability).from_edge, 0, 0.02);
    // without momentum the same trajectory passes 2 and stays far above
    for (RegimeSpan const& other : find_regimes(run(product), 0).spans)
        EXPECT_NE(other.regime, edge_of_stability);
}

TEST(Regimes, AreThereOnlyWhereTheyWereSeen) {
    expect_spans(find_regimes(run([](int) { return 0.5; }), 0), {intermediate_saturation});
    expect_spans(find_regimes(run([](int t) { return 0.5 + 8 * std::exp(-t / 5.0); }), 0),
                 {early_transient, intermediate_saturation});
    // sharpening that has not reached the edge
    expect_spans(find_regimes(run([](int t) { return four_regimes(t); }, 1, 0, 2000), 0),
                 {early_transient, intermediate_saturation, progressive_sharpening});
    // sharpness that never stops falling
    expect_spans(find_regimes(run([](int t) { return 8 / (1.0 + t); }), 0), {early_transient});
    // a catapult of the sharpness itself
    auto const spike = [](int t) { return t > 2 && t < 9 ? 6 : t < 9 ? 1 : four_regimes(t); };
    NetworkRegimes const spiked = find_regimes(run(spike), 0);
    expect_spans(spiked, all_four);
    EXPECT_GE(span(spiked, early_transient).last, 9);
    // 2.2 for twenty steps is no edge of stability
    auto const slow = [](int t) { return t < 20 ? 2.2 : 0.7; };
    expect_spans(find_regimes(run(slow), 0), {early_transient, intermediate_saturation});
}

// Cross-entropy: λ falls late. Those steps are in no span.
TEST(Regimes, ALateFallBelongsToNone) {
    auto const product = [](int t) { return t < 3000 ? four_regimes(t) : 1500.0 / t; };
    NetworkRegimes const network = find_regimes(run(product), 0);
    expect_spans(network, {early_transient, intermediate_saturation, progressive_sharpening});
    EXPECT_NEAR(span(network, progressive_sharpening).last, 3000, 600);
    auto const after_edge = [](int t) { return t < 12'000 ? four_regimes(t) : 12'000.0 / t; };
    NetworkRegimes const left = find_regimes(run(after_edge), 0);
    expect_spans(left, all_four);
    EXPECT_LT(span(left, edge_of_stability).last, 13'000);
}

TEST(Regimes, HostileTrajectories) {
    auto const none = [](Trajectory const& network) {
        return find_regimes(network, 0).spans.empty();
    };
    EXPECT_TRUE(none(run([](int) { return missing; })));
    EXPECT_TRUE(none(run([](int) { return 0.0; })));  // collapsed
    EXPECT_TRUE(none(run([](int) { return -1.0; })));
    EXPECT_TRUE(none(run([](int) { return std::numeric_limits<double>::infinity(); })));
    EXPECT_TRUE(none(run([](int) { return 1.0; }, 1, 0, fewest_steps - 1)));
    EXPECT_TRUE(none(run([](int) { return 1.0; }, steps / 10)));  // eleven measurements
    EXPECT_TRUE(none(Trajectory{}));
    Trajectory diverged = run([](int t) { return four_regimes(t); });
    diverged.status = RunStatus::diverged;
    EXPECT_TRUE(none(diverged));
    // never measured at the start
    Trajectory headless = run([](int t) { return four_regimes(t); });
    for (std::size_t t = 0; t < 50; ++t) headless.sharpness[t] = missing;
    EXPECT_EQ(find_regimes(headless, 0).spans.front().regime, intermediate_saturation);
}

TEST(Regimes, OfAStudyAreThoseOfItsLongRuns) {
    std::vector<Trajectory> rows{run([](int t) { return four_regimes(t); }),
                                 run([](int) { return missing; }),
                                 run([](int t) { return four_regimes(t, 3.8); })};
    auto const found = find_regimes(rows, std::vector<double>{0, 0, 0.9});
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].edge, 2);
    EXPECT_EQ(found[1].edge, 3.8);
    EXPECT_EQ(found[0].row, 0U);
    EXPECT_EQ(found[1].row, 2U);  // the second row has none
    EXPECT_TRUE(find_regimes({}, std::vector<double>{}).empty());
}

}  // namespace
}  // namespace sg
