// SPDX-License-Identifier: MIT
#include "host/statistics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include "cuda/exec/error.hpp"

namespace sg {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

Bounded known(double x) { return {x, x}; }
Bounded above(double x) { return {x, infinity}; }
Bounded below(double x) { return {-infinity, x}; }

void expect_bounds(Bounded const& found, double lower, double upper) {
    EXPECT_EQ(found.lower, lower);
    EXPECT_EQ(found.upper, upper);
}

TEST(Quantile, LiesBetweenNeighboursInProportion) {
    std::vector<double> const values{1, 2, 4, 8};
    EXPECT_EQ(quantile(values, 0), 1);
    EXPECT_EQ(quantile(values, 0.25), 1.75);
    EXPECT_EQ(quantile(values, 0.5), 3);
    EXPECT_EQ(quantile(values, 1), 8);
    EXPECT_EQ(quantile(std::vector<double>{7}, 0.75), 7);
}

TEST(Quantile, IsABoundAmongTheCensored) {
    std::vector<Bounded> const samples{known(3), above(5), known(1), below(2), known(4)};
    expect_bounds(quantile(samples, 0.5), 3, 3);  // whatever the censored are
    expect_bounds(quantile(samples, 0), -infinity, 1);
    expect_bounds(quantile(samples, 1), 5, infinity);
    // 5 may be anything above 2, so the median is 2.5 or 3
    expect_bounds(quantile(std::vector{known(2.5), above(2), known(3)}, 0.5), 2.5, 3);
    expect_bounds(quantile(std::vector{known(2), above(6)}, 0.5), 4, infinity);
    expect_bounds(quantile(std::vector{above(6), above(6)}, 0.5), 6, infinity);
    expect_bounds(quantile(std::vector{Bounded{-infinity, infinity}}, 0.5), -infinity, infinity);
}

TEST(Resampling, DependsOnItsKeyAlone) {
    EXPECT_EQ(resampled(9, 5, 7), resampled(9, 5, 7));
    EXPECT_NE(resampled(9, 5, 7), resampled(9, 5, 8));
    EXPECT_NE(resampled(9, 5, 7), resampled(9, 6, 7));
    EXPECT_TRUE(resampled(0, 5, 7).empty());
}

TEST(Resampling, DrawsEachNumberEquallyOften) {
    constexpr std::size_t n = 7;
    constexpr int replicates = 4000;
    std::vector<int> count(n);
    for (int r = 0; r < replicates; ++r)
        for (std::size_t const k : resampled(n, 1, static_cast<std::uint32_t>(r))) ++count.at(k);
    for (int const c : count) EXPECT_NEAR(c, replicates, 5 * std::sqrt(replicates));
}

TEST(Bootstrap, LeavesOutWhatIsMissing) {
    auto const every = [](std::uint32_t missing) {
        return [=](std::uint32_t k) {
            double const x = k % missing == 0 ? std::nan("") : k;
            return Bounded{x, x};
        };
    };
    expect_bounds(bootstrap_interval([](std::uint32_t k) { return known(k); }, 1001), 25, 975);
    EXPECT_FALSE(std::isnan(bootstrap_interval(every(20), 1000).lower));
    EXPECT_TRUE(std::isnan(bootstrap_interval(every(5), 1000).lower));
}

// Samples of a standard normal number of which is known what a grid with this step shows, up to
// `top`: the midpoint of a bracket, or a bound.
std::vector<Bounded> measured(std::mt19937& random, int count, double bottom, double top) {
    constexpr double step = 0.02;
    std::normal_distribution<double> normal;
    std::vector<Bounded> samples;
    for (int k = 0; k < count; ++k) {
        double const x = normal(random);
        if (x > top)
            samples.push_back(above(top));
        else if (x < bottom)
            samples.push_back(below(bottom));
        else
            samples.push_back(known((std::floor(x / step) + 0.5) * step));
    }
    return samples;
}

std::vector<Bounded> without_censored(std::vector<Bounded> samples) {
    std::erase_if(samples, [](Bounded const& sample) { return !sample.known(); });
    return samples;
}

struct Coverage {
    double covered = 0, median = 0;
};

// How often the interval of the median covers the true one, 0, and the mean of the medians (a bound
// counts with its finite side).
Coverage coverage(int count, double bottom, double top, bool drop) {
    constexpr int trials = 400;
    constexpr std::uint32_t replicates = 300;
    std::mt19937 random(3);
    Coverage result;
    for (int trial = 0; trial < trials; ++trial) {
        auto samples = measured(random, count, bottom, top);
        if (drop) samples = without_censored(samples);
        if (samples.empty()) continue;
        auto const stream = static_cast<std::uint64_t>(trial);
        Bounded const interval = quantile_interval(samples, 0.5, stream, replicates);
        result.covered += (interval.lower <= 0 && interval.upper >= 0) / double{trials};
        Bounded const median = quantile(samples, 0.5);
        if (std::isfinite(median.lower)) result.median += median.lower / trials;
    }
    return result;
}

TEST(CensoredSamples, IntervalsCoverTheMedianAsOftenAsTheySay) {
    for (int const count :
         {5, 9, 16, 25}) {  // few of them: a percentile interval is a little short
        Coverage const complete = coverage(count, -10, 10, false);
        EXPECT_NEAR(complete.covered, 0.94, 0.045) << count;
        // 27 % are only known to lie above 0.6; both sides: 16 % below −1 and 27 % above 0.6
        for (double const bottom : {-10.0, -1.0}) {
            Coverage const censored = coverage(count, bottom, 0.6, false);
            EXPECT_NEAR(censored.covered, 0.94, 0.045) << count << " from " << bottom;
            if (count > 5) {
                EXPECT_NEAR(censored.median, 0, 0.06) << count;
            }
        }
    }
}

// The same samples without the censored ones: what the rule exists for.
TEST(CensoredSamples, DroppingThemBiasesTheMedian) {
    Coverage const dropped = coverage(25, -10, 0.6, true);
    EXPECT_LT(dropped.covered, 0.75);
    EXPECT_LT(dropped.median, -0.25);
}

// Half of the samples lie above 0: the interval must reach to its open side.
TEST(CensoredSamples, AMedianAtTheBoundIsABound) {
    std::mt19937 random(3);
    int bounds = 0, covered = 0;
    for (int trial = 0; trial < 200; ++trial) {
        auto const samples = measured(random, 15, -10, -0.1);
        Bounded const median = quantile(samples, 0.5);
        bounds += median.upper == infinity;
        covered += median.lower <= 0 && median.upper == infinity &&
                   quantile_interval(samples, 0.5, 1, 200).upper == infinity;
    }
    EXPECT_GT(bounds, 100);
    EXPECT_EQ(covered, bounds);
}

TEST(RankCorrelation, KnowsOrderAlone) {
    std::vector<double> const x{1, 2, 3, 4, 5}, y{1, 8, 27, 64, 125}, down{5, 4, 3, 2, 1};
    EXPECT_NEAR(rank_correlation(x, y), 1, 1e-15);
    EXPECT_NEAR(rank_correlation(x, down), -1, 1e-15);
    // ranks 0, 1.5, 1.5, 3 against 0, 1, 2, 3: 4.5 / sqrt(4.5 · 5)
    EXPECT_NEAR(rank_correlation(std::vector<double>{1, 2, 2, 3}, std::vector<double>{1, 2, 3, 4}),
                std::sqrt(0.9), 1e-15);
    EXPECT_TRUE(std::isnan(rank_correlation(x, std::vector<double>(5, 1))));
    EXPECT_TRUE(std::isnan(rank_correlation(std::vector<double>{}, std::vector<double>{})));
}

}  // namespace
}  // namespace sg
