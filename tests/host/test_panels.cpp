// SPDX-License-Identifier: MIT
#include "host/panels.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/host/trajectories.hpp"

namespace sg {
namespace {

// One shape; c = 1, 2, ..., 128 in each seed.
Panel panel_of(std::vector<std::vector<Trajectory>> const& points) {
    StoredStudy study;
    for (auto const& rows : points) study.rows.insert(study.rows.end(), rows.begin(), rows.end());
    study.margins = test::no_margin(study.rows);
    auto const panels = panels_of(study, summarise(find_constants(study.rows, study.margins)));
    EXPECT_EQ(panels.size(), 1U);
    return panels.front();
}

std::vector<Region> regions_of(std::vector<Tile> const& tiles) {
    std::vector<Region> regions;
    for (Tile const& tile : tiles) regions.push_back(tile.region);
    return regions;
}

TEST(Panels, TilesAreRunsOfEqualOutcomes) {
    auto const tiles = tiles_of(panel_of({test::point(3, 5, 9, 6)}));
    EXPECT_EQ(regions_of(tiles),
              (std::vector{Region::below_2, Region::sharpness_reduction, Region::loss_catapult,
                           Region::loss_and_sharpness_catapult, Region::divergent}));
    EXPECT_DOUBLE_EQ(tiles[0].low, -0.5);
    EXPECT_DOUBLE_EQ(tiles[0].high, 1);  // c = 2, not half-way
    EXPECT_DOUBLE_EQ(tiles[1].high, 2.5);
    EXPECT_DOUBLE_EQ(tiles[3].high, 5.5);
    EXPECT_DOUBLE_EQ(tiles[4].high, 7.5);
    for (Tile const& tile : tiles) {
        EXPECT_LT(tile.left, -4);  // log2 of 1/16
        EXPECT_GT(tile.right, -4);
    }
}

TEST(Panels, SeedsStandSideBySide) {
    auto const tiles =
        tiles_of(panel_of({test::point(9, 9, 9, 9), test::point(9, 9, 9, 9, 2, 16, 1),
                           test::point(9, 9, 9, 9, 2, 32)}));
    ASSERT_EQ(tiles.size(), 6U);
    EXPECT_LT(tiles[0].right, tiles[2].left);  // a seam between the widths
    EXPECT_DOUBLE_EQ(tiles[2].right, tiles[4].left);
    EXPECT_NEAR(tiles[0].right - tiles[0].left, 2 * (tiles[2].right - tiles[2].left), 1e-12);
}

TEST(Panels, LabelsLieWithinTheirRegion) {
    Panel const panel =
        panel_of({test::point(3, 5, 9, 6), test::point(4, 6, 9, 7, 2, 16, 1),
                  test::point(2, 2, 9, 4, 2, 64), test::point(3, 4, 9, 9, 2, 64, 1)});
    auto const tiles = tiles_of(panel);
    auto const labels = labels_of(panel);
    EXPECT_EQ(labels.size(), 5U);  // no sharpness catapult is there
    for (Label const& label : labels) {
        ASSERT_LT(label.left, label.right);
        ASSERT_LT(label.low, label.high);
        for (Tile const& tile : tiles) {
            bool const apart = tile.right <= label.left || label.right <= tile.left ||
                               tile.high <= label.low || label.high <= tile.low;
            EXPECT_TRUE(apart || tile.region == label.region)
                << region_names[static_cast<std::size_t>(label.region)] << " over "
                << region_names[static_cast<std::size_t>(tile.region)];
        }
    }
}

TEST(Panels, LeavesOutWhatDidNotRun) {
    StoredStudy study;
    study.rows = {test::network(2), test::network(4)};
    for (Trajectory& row : study.rows) row.status = RunStatus::stopped;
    study.margins = test::no_margin(study.rows);
    EXPECT_TRUE(panels_of(study, {}).empty());
    study.rows[0].status = RunStatus::collapsed;
    EXPECT_EQ(tiles_of(panels_of(study, {}).at(0)).size(), 2U);  // both sides of c = 2
}

TEST(Panels, EveryRegionHasWords) {
    for (std::size_t r = 0; r < region_names.size(); ++r) {
        std::string joined;
        for (auto const word : label_words(static_cast<Region>(r)))
            joined += (joined.empty() ? "" : " ") + std::string(word);
        EXPECT_EQ(joined, region_names[r]);
    }
}

}  // namespace
}  // namespace sg
