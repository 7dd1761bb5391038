// SPDX-License-Identifier: MIT
// What the report shows of the findings: their data in the page, their figures, and why there are
// none.
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <cmath>

#include "host/report.hpp"
#include "tests/host/stored_studies.hpp"
#include "tests/host/svg_test.hpp"

namespace sg {
namespace {

using test::count;

std::string figure(ReportContent const& content, std::string const& name) {
    for (Figure const& one : report_figures(content))
        if (one.name == name) {
            test::expect_well_formed(one.svg);
            return one.svg;
        }
    ADD_FAILURE() << "no figure " << name;
    return "";
}

bool has_figure(ReportContent const& content, std::string const& start) {
    for (Figure const& one : report_figures(content))
        if (one.name.rfind(start, 0) == 0) return true;
    return false;
}

void expect_interval(YAML::Node const& json, Bounded const& interval) {
    EXPECT_NEAR(json[0].as<double>(), interval.lower, 1e-5 * std::fabs(interval.lower) + 1e-9);
    EXPECT_NEAR(json[1].as<double>(), interval.upper, 1e-5 * std::fabs(interval.upper) + 1e-9);
}

TEST(ReportFindings, PageAndAnalyseHaveOneOpening) {
    ReportContent const content(test::wide_study());
    YAML::Node const json = YAML::Load(report_data(content))["openings"];
    ASSERT_EQ(json.size(), 4U);  // one for each constant, that of c_loss first
    MedianLine const& line = content.found.openings.at(0).line;
    EXPECT_NEAR(json[0]["slope"].as<double>(), line.slope, 1e-5 * line.slope);
    expect_interval(json[0]["slope_interval"], line.slope_interval);
    expect_interval(json[0]["intercept_interval"], line.intercept_interval);
    EXPECT_EQ(json[0]["constant"].as<int>(), 0);
    EXPECT_EQ(json[0]["fitted"].size(), 3U);
    YAML::Node const left_out =
        json[0]["left_out"][0];  // [depth, width, value, bound, other, line]
    EXPECT_EQ(left_out[1].as<int>(), 16);
    EXPECT_EQ(left_out[3].as<std::string>(), ">");
    EXPECT_GT(left_out[5].as<double>(), 0);
    // The band goes from the intercept to the shape that was left out.
    YAML::Node const band = json[0]["band"];
    EXPECT_EQ(band[0][0].as<double>(), 0);
    EXPECT_NEAR(band[0][1].as<double>(), line.intercept, 1e-5);
    EXPECT_NEAR(band[0][2].as<double>(), line.intercept_interval.lower, 1e-5);
    EXPECT_NEAR(band[band.size() - 1][0].as<double>(), 2.0 / 16, 1e-6);
    EXPECT_TRUE(json[1]["slope"].IsNull());  // c_sharp: nothing but bounds
    EXPECT_EQ(json[1]["band"].size(), 0U);
}

TEST(ReportFindings, FiguresShowMediansAndTheOpening) {
    ReportContent const content(test::wide_study());
    std::string const opening = figure(content, "opening.svg");
    EXPECT_EQ(count(opening, ">95 % over the seeds: slope "), 2);  // c_loss and c_max
    EXPECT_EQ(count(opening, ">1 of 4 shapes left out: their median is a bound<"), 1);
    EXPECT_EQ(count(opening, "rank correlation 1.00, 3 shapes"), 1);
    EXPECT_EQ(count(opening, "rank correlation -, 4 shapes"), 1);  // c_max is one and the same
    EXPECT_EQ(count(opening, ">no line: 0 of the medians are no bounds<"), 2);
    std::string const constants = figure(content, "constants.svg");
    EXPECT_EQ(count(constants, ">c_loss<"), 4);  // two plots, each with its axis
    EXPECT_EQ(count(constants, ">d = 2<"), 4);   // a curve for each constant
    EXPECT_EQ(count(constants, ">w = 128<"), 4);
    StoredStudy nothing;
    nothing.steps = test::steps;
    EXPECT_FALSE(has_figure(ReportContent(nothing), "constants"));
    EXPECT_FALSE(has_figure(ReportContent(nothing), "opening"));
}

TEST(ReportFindings, RegimesNameTheirNetworks) {
    StoredStudy study = test::long_study();
    study.rows[0].status = RunStatus::diverged;
    ReportContent const content(study);
    YAML::Node const json = YAML::Load(report_data(content));
    EXPECT_EQ(json["no_regimes"].as<std::string>(), "");
    ASSERT_EQ(json["regimes"].size(), 41U);
    YAML::Node const first = json["regimes"][0];
    EXPECT_EQ(first["row"].as<int>(), 1);  // row 0 diverged
    EXPECT_EQ(first["edge"].as<double>(), 3);
    auto const& span = content.found.regimes[0].spans[0];
    EXPECT_EQ(first["spans"][0][0].as<int>(), 0);
    EXPECT_EQ(first["spans"][0][2].as<int>(), span.last);
    EXPECT_NEAR(first["spans"][0][3].as<double>(), 8, 1e-4);
    EXPECT_NEAR(first["late"][1].as<double>(), content.found.regimes[0].late_median, 1e-4);

    std::string const svg = figure(content, "regimes_d3_w64_s0_c1.072.svg");
    EXPECT_EQ(count(svg, "early transient: steps 0 to 20, λη 8.00 to 0.50"), 1);
    EXPECT_EQ(count(svg, "dotted: 3 = 2(1 + momentum)"), 1);
    for (RegimeSpan const& one : content.found.regimes[0].spans)
        EXPECT_EQ(count(svg, std::string(regime_names[static_cast<std::size_t>(one.regime)]) + ":"),
                  1);
}

TEST(ReportFindings, CCritHasItsCurveAndItsBend) {
    ReportContent const content(test::long_study(), 100);
    YAML::Node const json = YAML::Load(report_data(content));
    EXPECT_EQ(json["c_crit_s"].as<double>(), 100);
    EXPECT_EQ(json["no_c_crit"].as<std::string>(), "");
    YAML::Node const one = json["c_crit"][0];
    CriticalC const& wanted = content.found.c_crit.at(0);
    EXPECT_NEAR(one["c_crit"].as<double>(), wanted.c_crit, 1e-5);
    EXPECT_NEAR(one["interval"][0].as<double>(), wanted.low, 1e-5);
    EXPECT_FALSE(one["bootstrapped"].as<bool>());
    ASSERT_EQ(one["bends"].size(), one["c"].size());
    EXPECT_TRUE(one["bends"][0].IsNull());  // too near the end
    // Where y″ is least, c_crit is not far.
    std::size_t least = 0;
    for (std::size_t k = 0; k < wanted.bends.size(); ++k)
        if (!(wanted.bends[least] <= wanted.bends[k]))
            least = std::isnan(wanted.bends[k]) ? least : k;
    EXPECT_NEAR(wanted.c[least], wanted.c_crit, 0.2);
    EXPECT_NEAR(one["bends"][least].as<double>(), wanted.bends[least], 1e-4);

    std::string const svg = figure(content, "c_crit_d3_w64.svg");
    EXPECT_EQ(count(svg, "mean over 2 seeds of λ at step 100/c over λ₀. c_crit "), 1);
    EXPECT_EQ(count(svg, "range of the seeds"), 1);
    EXPECT_EQ(count(svg, ">y″<"), 1);
}

TEST(ReportFindings, WhatIsNotThereHasAReason) {
    ReportContent const wide(test::wide_study());  // four steps
    EXPECT_EQ(
        why_no_regimes(wide),
        "There are no regimes to show: they are looked for in runs of at least 200 steps, and "
        "this study has 4.");
    std::string const no_c_crit = why_no_c_crit(wide);
    EXPECT_NE(no_c_crit.find("at 9 values of c or more"), std::string::npos) << no_c_crit;
    EXPECT_NE(no_c_crit.find("At most 1 have it here; runs of 4 steps reach it from c = 50 on."),
              std::string::npos)
        << no_c_crit;
    EXPECT_FALSE(has_figure(wide, "regimes"));
    EXPECT_FALSE(has_figure(wide, "c_crit"));

    StoredStudy dead = test::long_study();
    for (Trajectory& row : dead.rows) row.status = RunStatus::diverged;
    ReportContent const none(dead);
    EXPECT_NE(why_no_regimes(none).find("no network that finished with at least 20"),
              std::string::npos);
    EXPECT_NE(why_no_c_crit(none).find("At most 0 have it here"), std::string::npos);
    YAML::Node const json = YAML::Load(report_data(none));
    EXPECT_EQ(json["no_regimes"].as<std::string>(), why_no_regimes(none));
    EXPECT_EQ(json["no_c_crit"].as<std::string>(), why_no_c_crit(none));
}

}  // namespace
}  // namespace sg
