// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "cuda/exec/error.hpp"
#include "host/analysis.hpp"
#include "tests/host/trajectories.hpp"

namespace sg {
namespace {

using test::network;
using test::no_margin;
using test::point;

Bracket one(std::vector<Trajectory> const& rows, Constant constant, double margin = 0) {
    auto const points = find_constants(rows, std::vector<double>(rows.size(), margin));
    EXPECT_EQ(points.size(), 1U);
    return points.at(0).constants[static_cast<std::size_t>(constant)];
}

void expect_bracket(Bracket const& bracket, BracketStatus status, double low, double high) {
    EXPECT_EQ(bracket.status, status)
        << bracket_status_names[static_cast<std::size_t>(bracket.status)];
    for (auto const& [found, wanted] : {std::pair{bracket.low, low}, {bracket.high, high}})
        if (std::isnan(wanted))
            EXPECT_TRUE(std::isnan(found)) << found;
        else
            EXPECT_EQ(found, wanted);
}

TEST(Analysis, BracketsEachConstantBetweenNeighboursInC) {
    auto const rows = point(2, 3, 4, 6);
    expect_bracket(one(rows, Constant::c_loss), BracketStatus::found, 2, 4);
    expect_bracket(one(rows, Constant::c_sharp), BracketStatus::found, 4, 8);
    expect_bracket(one(rows, Constant::c_barrier), BracketStatus::found, 8, 16);
    expect_bracket(one(rows, Constant::c_max), BracketStatus::found, 32, 64);
}

TEST(Analysis, CountsWhatThePointIsMadeOf) {
    auto rows = point(2, 3, 4, 6);
    rows[1].status = RunStatus::collapsed;
    rows[3].status = RunStatus::pending;
    rows[4].status = RunStatus::stopped;
    auto const points = find_constants(rows, no_margin(rows));
    EXPECT_EQ(points.at(0).networks, 6);
    EXPECT_EQ(points.at(0).collapsed, 1);
    EXPECT_EQ(points.at(0).diverged, 2);
    EXPECT_EQ(points.at(0).sharpness_0, 32);
    // 8 and 16 are left out
    expect_bracket(points.at(0).constants[1], BracketStatus::found, 4, 32);
}

TEST(Analysis, CensorsBelowTheRange) {
    auto const rows = point(0, 0, 0, 5);
    for (Constant const c : {Constant::c_loss, Constant::c_sharp, Constant::c_barrier})
        expect_bracket(one(rows, c), BracketStatus::below_range, missing, 1);
    auto const none_holds = point(9, 9, 9, 0);
    expect_bracket(one(none_holds, Constant::c_max), BracketStatus::below_range, missing, 1);
    for (Constant const c : {Constant::c_loss, Constant::c_sharp, Constant::c_barrier})
        expect_bracket(one(none_holds, c), BracketStatus::none_below_c_max, missing, missing);
}

TEST(Analysis, CensorsAboveTheRangeAndBelowTheLargest) {
    auto const all_hold = point(9, 9, 9, 9);
    for (Constant const c :
         {Constant::c_loss, Constant::c_sharp, Constant::c_barrier, Constant::c_max})
        expect_bracket(one(all_hold, c), BracketStatus::above_range, 128, missing);
    auto const rows = point(9, 9, 9, 5);  // the diverged ones do not count as catapults
    for (Constant const c : {Constant::c_loss, Constant::c_sharp, Constant::c_barrier})
        expect_bracket(one(rows, c), BracketStatus::none_below_c_max, 16, missing);
}

TEST(Analysis, SaysWhenACriterionIsNotMonotone) {
    auto rows = point(2, 9, 9, 6);
    rows[4].loss[1] = 0.5;  // c = 16 does not catapult, c = 4 does
    expect_bracket(one(rows, Constant::c_loss), BracketStatus::not_monotone, 2, 4);

    auto holds_again = point(2, 9, 9, 5);
    holds_again[7] = network(128);
    holds_again[7].sharpness[1] = 100;  // beyond c_max: does not count
    expect_bracket(one(holds_again, Constant::c_max), BracketStatus::not_monotone, 16, 32);
    expect_bracket(one(holds_again, Constant::c_loss), BracketStatus::found, 2, 4);
    expect_bracket(one(holds_again, Constant::c_sharp), BracketStatus::none_below_c_max, 16,
                   missing);
}

TEST(Analysis, ATieDoesNotMeet) {
    auto rows = point(9, 9, 9, 9);
    for (Trajectory& row : rows) {
        row.loss[2] = row.loss[0];
        row.sharpness[3] = row.sharpness[0];
        row.barrier_ratio = 1;
    }
    for (Constant const c : {Constant::c_loss, Constant::c_sharp, Constant::c_barrier})
        EXPECT_EQ(one(rows, c).status, BracketStatus::above_range);
    for (Trajectory& row : rows) row.sharpness[3] = row.sharpness[0] * 1.25;
    EXPECT_EQ(one(rows, Constant::c_sharp, 0.25).status, BracketStatus::above_range);
    EXPECT_EQ(one(rows, Constant::c_sharp, 0.125).status, BracketStatus::below_range);
}

TEST(Analysis, SkipsWhatWasNotMeasured) {
    auto rows = point(9, 4, 9, 9);
    for (Trajectory& row : rows) row.sharpness[1] = row.sharpness[3] = missing;
    rows[2].barrier_ratio = missing;
    expect_bracket(one(rows, Constant::c_sharp), BracketStatus::found, 8, 16);
    EXPECT_EQ(one(rows, Constant::c_barrier).status, BracketStatus::above_range);
    rows[3].sharpness[2] = rows[3].sharpness[4] = missing;  // c = 8 tells nothing
    expect_bracket(one(rows, Constant::c_sharp), BracketStatus::found, 4, 16);

    for (Trajectory& row : rows) {
        row.barrier_ratio = missing;
        row.sharpness.assign(row.sharpness.size(), missing);
    }
    expect_bracket(one(rows, Constant::c_barrier), BracketStatus::not_measured, missing, missing);
    expect_bracket(one(rows, Constant::c_sharp), BracketStatus::not_measured, missing, missing);

    auto none_holds = point(9, 9, 9, 0);
    for (Trajectory& row : none_holds) row.barrier_ratio = missing;
    EXPECT_EQ(one(none_holds, Constant::c_barrier).status, BracketStatus::not_measured);
}

TEST(Analysis, FlagsBracketsThatRestOnACollapse) {
    auto rows = point(2, 4, 9, 6);
    rows[1].status = RunStatus::collapsed;  // the low side of c_loss
    EXPECT_TRUE(one(rows, Constant::c_loss).rests_on_collapsed);
    EXPECT_FALSE(one(rows, Constant::c_sharp).rests_on_collapsed);
    rows[1].status = RunStatus::finished;
    rows[4].status = RunStatus::collapsed;  // the high side of c_sharp
    EXPECT_FALSE(one(rows, Constant::c_loss).rests_on_collapsed);
    EXPECT_TRUE(one(rows, Constant::c_sharp).rests_on_collapsed);
    rows[5].status = RunStatus::collapsed;  // the low side of c_max and of the open c_barrier
    EXPECT_TRUE(one(rows, Constant::c_max).rests_on_collapsed);
    EXPECT_TRUE(one(rows, Constant::c_barrier).rests_on_collapsed);
}

TEST(Analysis, OneNetworkIsAPoint) {
    std::vector<Trajectory> const rows{network(2)};
    expect_bracket(one(rows, Constant::c_max), BracketStatus::above_range, 2, missing);
    expect_bracket(one(rows, Constant::c_loss), BracketStatus::above_range, 2, missing);
    EXPECT_TRUE(find_constants({}, {}).empty());
    EXPECT_THROW(find_constants(rows, {}), InternalError);
}

TEST(Analysis, SortsPointsWhateverTheOrderOfRows) {
    std::vector<Trajectory> rows;
    for (int const depth : {4, 2})
        for (std::uint64_t const seed : {7U, 1U})
            for (Trajectory const& row : point(2, 3, 4, 6, depth, 16, seed)) rows.push_back(row);
    std::shuffle(rows.begin(), rows.end(), std::mt19937(1));
    auto const points = find_constants(rows, no_margin(rows));
    ASSERT_EQ(points.size(), 4U);
    EXPECT_EQ(points[0].depth, 2);
    EXPECT_EQ(points[0].seed, 1U);
    EXPECT_EQ(points[3].depth, 4);
    EXPECT_EQ(points[3].seed, 7U);
    for (Point const& p : points) expect_bracket(p.constants[0], BracketStatus::found, 2, 4);
}

TEST(Analysis, SweptKeysMakePointsOfTheirOwn) {
    auto rows = point(2, 3, 4, 6);
    for (Trajectory& row : rows) row.swept = {0};
    for (Trajectory row : point(3, 4, 5, 6)) {
        row.swept = {1};
        rows.push_back(row);
    }
    auto const points = find_constants(rows, no_margin(rows));
    ASSERT_EQ(points.size(), 2U);
    expect_bracket(points[1].constants[0], BracketStatus::found, 4, 8);
    EXPECT_EQ(summarise(points).size(), 2U);
}

// The summary of c_loss over seeds whose first catapult is at these exponents (9: none).
SeedSummary over_seeds(std::vector<int> const& first, int max = 7) {
    std::vector<Trajectory> rows;
    for (std::size_t seed = 0; seed < first.size(); ++seed)
        for (Trajectory const& row : point(first[seed], 9, 9, max, 2, 16, seed))
            rows.push_back(row);
    auto const shapes = summarise(find_constants(rows, no_margin(rows)));
    EXPECT_EQ(shapes.size(), 1U);
    return shapes.at(0).constants[0];
}

void expect_median(SeedSummary const& summary, double log2_median, std::string const& bound) {
    EXPECT_NEAR(std::log2(summary.median), log2_median, 1e-12);
    EXPECT_EQ(summary.bound, bound);
}

TEST(Summary, IsTheMedianOfMidpointsInLog2) {
    expect_median(over_seeds({3}), 2.5, "");
    expect_median(over_seeds({5, 2, 3}), 2.5, "");
    expect_median(over_seeds({5, 2, 3, 6}), 3.5, "");  // of 2.5 and 4.5
    SeedSummary const summary = over_seeds({5, 2, 3});
    EXPECT_EQ(summary.low, 2);
    EXPECT_EQ(summary.high, 32);
    EXPECT_EQ(summary.found, 3);
    EXPECT_EQ(summary.seeds, 3);
}

TEST(Summary, TakesCensoredSeedsAsBounds) {
    expect_median(over_seeds({3, 4, 9}), 3.5, "");  // the median is a found one
    expect_median(over_seeds({3, 9, 9}), 6, ">");   // c = 64 held without a catapult
    expect_median(over_seeds({9}), 6, ">");
    expect_median(over_seeds({3, 9}), 4.25, ">");  // at least the mean of 2.5 and 6
    expect_median(over_seeds({0, 3, 4}), 2.5, "");
    expect_median(over_seeds({0, 0, 4}), 0, "<");   // c = 1 catapulted
    expect_median(over_seeds({0, 3, 9}), 2.5, "");  // both sides censored
    SeedSummary const summary = over_seeds({0, 3, 9});
    EXPECT_EQ(summary.found, 1);
    EXPECT_EQ(summary.seeds, 3);
    EXPECT_EQ(summary.low, 1);
    EXPECT_EQ(summary.high, 64);
}

void expect_quartile(Quantile const& quartile, double log2_c, std::string const& bound) {
    EXPECT_NEAR(std::log2(quartile.value), log2_c, 1e-12);
    EXPECT_EQ(quartile.bound, bound);
}

TEST(Summary, GivesQuartilesFromThreeSeedsOn) {
    EXPECT_TRUE(std::isnan(over_seeds({3, 5}).lower_quartile.value));
    SeedSummary const three = over_seeds({3, 2, 5});  // at 1.5, 2.5 and 4.5
    expect_quartile(three.lower_quartile, 2, "");
    expect_quartile(three.upper_quartile, 3.5, "");
    SeedSummary const five = over_seeds({1, 2, 3, 4, 5});
    expect_quartile(five.lower_quartile, 1.5, "");
    expect_quartile(five.upper_quartile, 3.5, "");
}

TEST(Summary, AQuartileAmongBoundsIsABound) {
    SeedSummary const high = over_seeds({3, 4, 9});  // c = 64 held without a catapult
    expect_quartile(high.lower_quartile, 3, "");
    expect_quartile(high.upper_quartile, 4.75, ">");  // at least half-way from 3.5 to 6
    SeedSummary const low = over_seeds({0, 0, 3, 4, 4});
    expect_quartile(low.lower_quartile, 0, "<");
    expect_quartile(low.upper_quartile, 3.5, "");
    SeedSummary const both = over_seeds({0, 9, 9});
    EXPECT_TRUE(std::isnan(both.lower_quartile.value));
}

TEST(Summary, ACensoredSeedBelowTheMedianStillMakesItABound) {
    // Seed 0 diverged early, without a catapult up to c = 1; the others catapulted at 4.5 and 5.5.
    std::vector<Trajectory> rows = point(9, 9, 9, 1);
    for (std::uint64_t const seed : {1U, 2U})
        for (Trajectory const& row : point(4 + static_cast<int>(seed), 9, 9, 7, 2, 16, seed))
            rows.push_back(row);
    auto const shapes = summarise(find_constants(rows, no_margin(rows)));
    expect_median(shapes.at(0).constants[0], 4.5, ">");
    EXPECT_NEAR(std::log2(shapes.at(0).constants[0].median_other), 5.5, 1e-12);
}

TEST(Summary, LeavesOutWhatWasNotMeasured) {
    auto rows = point(2, 3, 4, 6);
    for (Trajectory row : point(3, 4, 5, 6, 2, 16, 1)) {
        row.barrier_ratio = missing;
        rows.push_back(row);
    }
    auto const shapes = summarise(find_constants(rows, no_margin(rows)));
    SeedSummary const& barrier = shapes.at(0).constants[2];
    EXPECT_EQ(barrier.seeds, 1);
    expect_median(barrier, 3.5, "");

    for (Trajectory& row : rows) row.barrier_ratio = missing;
    SeedSummary const none = summarise(find_constants(rows, no_margin(rows))).at(0).constants[2];
    EXPECT_EQ(none.seeds, 0);
    EXPECT_TRUE(std::isnan(none.median));
}

TEST(Summary, KnowsNothingWhereNothingHeld) {
    SeedSummary const summary = over_seeds({9}, 0);
    EXPECT_EQ(summary.seeds, 1);
    EXPECT_EQ(summary.found, 0);
    EXPECT_TRUE(std::isnan(summary.median));
    EXPECT_EQ(std::string(summary.bound), "");
}

TEST(Summary, HasQuartilesIntervalAndMean) {
    SeedSummary const summary = over_seeds({6, 2, 3, 5, 4});
    EXPECT_NEAR(std::log2(summary.lower_quartile.value), 2.5, 1e-12);
    EXPECT_NEAR(std::log2(summary.upper_quartile.value), 4.5, 1e-12);
    EXPECT_EQ(std::string(summary.upper_quartile.bound), "");
    EXPECT_TRUE(summary.bootstrapped);
    EXPECT_NEAR(std::log2(summary.interval_low), 1.5, 1e-12);  // of five seeds the whole range
    EXPECT_NEAR(std::log2(summary.interval_high), 5.5, 1e-12);
    EXPECT_NEAR(std::log2(summary.mean), 3.5, 1e-12);
    EXPECT_EQ(summary.count(BracketStatus::not_monotone), 0);

    SeedSummary const two = over_seeds({2, 5});
    EXPECT_TRUE(std::isnan(two.lower_quartile.value));
    EXPECT_FALSE(two.bootstrapped);
    EXPECT_NEAR(std::log2(two.interval_low), 1.5, 1e-12);
    EXPECT_NEAR(std::log2(two.interval_high), 4.5, 1e-12);
    EXPECT_NEAR(std::log2(two.mean), 3, 1e-12);
}

TEST(Summary, CensoredSeedsOpenQuartilesAndIntervals) {
    SeedSummary const above = over_seeds({2, 3, 4, 9, 9});
    expect_median(above, 3.5, "");
    EXPECT_NEAR(std::log2(above.lower_quartile.value), 2.5, 1e-12);
    EXPECT_EQ(above.upper_quartile.value, 64);
    EXPECT_EQ(std::string(above.upper_quartile.bound), ">");
    EXPECT_NEAR(std::log2(above.interval_low), 1.5, 1e-12);
    EXPECT_TRUE(std::isnan(above.interval_high));
    EXPECT_TRUE(std::isnan(above.mean));

    SeedSummary const both = over_seeds({0, 0, 4, 9, 9});
    expect_median(both, 3.5, "");
    EXPECT_EQ(std::string(both.lower_quartile.bound), "<");
    EXPECT_EQ(std::string(both.upper_quartile.bound), ">");
    EXPECT_TRUE(std::isnan(both.interval_low));
    EXPECT_TRUE(std::isnan(both.interval_high));
}

TEST(Summary, CountsSeedsThatAreNotMonotone) {
    auto rows = point(2, 9, 9, 7);
    rows[4].loss[1] = 0.5;
    for (Trajectory const& row : point(3, 9, 9, 7, 2, 16, 1)) rows.push_back(row);
    auto const shapes = summarise(find_constants(rows, no_margin(rows)));
    EXPECT_EQ(shapes.at(0).constants[0].count(BracketStatus::not_monotone), 1);
    expect_median(shapes.at(0).constants[0], 2, "");  // its first crossing counts
}

TEST(Summary, CountsTheStatusesOfItsSeedsAndWhatRestsOnCollapsedNetworks) {
    std::vector<Trajectory> rows;
    for (int const first : {0, 2, 3, 9, 9})
        for (Trajectory const& row : point(first, 9, 9, 7, 2, 16, rows.size())) rows.push_back(row);
    rows[8 + 2].status = RunStatus::collapsed;      // the first c of its seed that meets c_loss
    rows[2 * 8 + 5].status = RunStatus::collapsed;  // in no bracket of c_loss
    for (Trajectory& row : rows) row.barrier_ratio = missing;
    auto const shapes = summarise(find_constants(rows, no_margin(rows)));
    SeedSummary const& c_loss = shapes.at(0).constants[0];
    EXPECT_EQ(c_loss.statuses, (std::array{2, 1, 2, 0, 0, 0}));
    EXPECT_EQ(c_loss.count(BracketStatus::below_range), 1);
    EXPECT_EQ(c_loss.on_collapsed, 1);
    SeedSummary const& barrier = shapes[0].constants[2];
    EXPECT_EQ(barrier.count(BracketStatus::not_measured), 5);
    EXPECT_EQ(barrier.seeds, 0);
    EXPECT_EQ(barrier.on_collapsed, 0);
}

}  // namespace
}  // namespace sg
