// SPDX-License-Identifier: MIT
// The figure of spectral densities.
#include "host/spectra.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "host/schema.hpp"
#include "tests/host/trajectories.hpp"

namespace sg {
namespace {

TEST(Spectra, TheAxisIsLogarithmicOnBothSidesAndLinearAboutZero) {
    EXPECT_EQ(signed_log(0, 1e-3), 0);
    EXPECT_NEAR(signed_log(10, 1e-3), 4, 1e-8);
    EXPECT_NEAR(signed_log(-1, 1e-3), -3, 1e-6);
    EXPECT_NEAR(signed_log(1e-6, 1e-3), 1e-3 / 2 / std::log(10), 1e-9);
}

TEST(Spectra, SmoothingKeepsTheShare) {
    std::vector<double> places;
    for (int k = 0; k <= 2000; ++k) places.push_back(-5 + 0.005 * k);
    // A quarter at 1; a missing node has no share.
    auto const density = smoothed({1, -2, missing}, {0.5, 1.5, missing}, places, 0.1);
    double all = 0, above = 0;
    for (std::size_t k = 0; k < places.size(); ++k) {
        all += 0.005 * density[k];
        if (places[k] > 0) above += 0.005 * density[k];
    }
    EXPECT_NEAR(all, 1, 1e-9);
    EXPECT_NEAR(above, 0.25, 1e-9);
    EXPECT_NEAR(density[1200], 0.25 / (0.1 * std::sqrt(2 * M_PI)), 1e-9);  // at the node 1
    EXPECT_NEAR(density[1220], density[1200] * std::exp(-0.5), 1e-9);      // one width beside it
    for (double const x : smoothed({missing}, {missing}, places, 0.1)) EXPECT_TRUE(std::isnan(x));
}

// Three seeds of eight c; those that diverge have a density at step 0 alone.
StoredStudy with_density(int widths) {
    StoredStudy study;
    study.title = "made";
    study.steps = test::steps;
    study.spectrum = {{0, 4}, 0, false, 2, 3};
    for (int w = 0; w < widths; ++w)
        for (std::uint64_t const seed : {0U, 1U, 2U})
            for (Trajectory row : test::point(2, 3, 4, 6, 2, 16 + w, seed)) {
                row.density_node = {-0.1, 0, 5, -0.2, 0, 6, 0, 1, 2, 0, 3, missing};
                row.density_weight = {0.1, 0.8, 0.1, 0.2, 0.7, 0.1, 0.5, 0.3, 0.2, 0.9, 0.1, missing};
                if (row.status == RunStatus::diverged)
                    for (std::size_t k = 6; k < 12; ++k) row.density_node[k] = row.density_weight[k] = missing;
                study.rows.push_back(row);
            }
    study.margins = test::no_margin(study.rows);
    return study;
}

std::size_t count(std::string const& text, std::string const& part) {
    std::size_t found = 0;
    for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size()) ++found;
    return found;
}

TEST(Spectra, ShowsEachShapeByStep) {
    auto const svg = spectra_svg(ReportContent(with_density(2)));
    for (char const* text : {"depth 2, width 16, c = 4, 3 seeds", "depth 2, width 17", "step 0", "step 4",
                             "2 probes of 3 nodes", "share per decade", "\u22121e"})
        EXPECT_NE(svg.find(text), std::string::npos) << text;
    EXPECT_EQ(count(svg, ">step 4<"), 2u);
    EXPECT_GE(count(svg, "stroke-width=\"1.6\""), 4u);  // a curve is cut where it leaves the frame
    EXPECT_GE(count(svg, "stroke-dasharray"), 4u);  // of step 4, and of its line in the legend
    EXPECT_EQ(svg.find("nan"), std::string::npos);
    EXPECT_EQ(count(spectra_svg(ReportContent(with_density(9))), "share per decade"), 6u);
    bool named = false;
    for (Figure const& figure : report_figures(ReportContent(with_density(1))))
        named |= figure.name == "spectral_density.svg";
    EXPECT_TRUE(named);
}

TEST(Spectra, SaysWhereThereIsNone) {
    auto study = with_density(1);
    EXPECT_NE(spectra_html(ReportContent(study)).find("<svg"), std::string::npos);
    for (Trajectory& row : study.rows) {  // asked for, but every network collapsed or diverged at once
        row.density_node.assign(12, missing);
        row.density_weight = row.density_node;
    }
    EXPECT_EQ(spectra_svg(ReportContent(study)).find("nan"), std::string::npos);
    study.spectrum = {};
    auto const html = spectra_html(ReportContent(study));
    EXPECT_NE(html.find("was not measured"), std::string::npos);
    EXPECT_EQ(html.find("<svg"), std::string::npos);
}

}  // namespace
}  // namespace sg
