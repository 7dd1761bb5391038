// SPDX-License-Identifier: MIT
#include "host/findings.hpp"

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <sstream>

#include "host/config.hpp"
#include "host/tables.hpp"
#include "tests/host/stored_studies.hpp"

namespace sg {
namespace {

using test::long_study;
using test::wide_study;

Findings found_in(StoredStudy const& study, double s = missing) {
    return findings_of(study, find_constants(study.rows, study.margins), s);
}

YAML::Node json_of(StoredStudy const& study, double s = missing) {
    auto const points = find_constants(study.rows, study.margins);
    std::ostringstream out;
    write_json(out, study, points, findings_of(study, points, s));
    return YAML::Load(out.str());
}

std::string text_of(StoredStudy const& study, double s = missing) {
    std::ostringstream out;
    print_findings(out, study, found_in(study, s));
    return out.str();
}

void expect_text(std::string const& text, std::string const& part) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\nis not in\n" << text;
}

TEST(Findings, MomentumIsSweptOrTheStudys) {
    StoredStudy study = long_study();
    EXPECT_EQ(momenta_of(study), std::vector<double>(study.rows.size(), 0.5));
    EXPECT_EQ(found_in(study).regimes.at(0).edge, 3);
    study.swept = {{"loss", {"mse", "cross_entropy"}}, {"momentum", {}}};
    for (Trajectory& row : study.rows) row.swept = {1, 0.9};
    EXPECT_EQ(momenta_of(study).back(), 0.9);
}

TEST(Findings, OfAShortRunHaveNoRegimes) {
    Findings const found = found_in(wide_study());  // and its study is not read
    EXPECT_EQ(found.shapes.size(), 4U);
    EXPECT_EQ(found.openings.size(), 1U);
    EXPECT_TRUE(found.regimes.empty());
    EXPECT_TRUE(found.c_crit.empty());
    EXPECT_TRUE(text_of(StoredStudy{}).empty());
}

TEST(Findings, TextShowsStatisticsAndTheOpening) {
    std::string const text = text_of(wide_study());
    expect_text(text, "c_loss      6      6  0      22.6    22.6      22.6    [22.6, 32]  25.4");
    expect_text(text, "c_loss      6      0  0       >64     >64       >64        [64, ]");
    expect_text(text, "over 3 shapes; rank correlation 1.00; 95 % over the seeds: intercept [");
    expect_text(text, "left out: depth 2, width 16, median >64, the line gives ");
}

TEST(Findings, TextShowsRegimesAndCCrit) {
    std::string const text = text_of(long_study(), 100);
    expect_text(text, "0-20: 8.00 to 0.50");
    expect_text(text, "step 100/c");
    expect_text(text, "found");
    StoredStudy many = long_study();
    auto const rows = many.rows;
    for (Trajectory row : rows) {
        row.seed += 2;
        many.rows.push_back(row);
        many.margins.push_back(0);
    }
    expect_text(text_of(many), "and 24 more networks");
}

TEST(Findings, JsonHasThemAll) {
    YAML::Node const json = json_of(wide_study());
    ASSERT_EQ(json["points"].size(), 24U);
    ASSERT_EQ(json["shapes"].size(), 4U);
    YAML::Node const wide = json["shapes"][3];
    EXPECT_EQ(wide["width"].as<int>(), 128);
    YAML::Node const c_loss = wide["constants"]["c_loss"];
    EXPECT_EQ(c_loss["seeds"].as<int>(), 6);
    EXPECT_EQ(c_loss["not_monotone"].as<int>(), 0);
    EXPECT_NEAR(c_loss["median"]["value"].as<double>(), std::exp2(2.5), 1e-12);
    EXPECT_EQ(c_loss["median"]["bound"].as<std::string>(), "");
    EXPECT_NEAR(c_loss["interval"]["low"].as<double>(), std::exp2(2.5), 1e-12);
    EXPECT_TRUE(c_loss["bootstrapped"].as<bool>());
    EXPECT_NEAR(c_loss["mean"].as<double>(), std::exp2(16.0 / 6), 1e-12);
    YAML::Node const narrow = json["shapes"][0]["constants"]["c_loss"];
    EXPECT_EQ(narrow["lower_quartile"]["bound"].as<std::string>(), ">");
    EXPECT_TRUE(narrow["interval"]["high"].IsNull());
    EXPECT_TRUE(narrow["mean"].IsNull());
    YAML::Node const opening = json["openings"][0];
    EXPECT_EQ(opening["shapes"].as<int>(), 3);
    EXPECT_GT(opening["slope"].as<double>(), opening["slope_interval"]["low"].as<double>() - 1e-9);
    EXPECT_EQ(opening["left_out"][0]["width"].as<int>(), 16);
    EXPECT_EQ(json["regimes"].size(), 0U);
    EXPECT_TRUE(json["c_crit_s"].IsNull());
}

TEST(Findings, JsonHasLongRuns) {
    YAML::Node const json = json_of(long_study(), 100);
    ASSERT_EQ(json["regimes"].size(), 42U);
    YAML::Node const network = json["regimes"][0];
    EXPECT_EQ(network["edge"].as<double>(), 3);
    EXPECT_EQ(network["steps"].as<int>(), 2000);
    EXPECT_EQ(network["spans"][0]["regime"].as<std::string>(), "early transient");
    EXPECT_EQ(network["spans"][0]["first"].as<int>(), 0);
    EXPECT_LE(network["late"]["low"].as<double>(), network["late"]["high"].as<double>());
    EXPECT_EQ(json["c_crit_s"].as<double>(), 100);
    YAML::Node const c_crit = json["c_crit"][0];
    EXPECT_EQ(c_crit["status"].as<std::string>(), "found");
    EXPECT_NEAR(c_crit["c_crit"].as<double>(), 2, 0.25);
    EXPECT_EQ(c_crit["c"].size(), c_crit["y"].size());
    EXPECT_EQ(c_crit["seeds"].as<int>(), 2);
}

TEST(Findings, CsvOfShapesHasOneLineForEachConstant) {
    StoredStudy study = wide_study();
    study.swept = {{"activation", {"relu", "tanh"}}};
    for (Trajectory& row : study.rows) row.swept = {1};
    std::ostringstream out;
    write_shapes_csv(out, study, found_in(study).shapes);
    std::istringstream lines(out.str());
    std::string line, first;
    std::getline(lines, line);
    EXPECT_EQ(line.rfind("model,depth,width,activation,constant,seeds,found,", 0), 0U);
    auto const columns = std::count(line.begin(), line.end(), ',');
    int count = 0;
    while (std::getline(lines, line)) {
        if (++count == 1) first = line;
        EXPECT_EQ(std::count(line.begin(), line.end(), ','), columns) << line;
    }
    EXPECT_EQ(count, 4 * 4);
    EXPECT_EQ(first, "fcn,2,16,tanh,c_loss,6,0,0,64,>,64,>,64,>,64,,1,");
}

}  // namespace
}  // namespace sg
