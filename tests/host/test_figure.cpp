// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>

#include <vector>

#include "host/figure.hpp"
#include "tests/host/svg_test.hpp"
#include "tests/host/trajectories.hpp"

namespace sg {
namespace {

StoredStudy study_of(std::vector<std::vector<Trajectory>> const& points) {
    StoredStudy study;
    study.title = "narrow & <wide>";
    study.model = "fcn";
    study.data_name = "synthetic";
    for (auto const& rows : points) study.rows.insert(study.rows.end(), rows.begin(), rows.end());
    study.margins = test::no_margin(study.rows);
    return study;
}

std::string figure_of(StoredStudy const& study) {
    auto const points = find_constants(study.rows, study.margins);
    return phase_diagram_svg(study, points, summarise(points));
}

using test::count;
using test::expect_well_formed;

TEST(Figure, HasAPanelForEachDepth) {
    std::vector<std::vector<Trajectory>> points;
    for (int const depth : {2, 4})
        for (int const width : {16, 64})
            for (std::uint64_t const seed : {0U, 1U})
                points.push_back(test::point(3, 4, 5, 6, depth, width, seed));
    std::string const svg = figure_of(study_of(points));
    expect_well_formed(svg);
    EXPECT_EQ(count(svg, ">depth "), 2);
    EXPECT_EQ(count(svg, ">64</text>"), 3);  // a width of two panels and one c
    EXPECT_EQ(count(svg, "narrow &amp; &lt;wide&gt;"), 1);
    EXPECT_EQ(count(svg, "2 seeds"), 1);
    for (char const* name : {"loss", "sharp", "barrier", "max"})
        EXPECT_EQ(count(svg, std::string(">") + name + "</tspan>"), 1) << name;
    EXPECT_EQ(count(svg, "http"), 1);  // the name space: nothing is fetched
}

TEST(Figure, ShowsOnlyWhatIsThere) {
    std::string const svg = figure_of(study_of({test::point(3, 9, 9, 6)}));
    expect_well_formed(svg);
    EXPECT_EQ(count(svg, ">loss catapult<"), 1);
    EXPECT_EQ(count(svg, ">loss and sharpness catapult<"), 0);
    EXPECT_EQ(count(svg, ">sharpness catapult<"), 0);
    EXPECT_EQ(count(svg, ">median is a bound<"), 1);  // c_sharp lies above every c that held
}

TEST(Figure, CopesWithTheSmallest) {
    StoredStudy none = study_of({});
    expect_well_formed(figure_of(none));
    none.rows.push_back(test::network(2));
    none.rows.back().status = RunStatus::pending;
    none.margins = {0};
    EXPECT_EQ(count(figure_of(none), "no network has finished"), 1);
    expect_well_formed(figure_of(study_of({{test::network(2)}})));
    expect_well_formed(figure_of(study_of({test::point(9, 9, 9, 0)})));  // all diverged
}

TEST(Figure, NamesSweptKeys) {
    StoredStudy study = study_of({test::point(3, 4, 5, 6), test::point(2, 4, 5, 6)});
    study.swept = {{"activation", {"relu", "tanh"}}};
    for (std::size_t n = 0; n < study.rows.size(); ++n) study.rows[n].swept = {n < 8 ? 0.0 : 1.0};
    std::string const svg = figure_of(study);
    expect_well_formed(svg);
    EXPECT_EQ(count(svg, ">depth 2, activation relu<"), 1);
    EXPECT_EQ(count(svg, ">depth 2, activation tanh<"), 1);
}

}  // namespace
}  // namespace sg
