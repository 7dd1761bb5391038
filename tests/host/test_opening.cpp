// SPDX-License-Identifier: MIT
#include "host/opening.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "tests/host/trajectories.hpp"

namespace sg {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

// Seeds around the line 1 + 2 x, with normal noise.
std::vector<SeedsAt> noisy(std::mt19937& random, int seeds, double noise) {
    std::normal_distribution<double> normal(0, noise);
    std::vector<SeedsAt> points;
    for (double const x : {0.1, 0.2, 0.4, 0.8, 1.6}) {
        points.push_back({x, {}});
        for (int k = 0; k < seeds; ++k) {
            double const y = 1 + 2 * x + normal(random);
            points.back().y.push_back({y, y});
        }
    }
    return points;
}

bool holds(Bounded const& interval, double x) { return interval.lower <= x && x <= interval.upper; }

TEST(Opening, FitsTheMediansOfALine) {
    std::mt19937 random(1);
    MedianLine const line = fit_medians(noisy(random, 5, 0));
    EXPECT_NEAR(line.slope, 2, 1e-12);
    EXPECT_NEAR(line.intercept, 1, 1e-12);
    EXPECT_NEAR(line.rank_correlation, 1, 1e-12);
    EXPECT_NEAR(line.slope_interval.lower, 2, 1e-12);
    EXPECT_NEAR(line.slope_interval.upper, 2, 1e-12);
    EXPECT_NEAR(line.at(3), 7, 1e-12);
    EXPECT_EQ(line.used, 5U);
    EXPECT_TRUE(line.left_out.empty());
}

TEST(Opening, IntervalsCoverTheLineAsOftenAsTheySay) {
    constexpr int trials = 300;
    std::mt19937 random(2);
    double slope = 0, intercept = 0, inside = 0, outside = 0;
    for (int trial = 0; trial < trials; ++trial) {
        MedianLine const line = fit_medians(noisy(random, 15, 0.5), 200);
        slope += holds(line.slope_interval, 2) / double{trials};
        intercept += holds(line.intercept_interval, 1) / double{trials};
        inside += holds(line.interval_at(0.5), 2) / double{trials};
        outside += holds(line.interval_at(3), 7) / double{trials};
    }
    EXPECT_NEAR(slope, 0.95, 0.05);
    EXPECT_NEAR(intercept, 0.95, 0.05);
    EXPECT_NEAR(inside, 0.95, 0.05);
    EXPECT_NEAR(outside, 0.95, 0.05);
}

TEST(Opening, TheIntervalOfTheLineIsNarrowestAmongItsPoints) {
    std::mt19937 random(3);
    MedianLine const line = fit_medians(noisy(random, 9, 0.5), 200);
    auto const width = [&](double x) {
        Bounded const interval = line.interval_at(x);
        EXPECT_TRUE(holds(interval, line.at(x)));
        return interval.upper - interval.lower;
    };
    EXPECT_EQ(line.drawn.size(), 200U);
    EXPECT_LT(width(0.6), width(0));
    EXPECT_LT(width(0.6), 0.5 * width(3));
    EXPECT_EQ(line.interval_at(0).lower, line.intercept_interval.lower);
    EXPECT_EQ(line.interval_at(0).upper, line.intercept_interval.upper);
}

TEST(Opening, AMedianThatIsABoundIsLeftOutAndNamed) {
    std::mt19937 random(1);
    auto points = noisy(random, 5, 0);
    for (Bounded& y : points[4].y) y = {2, infinity};  // far below the line's 4.2
    MedianLine line = fit_medians(points);
    EXPECT_NEAR(line.slope, 2, 1e-12);
    EXPECT_EQ(line.left_out, std::vector<std::size_t>{4});
    EXPECT_NEAR(line.medians.at(3), 2.6, 1e-12);
    EXPECT_TRUE(std::isnan(line.medians.at(4)));
    EXPECT_EQ(line.used, 4U);
    // a censored seed that leaves the median known changes nothing
    points[3].y[0] = {2.6, infinity};
    EXPECT_NEAR(fit_medians(points).slope, 2, 1e-12);
    // two of five censored below the others: the median lies between 2.5 and 2.7, and stands at 2.6
    points[3].y = {{2.5, infinity}, {2.4, infinity}, {2.5, 2.5}, {2.6, 2.6}, {2.7, 2.7}};
    EXPECT_NEAR(fit_medians(points).slope, 2, 1e-12);
    EXPECT_EQ(fit_medians(points).used, 4U);
    points[3].y[3] = points[3].y[4] = {3.1, 3.1};  // between 2.5 and 3.1: left out
    EXPECT_EQ(fit_medians(points).used, 3U);
    points[3].y.assign(5, {2.6, 2.6});
    points[2].y.clear();
    line = fit_medians(points);
    EXPECT_EQ(line.left_out, (std::vector<std::size_t>{2, 4}));
    EXPECT_NEAR(line.slope, 2, 1e-12);
}

TEST(Opening, SaysNothingOfTooFew) {
    std::mt19937 random(1);
    auto points = noisy(random, 5, 0.1);
    points.resize(2);
    EXPECT_TRUE(std::isnan(fit_medians(points).slope));
    points.assign(5, points[0]);  // one x
    EXPECT_TRUE(std::isnan(fit_medians(points).slope));
    EXPECT_TRUE(std::isnan(fit_medians({}).slope));
    MedianLine const few = fit_medians(noisy(random, 4, 0.1));  // four seeds: a line, no interval
    EXPECT_NEAR(few.slope, 2, 0.5);
    EXPECT_TRUE(std::isnan(few.slope_interval.lower));
    EXPECT_TRUE(std::isnan(few.interval_at(0.5).upper));
}

// c_loss falls with width: between 2 and 4 at 64, 4 and 8 at 32, 8 and 16 at 16, never below c_max
// at 8.
TEST(Opening, IsReadOffThePoints) {
    std::vector<Trajectory> rows;
    for (auto const& [width, exponent] : {std::pair{64, 2}, {32, 3}, {16, 4}, {8, 9}})
        for (Trajectory row : test::point(exponent, 9, 9, 7, 2, width)) {
            row.swept = {1};
            rows.push_back(row);
            row.swept = {0};
            if (width > 16) rows.push_back(row);
        }
    auto const openings = find_openings(find_constants(rows, test::no_margin(rows)));
    ASSERT_EQ(openings.size(), 1U);  // two shapes are no line
    Opening const& opening = openings[0];
    EXPECT_EQ(opening.swept, std::vector<double>{1});
    // through (1/32, 0.5), (1/16, 1.5), (1/8, 2.5): slope 144/7, intercept 0
    EXPECT_NEAR(opening.line.slope, 144.0 / 7, 1e-9);
    EXPECT_NEAR(opening.line.intercept, 0, 1e-12);
    ASSERT_EQ(opening.left_out.size(), 1U);
    EXPECT_EQ(opening.left_out[0].width, 8);
    EXPECT_EQ(std::string(opening.left_out[0].median.bound), ">");
    EXPECT_EQ(opening.left_out[0].median.value, 64);
    EXPECT_NEAR(opening.left_out[0].on_line, 2 * std::exp2(36.0 / 7), 1e-9);
    ASSERT_EQ(opening.fitted.size(), 3U);
    EXPECT_EQ(opening.fitted[0].width, 16);
    EXPECT_NEAR(opening.fitted[0].y, 2.5, 1e-12);
}

// c_max lies between 64 and 128 at every width, c_sharp above all that held.
TEST(Opening, OfOtherConstantsIsTheSameLine) {
    std::vector<Trajectory> rows;
    for (int const width : {64, 32, 16})
        for (Trajectory const& row : test::point(3, 9, 9, 7, 2, width)) rows.push_back(row);
    auto const points = find_constants(rows, test::no_margin(rows));
    auto const c_max = find_openings(points, Constant::c_max);
    ASSERT_EQ(c_max.size(), 1U);
    EXPECT_EQ(c_max[0].constant, Constant::c_max);
    EXPECT_NEAR(c_max[0].line.slope, 0, 1e-12);
    EXPECT_NEAR(c_max[0].line.intercept, 5.5, 1e-12);
    EXPECT_TRUE(std::isnan(c_max[0].line.rank_correlation));
    auto const c_sharp = find_openings(points, Constant::c_sharp);
    EXPECT_TRUE(c_sharp.at(0).fitted.empty());
    EXPECT_EQ(c_sharp.at(0).left_out.size(), 3U);
    EXPECT_TRUE(std::isnan(c_sharp.at(0).line.slope));
}

}  // namespace
}  // namespace sg
