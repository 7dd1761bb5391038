// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <cmath>

#include "host/fit.hpp"
#include "tests/host/trajectories.hpp"

namespace sg {
namespace {

TEST(Fit, KnowsStudentsT) {
    EXPECT_NEAR(student_975(1), 12.7062, 1e-4);
    EXPECT_NEAR(student_975(2), 4.3027, 1e-4);
    EXPECT_NEAR(student_975(10), 2.2281, 1e-4);
    EXPECT_NEAR(student_975(31), 2.0395, 1e-4);
    EXPECT_NEAR(student_975(5000), 1.9600, 1e-3);
}

TEST(Fit, AgreesWithAnExampleByHand) {
    std::vector<std::pair<double, double>> const points{{1, 1}, {2, 2}, {3, 6}};
    LineFit const fit = fit_line(points);
    EXPECT_EQ(fit.count, 3);
    EXPECT_DOUBLE_EQ(fit.slope, 2.5);
    EXPECT_DOUBLE_EQ(fit.intercept, -2);
    EXPECT_NEAR(fit.correlation, 5 / std::sqrt(2.0 * 14), 1e-12);
    // Residuals 0.5, −1, 0.5: their deviation is √1.5, and that of the slope √(1.5/2).
    EXPECT_NEAR(fit.deviation, std::sqrt(1.5), 1e-12);
    EXPECT_NEAR(fit.slope_high - fit.slope, 12.7062 * std::sqrt(0.75), 1e-3);
    EXPECT_NEAR(fit.slope - fit.slope_low, fit.slope_high - fit.slope, 1e-12);
    EXPECT_NEAR(fit.half_width(2), 12.7062 * std::sqrt(1.5 / 3), 1e-3);
    EXPECT_GT(fit.half_width(3), fit.half_width(2));
}

TEST(Fit, SaysWhatThePointsDoNotDetermine) {
    using Points = std::vector<std::pair<double, double>>;
    EXPECT_TRUE(std::isnan(fit_line(Points{}).slope));
    EXPECT_TRUE(std::isnan(fit_line(Points{{1, 2}}).slope));
    EXPECT_TRUE(std::isnan(fit_line(Points{{0.1, 2}, {0.1, 3}, {0.1, 4}}).slope));
    LineFit const two = fit_line(Points{{1, 2}, {2, 4}});
    EXPECT_DOUBLE_EQ(two.slope, 2);
    EXPECT_TRUE(std::isnan(two.slope_low));
    EXPECT_TRUE(std::isnan(two.half_width(1)));
    LineFit const level = fit_line(Points{{1, 2}, {2, 2}, {3, 2}});
    EXPECT_DOUBLE_EQ(level.slope, 0);
    EXPECT_TRUE(std::isnan(level.correlation));
    EXPECT_DOUBLE_EQ(level.slope_high, 0);
}

// c_loss is half-way between 2^(k−1) and 2^k: log2(c/2) = k − 1.5.
TEST(Fit, LeavesBoundsOutAndCountsThem) {
    std::vector<Trajectory> rows;
    auto const add = [&](int loss, int depth, int width) {
        for (Trajectory const& row : test::point(loss, 9, 9, 7, depth, width)) rows.push_back(row);
    };
    add(2, 2, 32);
    add(3, 4, 32);
    add(5, 8, 32);
    add(9, 8, 16);  // no catapult below c_max: a bound
    auto const fits = fit_constants(summarise(find_constants(rows, test::no_margin(rows))));
    ASSERT_EQ(fits.size(), 4U);  // every constant was measured
    EXPECT_EQ(fits[0].constant, Constant::c_loss);
    EXPECT_EQ(fits[0].left_out, 1);
    ASSERT_EQ(fits[0].points.size(), 3U);
    EXPECT_DOUBLE_EQ(fits[0].points[0].first, 2.0 / 32);
    EXPECT_NEAR(fits[0].points[0].second, 0.5, 1e-12);
    EXPECT_NEAR(fits[0].line.slope, 16, 1e-9);  // from 0.5 over 1.5 to 3.5
    EXPECT_EQ(fits[1].left_out, 4);             // c_sharp lies above every c that held
    EXPECT_TRUE(std::isnan(fits[1].line.slope));
}

}  // namespace
}  // namespace sg
