// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include "host/panels.hpp"
#include "tests/host/trajectories.hpp"

namespace sg::test {
namespace {

Region region_of(Trajectory const& row, double margin) {
    return regions_of({verdict_of(row, margin)}).at(row.c);
}

TEST(Regions, FollowTheNetworkItself) {
    EXPECT_EQ(region_of(network(2), 0), Region::below_2);
    EXPECT_EQ(region_of(network(2.5), 0), Region::sharpness_reduction);
    auto const rows = point(2, 4, 9, 6);
    EXPECT_EQ(region_of(rows[3], 0), Region::loss_catapult);
    EXPECT_EQ(region_of(rows[5], 0), Region::loss_and_sharpness_catapult);
    EXPECT_EQ(region_of(rows[5], 0.5), Region::loss_catapult);
    EXPECT_EQ(region_of(rows[6], 0), Region::divergent);
    EXPECT_EQ(region_of(point(9, 2, 9, 6)[4], 0), Region::sharpness_catapult);
    EXPECT_EQ(region_of(point(0, 9, 9, 6)[0], 0), Region::loss_catapult);  // begins below 2
}

// A search asks for λ where c_sharp needs it; what it does not ask for is known from both sides.
TEST(Regions, OfUnmeasuredNetworksAreThoseOfTheirNeighbours) {
    auto const rows = point(2, 5, 9, 7);
    auto const known = [&](std::vector<std::size_t> const& measured) {
        std::vector<Verdict> verdicts;
        for (std::size_t k = 0; k < rows.size(); ++k) {
            Trajectory row = rows[k];
            if (std::find(measured.begin(), measured.end(), k) == measured.end())
                std::fill(row.sharpness.begin() + 1, row.sharpness.end(), missing);
            verdicts.push_back(verdict_of(row, 0));
        }
        return regions_of(verdicts);
    };
    using Places = std::vector<std::size_t>;
    for (auto const& [measured, left_out] : {std::pair<Places, Places>{{4, 5}, {}},
                                             {{1, 4, 5, 6}, {}},
                                             {{0, 5}, {1, 2, 3, 4}},
                                             {{3, 6}, {4, 5}}}) {
        auto const regions = known(measured);
        EXPECT_EQ(regions.size(), rows.size() - left_out.size());
        for (std::size_t k = 0; k < rows.size(); ++k) {
            bool const out = std::find(left_out.begin(), left_out.end(), k) != left_out.end();
            ASSERT_EQ(regions.contains(rows[k].c), !out) << k;
            if (!out) {
                EXPECT_EQ(regions.at(rows[k].c), region_of(rows[k], 0)) << k;
            }
        }
    }
    EXPECT_EQ(known({}).at(64), Region::loss_catapult);  // nothing says that λ rose
    EXPECT_TRUE(regions_of({}).empty());
}

TEST(Regions, OfNetworksAreThoseOfTheirPanels) {
    StoredStudy study;
    study.rows = point(2, 5, 9, 7);
    for (Trajectory const& row : point(3, 4, 9, 6, 4, 32, 1)) study.rows.push_back(row);
    study.rows[2].status = RunStatus::stopped;
    study.margins = no_margin(study.rows);
    auto const panels = panels_of(study, {});
    for (std::size_t n = 0; n < study.rows.size(); ++n)
        EXPECT_EQ(region_in(panels, study.rows[n]).has_value(), n != 2) << n;
    for (std::size_t const n : {0U, 4U, 7U, 8U, 11U, 15U})
        EXPECT_EQ(region_in(panels, study.rows[n]), region_of(study.rows[n], 0)) << n;
    EXPECT_EQ(region_in(panels, network(1, 4, 16)), std::nullopt);
    EXPECT_EQ(region_in(panels, network(1, 3, 32, 1)), std::nullopt);
    EXPECT_EQ(region_in(panels, network(1, 4, 32, 0)), std::nullopt);
    Trajectory other = network(1, 4, 32, 1);
    other.swept = {1};
    EXPECT_EQ(region_in(panels, other), std::nullopt);
}

}  // namespace
}  // namespace sg::test
