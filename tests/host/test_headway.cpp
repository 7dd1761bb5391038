// SPDX-License-Identifier: MIT
#include "host/headway.hpp"

#include <gtest/gtest.h>

#include "tests/host/sweep_test.hpp"
#include "tests/host/trajectories.hpp"

namespace sg::test {
namespace {

FileHead head_of(Study const& study) {
    FileHead head;
    head.title = study.name;
    head.yaml_resolved = study.yaml_resolved;
    return head;
}

std::vector<Trajectory> grid(std::vector<double> const& c, std::uint64_t seed = 0) {
    std::vector<Trajectory> rows;
    for (double const one : c) rows.push_back(network(one, 2, 4, seed));
    return rows;
}

TEST(Headway, OfAGridIsWhatIsMissing) {
    Outlook const outlook(head_of(study_of("{c: [1, 2, 4], seeds: 2}")));
    ASSERT_TRUE(outlook.study());
    auto const none = outlook.headway({}).value();
    EXPECT_EQ(none.networks, 6);
    EXPECT_GT(none.work, 0);
    EXPECT_EQ(none.left, none.work);
    EXPECT_EQ(none.awaited.size(), 3U);
    auto const some = outlook.headway(grid({1, 4})).value();
    EXPECT_LT(some.left, none.left * 5 / 6);
    EXPECT_EQ(some.awaited.size(), 3U);  // of the other seed
    auto most = grid({1, 4});
    for (Trajectory const& row : grid({1, 2, 4}, 1)) most.push_back(row);
    auto const last = outlook.headway(most).value();
    ASSERT_EQ(last.awaited.size(), 1U);
    EXPECT_EQ(last.awaited[0].c, 2);
    auto rows = grid({1, 2, 4});
    for (Trajectory const& row : grid({1, 2, 4}, 1)) rows.push_back(row);
    auto const all = outlook.headway(rows).value();
    EXPECT_EQ(all.left, 0);
    EXPECT_TRUE(all.awaited.empty());
}

// A network costs what its shape costs, not one of so many.
TEST(Headway, WeighsNetworksByTheirWork) {
    auto study = parse_study(
        "study: two\ndata: {set: synthetic, inputs: 5, classes: 3}\n"
        "model: {kind: fcn, depth: 2, width: [4, 64]}\n"
        "grid: {c: [1], seeds: 1}\noutput: {file: none.h5}\n",
        "two.yaml");
    Outlook const outlook(head_of(study));
    auto const narrow = outlook.headway({network(1, 2, 4)}).value();
    auto const wide = outlook.headway({network(1, 2, 64)}).value();
    EXPECT_NEAR(narrow.left + wide.left, narrow.work, 1e-9 * narrow.work);
    EXPECT_GT(narrow.left, 4 * wide.left);
}

// A search that has seen nothing expects its most; a point whose brackets are narrow is done,
// however few it took.
TEST(Headway, OfASearchEndsWithItsBrackets) {
    Outlook const outlook(head_of(study_of(
        "{c: {search: true, log2_min: 0, log2_max: 4, step: 2, resolution: 1}, seeds: 2}")));
    auto const none = outlook.headway({}).value();
    EXPECT_EQ(none.networks, 2 * 6);
    EXPECT_EQ(none.awaited.size(), 3U);  // the coarse grid
    auto rows = grid({1, 4, 16});            // nothing happens anywhere
    auto const half = outlook.headway(rows).value();
    EXPECT_EQ(half.networks, 3 + 6);
    EXPECT_NEAR(half.left, half.work / 2, 1e-9 * half.work);
    for (Trajectory const& row : grid({1, 4}, 1)) rows.push_back(row);
    rows.push_back(diverged(network(16, 2, 4, 1)));
    auto const inside = outlook.headway(rows).value();
    ASSERT_EQ(inside.awaited.size(), 1U);
    EXPECT_EQ(inside.awaited[0].c, 8);
    EXPECT_GT(inside.left, 0);
    rows.push_back(network(8, 2, 4, 1));
    auto const all = outlook.headway(rows).value();
    EXPECT_EQ(all.networks, 7);
    EXPECT_EQ(all.left, 0);
}

TEST(Headway, OfAShardIsItsOwn) {
    auto head = head_of(study_of("{c: [1, 2, 4], seeds: 2}"));
    head.shard = "1/2";
    auto const first = Outlook(head).headway({}).value();
    EXPECT_EQ(first.networks, 3);
    EXPECT_EQ(first.awaited.size(), 3U);
    EXPECT_EQ(Outlook(head).headway(grid({1, 2, 4}, 1)).value().networks, 3);  // of the other
}

TEST(Headway, IsUnknownWhereTheStudyIs) {
    FileHead head;
    head.yaml_resolved = "study: of a later version\nmodel: {kind: transformer}\n";
    EXPECT_FALSE(Outlook(head).study());
    EXPECT_FALSE(Outlook(head).headway({}));
    head = head_of(study_of("{c: [1], seeds: 1}"));
    head.shard = "many";
    EXPECT_FALSE(Outlook(head).headway({}));
    head.shard = "1/1";
    Trajectory stranger = network(1, 2, 4);
    stranger.swept = {3};
    EXPECT_FALSE(Outlook(head).headway({stranger}));
}

TEST(Pace, IsThatOfTheWorkSoFar) {
    Pace pace;
    EXPECT_TRUE(std::isnan(pace.seconds_left(0, 100)));
    pace.begin(1000, 100);
    pace.see(1010, 99.5);
    EXPECT_TRUE(std::isnan(pace.seconds_left(1010, 100))) << "too little to go by";
    pace.see(1020, 80);
    EXPECT_DOUBLE_EQ(pace.seconds_left(1020, 100), 80);
    EXPECT_DOUBLE_EQ(pace.seconds_left(1030, 100), 70);
    EXPECT_DOUBLE_EQ(pace.seconds_left(2000, 100), 0);
    pace.see(1030, 90);  // another run, or a study that grew
    EXPECT_TRUE(std::isnan(pace.seconds_left(1030, 100)));
    pace.see(1040, 45);
    EXPECT_DOUBLE_EQ(pace.seconds_left(1040, 100), 10);
}

TEST(Pace, KnowsWhenARunBegan) {
    FileHead head;
    head.history = "1970-01-02T00:00:10Z: sharpgrid run";
    EXPECT_EQ(begin_of_run(head), 86410);
    EXPECT_TRUE(is_first_run(head));
    head.history += "\n1970-01-03T00:00:00Z: sharpgrid run";
    EXPECT_EQ(begin_of_run(head), 2 * 86400);
    EXPECT_FALSE(is_first_run(head));
    head.history = "yesterday";
    EXPECT_TRUE(std::isnan(begin_of_run(head)));
}

}  // namespace
}  // namespace sg::test
