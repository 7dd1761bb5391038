// SPDX-License-Identifier: MIT
#include "host/c_crit.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace sg {
namespace {

constexpr double s = 200;

// 1 up to about c0, then down with slope 0.3, the bend being `width` wide: y″ is least at c0
// exactly.
double bent(double c, double c0, double width = 0.3) {
    return 1 - 0.3 * width * std::log1p(std::exp((c - c0) / width));
}

// λ_τ/λ_0 = ratio at τ = 200/c, reached on a straight line: any τ of S ≠ 200 gives something else.
Trajectory network(double c, double ratio, std::uint64_t seed = 0, int steps = 400, int every = 1) {
    Trajectory network;
    network.depth = 3;
    network.width = 64;
    network.seed = seed;
    network.c = c;
    network.status = RunStatus::finished;
    for (int t = 0; t <= steps; ++t)
        network.sharpness.push_back(t % every ? missing : 32 * (1 + (ratio - 1) * t * c / s));
    return network;
}

std::vector<double> grid(double low, double high, int count) {
    std::vector<double> c;
    for (int k = 0; k < count; ++k) c.push_back(low + (high - low) * k / (count - 1));
    return c;
}

std::vector<Trajectory> study(std::vector<double> const& c, int seeds, double spread,
                              double noise) {
    std::mt19937 random(4);
    std::normal_distribution<double> normal(0, 1);
    std::vector<Trajectory> rows;
    for (int seed = 0; seed < seeds; ++seed) {
        double const c0 = 2.5 + spread * normal(random);
        for (double const one : c)
            rows.push_back(network(one, bent(one, c0) + noise * normal(random),
                                   static_cast<std::uint64_t>(seed)));
    }
    return rows;
}

TEST(SettledRatio, IsLinearBetweenMeasuredSteps) {
    Trajectory const row = network(2, 0.5, 0, 400, 10);
    EXPECT_NEAR(settled_ratio(row, 100), 0.5, 1e-12);
    EXPECT_NEAR(settled_ratio(row, 55.5), 1 - 0.5 * 0.555, 1e-12);
    EXPECT_EQ(settled_ratio(row, 0), 1);
    EXPECT_FALSE(std::isnan(settled_ratio(row, 400)));
    EXPECT_TRUE(std::isnan(settled_ratio(row, 400.5)));
    EXPECT_TRUE(std::isnan(settled_ratio(row, missing)));
    Trajectory diverged = row;
    diverged.status = RunStatus::diverged;
    EXPECT_TRUE(std::isnan(settled_ratio(diverged, 100)));
    Trajectory headless = row;
    headless.sharpness[0] = missing;
    EXPECT_TRUE(std::isnan(settled_ratio(headless, 100)));
    EXPECT_TRUE(std::isnan(settled_ratio(Trajectory{}, 0)));
}

TEST(SharpestBend, IsWhereYIsKnownToBend) {
    for (double const c0 : {1.7, 2.0, 2.63}) {
        auto const even = grid(0.5, 5, 46);
        std::vector<double> y, uneven, y_uneven;
        for (double const c : even) y.push_back(bent(c, c0));
        for (double const x : grid(-1, 2.5, 36)) {
            uneven.push_back(std::exp2(x));
            y_uneven.push_back(bent(uneven.back(), c0));
        }
        Bend const bend = sharpest_bend(even, y);
        EXPECT_EQ(bend.status, CritStatus::found);
        EXPECT_NEAR(bend.c, c0, 0.02);
        EXPECT_NEAR(sharpest_bend(uneven, y_uneven).c, c0,
                    0.15);  // in c = 2^x the steps are uneven
    }
}

// y = 1 − c² has y″ = −2 wherever a parabola reaches: from three c and 0.5 off either end.
TEST(SharpestBend, ItsCurveIsTheSecondDerivative) {
    auto const c = grid(1, 3, 21);
    std::vector<double> y;
    for (double const one : c) y.push_back(1 - one * one);
    auto const bends = second_derivative(c, y);
    ASSERT_EQ(bends.size(), c.size());
    for (std::size_t k = 0; k < c.size(); ++k)
        if (k < 5 || k > 15)
            EXPECT_TRUE(std::isnan(bends[k])) << k;
        else
            EXPECT_NEAR(bends[k], -2, 1e-9) << k;
    auto const coarse = second_derivative({0, 1, 2, 3, 4, 5, 6}, {0, 1, 4, 9, 16, 25, 36});
    EXPECT_NEAR(coarse.at(3), 2, 1e-12);  // three c reach further than 0.5
    EXPECT_TRUE(std::isnan(coarse.at(2)) && std::isnan(coarse.at(4)));
    EXPECT_TRUE(second_derivative({}, {}).empty());
}

TEST(SharpestBend, SaysWhyThereIsNone) {
    auto const c = grid(0.5, 5, 30);
    auto const status = [&](auto y_of) {
        std::vector<double> y;
        for (double const one : c) y.push_back(y_of(one));
        return sharpest_bend(c, y).status;
    };
    EXPECT_EQ(status([](double) { return 1.0; }), CritStatus::no_bend);
    EXPECT_EQ(status([](double x) { return 2 - x / 3; }), CritStatus::no_bend);
    EXPECT_EQ(status([](double x) { return x * x; }), CritStatus::no_bend);
    EXPECT_EQ(status([](double x) { return std::exp(-x) - 1 / (6 - x); }),
              CritStatus::at_the_end_of_the_range);
    EXPECT_EQ(status([](double x) { return bent(x, 2); }), CritStatus::found);
    EXPECT_EQ(sharpest_bend({1, 2}, {1, 0.5}).status, CritStatus::too_few_c);
    EXPECT_EQ(sharpest_bend({}, {}).status, CritStatus::too_few_c);
}

TEST(CCrit, IsFoundFromTrajectoriesWithItsInterval) {
    auto const rows = study(grid(0.8, 5, 43), 8, 0.2, 0.002);
    auto const found = find_c_crit(rows, s);
    ASSERT_EQ(found.size(), 1U);
    CriticalC const& result = found[0];
    EXPECT_EQ(result.status, CritStatus::found);
    EXPECT_NEAR(result.c_crit, 2.5, 0.3);
    EXPECT_TRUE(result.bootstrapped);
    EXPECT_LT(result.low, result.c_crit);
    EXPECT_GT(result.high, result.c_crit);
    EXPECT_LT(result.high - result.low, 1.2);
    EXPECT_EQ(result.seeds, 8);
    EXPECT_EQ(result.left_out, 0);
    EXPECT_EQ(result.c.size(), 43U);
    EXPECT_EQ(find_c_crit(rows, s)[0].low, result.low);  // the same every time
}

TEST(CCrit, LeavesOutACThatASeedHasNot) {
    auto rows = study(grid(0.8, 5, 43), 3, 0, 0);
    rows[42].status = RunStatus::diverged;  // the largest c of seed 0
    auto const found = find_c_crit(rows, s);
    EXPECT_EQ(found[0].left_out, 1);
    EXPECT_EQ(found[0].c.size(), 42U);
    EXPECT_NEAR(found[0].c_crit, 2.5, 0.02);
    EXPECT_FALSE(found[0].bootstrapped);
    EXPECT_NEAR(found[0].low, found[0].c_crit, 1e-9);  // seeds alike: no range
    EXPECT_NEAR(found[0].high, found[0].c_crit, 1e-9);
    // S/c beyond the last step for c < 1
    EXPECT_EQ(find_c_crit(study(grid(0.25, 4, 16), 1, 0, 0), 400)[0].left_out, 3);
}

TEST(CCrit, HostileStudies) {
    EXPECT_TRUE(find_c_crit({}, s).empty());
    auto const one_seed = find_c_crit(study(grid(0.8, 5, 43), 1, 0, 0), s);
    EXPECT_NEAR(one_seed[0].c_crit, 2.5, 0.02);
    EXPECT_TRUE(std::isnan(one_seed[0].low));
    EXPECT_EQ(find_c_crit(study({1, 2}, 5, 0, 0), s)[0].status, CritStatus::too_few_c);
    auto missing_rows = study(grid(0.8, 5, 43), 5, 0, 0);
    for (Trajectory& row : missing_rows) row.sharpness.assign(row.sharpness.size(), missing);
    EXPECT_EQ(find_c_crit(missing_rows, s)[0].status, CritStatus::too_few_c);
    EXPECT_EQ(find_c_crit(missing_rows, s)[0].left_out, 43);
    std::vector<Trajectory> constant;
    for (double const c : grid(0.8, 5, 43)) constant.push_back(network(c, 1));
    EXPECT_EQ(find_c_crit(constant, s)[0].status, CritStatus::no_bend);
}

}  // namespace
}  // namespace sg
