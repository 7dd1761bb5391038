// SPDX-License-Identifier: MIT
// The page and the figures: what is in them, and that nothing in a study can break them.
// tests/host/check_report.py opens pages in a browser.
#include "host/report.hpp"

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <cmath>
#include <cstring>
#include <regex>

#include "cuda/exec/error.hpp"
#include "host/digest.hpp"
#include "host/embedded.hpp"
#include "host/json.hpp"
#include "tests/host/svg_test.hpp"
#include "tests/host/trajectories.hpp"

namespace sg {
namespace {

using Points = std::vector<std::vector<Trajectory>>;

StoredStudy study_of(Points const& points) {
    StoredStudy study;
    study.title = "made";
    study.model = "fcn";
    study.data_name = "synthetic";
    study.precision = "float";
    study.yaml_given = "study: made\n";
    study.state = StudyState::complete;
    study.steps = test::steps;
    for (auto const& rows : points) study.rows.insert(study.rows.end(), rows.begin(), rows.end());
    study.margins = test::no_margin(study.rows);
    return study;
}

// Two depths, two widths, three seeds.
StoredStudy usual() {
    Points points;
    for (int const depth : {2, 4})
        for (int const width : {16, 64})
            for (int const seed : {0, 1, 2})
                points.push_back(test::point(2 + seed + depth / 4, 5, 9, 7, depth, width, seed));
    return study_of(points);
}

YAML::Node data_of(StoredStudy const& study) {
    return YAML::Load(report_data(ReportContent(study)));
}

template <class T>
std::vector<T> decoded(std::string const& base64) {
    constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string bytes;
    std::uint32_t bits = 0;
    int count = 0;
    for (char const digit : base64) {
        if (digit == '=') break;
        bits = bits << 6 | static_cast<std::uint32_t>(digits.find(digit));
        count += 6;
        if (count < 8) continue;
        count -= 8;
        bytes += static_cast<char>(bits >> count & 255U);
    }
    std::vector<T> values(bytes.size() / sizeof(T));
    std::memcpy(values.data(), bytes.data(), values.size() * sizeof(T));
    return values;
}

using test::count;

void expect_number(YAML::Node const& json, double value) {
    if (std::isfinite(value))
        EXPECT_NEAR(json.as<double>(), value, 1e-5 * std::fabs(value));
    else
        EXPECT_TRUE(json.IsNull());
}

TEST(ReportData, HoldsTheNumbersOfTheAnalysis) {
    StoredStudy const study = usual();
    ReportContent const content(study);
    YAML::Node const data = data_of(study);
    ASSERT_EQ(data["shapes"].size(), 4U);
    for (std::size_t s = 0; s < 4; ++s) {
        Shape const& shape = content.found.shapes[s];
        EXPECT_EQ(data["shapes"][s]["depth"].as<int>(), shape.depth);
        EXPECT_EQ(data["shapes"][s]["width"].as<int>(), shape.width);
        for (std::size_t k = 0; k < 4; ++k) {
            SeedSummary const& wanted = shape.constants[k];
            YAML::Node const found = data["shapes"][s]["constants"][k];
            expect_number(found["median"][0], wanted.median);
            EXPECT_EQ(found["median"][1].as<std::string>(), wanted.bound);
            expect_number(found["lower"][0], wanted.lower_quartile.value);
            expect_number(found["upper"][0], wanted.upper_quartile.value);
            expect_number(found["low"], wanted.low);
            expect_number(found["high"], wanted.high);
            EXPECT_EQ(found["seeds"].as<int>(), 3);
            expect_number(found["interval"][0], wanted.interval_low);
            expect_number(found["interval"][1], wanted.interval_high);
            EXPECT_FALSE(found["bootstrapped"].as<bool>());
            EXPECT_EQ(found["statuses"].as<std::vector<int>>(),
                      std::vector<int>(wanted.statuses.begin(), wanted.statuses.end()));
        }
    }
    EXPECT_NEAR(data["shapes"][0]["constants"][0]["median"][0].as<double>(), std::exp2(2.5), 1e-4);
    EXPECT_EQ(data["panels"].size(), 2U);
}

TEST(ReportData, HoldsEveryNetwork) {
    StoredStudy study = usual();
    study.rows[5].seed = 18446744073709551615U;
    study.rows[6].loss[2] = 1e300;
    YAML::Node const networks = data_of(study)["networks"];
    auto const panels = panels_of(study, {});
    std::size_t const n = study.rows.size(), entries = test::steps + 1;
    auto const c = decoded<float>(networks["c"].as<std::string>());
    auto const loss = decoded<float>(networks["loss"].as<std::string>());
    auto const sharpness = decoded<float>(networks["sharpness"].as<std::string>());
    auto const rise = decoded<float>(networks["loss_rise"].as<std::string>());
    auto const depth = decoded<std::int32_t>(networks["depth"].as<std::string>());
    auto const region = decoded<std::uint8_t>(networks["region"].as<std::string>());
    auto const seed = decoded<std::int32_t>(networks["seed"]["codes"].as<std::string>());
    ASSERT_EQ(c.size(), n);
    ASSERT_EQ(loss.size(), n * entries);
    ASSERT_EQ(sharpness.size(), n * entries);
    for (std::size_t r = 0; r < n; ++r) {
        EXPECT_EQ(c[r], static_cast<float>(study.rows[r].c));
        EXPECT_EQ(depth[r], study.rows[r].depth);
        EXPECT_EQ(region[r], static_cast<int>(region_in(panels, study.rows[r]).value()));
        EXPECT_EQ(networks["seed"]["texts"][seed[r]].as<std::string>(),
                  std::to_string(study.rows[r].seed));
        for (std::size_t t = 0; t < entries; ++t) {
            float const wanted = static_cast<float>(study.rows[r].sharpness[t]);
            EXPECT_TRUE(sharpness[r * entries + t] == wanted || std::isnan(wanted));
        }
    }
    EXPECT_TRUE(std::isinf(loss[6 * entries + 2]));
    EXPECT_EQ(rise[0], 0.5F);
    EXPECT_EQ(rise[4], 1.5F);
}

TEST(ReportData, KeepsTheFirstStepsAndTheLast) {
    EXPECT_EQ(kept_steps(10, 10'000).size(), 11U);
    EXPECT_EQ(kept_steps(0, 1), std::vector{0});
    auto const kept = kept_steps(40'000, 1000);
    EXPECT_LE(kept.size(), 1501U);
    EXPECT_GT(kept.size(), 1000U);
    EXPECT_EQ(kept[700], 700);
    EXPECT_EQ(kept.back(), 40'000);
    EXPECT_TRUE(std::is_sorted(kept.begin(), kept.end()));
    EXPECT_EQ(std::adjacent_find(kept.begin(), kept.end()), kept.end());
    EXPECT_EQ(kept_steps(100, 1'000'000).back(), 100);
    // Of every tenth step measured, those are kept after the first half.
    std::vector<bool> tenth(40'001);
    for (std::size_t t = 0; t < tenth.size(); t += 10) tenth[t] = true;
    auto const measured = kept_steps(40'000, 1000, tenth);
    EXPECT_GT(measured.size(), 1000U);
    EXPECT_EQ(measured.back(), 40'000);
    EXPECT_TRUE(std::is_sorted(measured.begin(), measured.end()));
    EXPECT_EQ(std::adjacent_find(measured.begin(), measured.end()), measured.end());
    for (int const t : measured) EXPECT_TRUE(t < 750 || t % 10 == 0) << t;
    EXPECT_EQ(kept_steps(40'000, 1000, std::vector<bool>(40'001)).back(), 40'000);
}

TEST(ReportSummary, SaysTheMainResult) {
    auto const sentences = summary_of(ReportContent(usual()));
    EXPECT_EQ(sentences[0],
              "The median of c_loss rises from 5.66 at d = 2, w = 16 to 11.3 at d = 4, w = 16.");
    EXPECT_NE(sentences[1].find("above 2 for 4 of 4 shapes"), std::string::npos) << sentences[1];
    EXPECT_NE(sentences[2].find("96 networks ran: 4 shapes, 3 seeds. 12 diverged, 0 collapsed."),
              std::string::npos)
        << sentences[2];
}

TEST(ReportSummary, OwnsUpToWhatIsMissing) {
    EXPECT_EQ(summary_of(ReportContent(study_of({}))).size(), 1U);
    auto study = study_of({test::point(9, 9, 9, 0)});  // all diverged
    study.state = StudyState::stopped;
    auto const sentences = summary_of(ReportContent(study));
    EXPECT_NE(sentences[0].find("No shape"), std::string::npos);
    EXPECT_NE(sentences[2].find("1 seed. 8 diverged"), std::string::npos) << sentences[2];
    EXPECT_NE(sentences[2].find("not enough seeds"), std::string::npos);
    EXPECT_NE(sentences.back().find("stopped"), std::string::npos);
    study.rows[0].status = RunStatus::stopped;
    EXPECT_NE(summary_of(ReportContent(study))[2].find("1 more were stopped"), std::string::npos);
}

// The three smallest studies that there can be: the data are JSON, the figures are drawn.
TEST(ReportData, CopesWithTheSmallest) {
    StoredStudy pending = study_of({{test::network(2)}});
    pending.rows[0].status = RunStatus::pending;
    StoredStudy bare = study_of({{test::network(2)}});
    for (auto* values : {&bare.rows[0].loss, &bare.rows[0].sharpness, &bare.rows[0].accuracy})
        std::fill(values->begin(), values->end(), missing);
    for (StoredStudy const& study : {study_of({}), pending, bare, study_of({{test::network(2)}}),
                                     study_of({test::point(9, 9, 9, 0)})}) {
        YAML::Node const data = data_of(study);
        EXPECT_EQ(data["networks"]["count"].as<std::size_t>(), study.rows.size());
        for (Figure const& figure : report_figures(ReportContent(study))) {
            EXPECT_EQ(figure.svg.rfind("<svg ", 0), 0U) << figure.name;
            EXPECT_EQ(count(figure.svg, "nan") + count(figure.svg, "inf"), 0) << figure.name;
        }
    }
}

TEST(ReportFigures, AreOneForEachShape) {
    StoredStudy study = usual();
    study.swept = {{"activation", {"re/lu", "tanh"}}};
    for (Trajectory& row : study.rows) row.swept = {0};
    auto const figures = report_figures(ReportContent(study));
    ASSERT_EQ(figures.size(), 7U);
    EXPECT_EQ(figures[0].name, "phase_diagram.svg");
    EXPECT_EQ(figures[1].name, "constants.svg");
    EXPECT_EQ(figures[2].name, "opening.svg");
    EXPECT_EQ(figures[3].name, "trajectories_d2_w16_re-lu_s0.svg");
    EXPECT_EQ(count(figures[1].svg, ">c_loss, activation re/lu<"), 2);  // against 1/w and d
    EXPECT_EQ(count(figures[2].svg, ">c_loss, activation re/lu<"), 1);
    EXPECT_EQ(count(figures[2].svg, "rank correlation "), 3);
    EXPECT_EQ(count(figures[3].svg, "stroke-dasharray=\"5 4\""), 5);  // 2/η = 32, 16, ..., 2 = λ_4
    EXPECT_EQ(count(figures[3].svg, "http"), 1);                      // the name space
}

class ReportPage : public testing::Test {
protected:
    void SetUp() override {
        if (!embedded::plotly().script.empty()) return;
        EXPECT_THROW(report_page(ReportContent(usual())), UserError);
        GTEST_SKIP() << "no plotly.js in this build: scripts/plotly.sh fetches it";
    }
};

TEST_F(ReportPage, LetsOnlyItsOwnScriptsRun) {
    std::string const page = report_page(ReportContent(usual()));
    EXPECT_EQ(count(page, "default-src 'none'"), 1);
    int scripts = 0;
    for (auto at = page.find("<script>"); at != std::string::npos;
         at = page.find("<script>", at + 1)) {
        auto const end = page.find("</script>", at);
        std::string const hex = sha256_hex(page.substr(at + 8, end - at - 8));
        std::vector<unsigned char> bytes;
        for (std::size_t k = 0; k < hex.size(); k += 2)
            bytes.push_back(static_cast<unsigned char>(std::stoi(hex.substr(k, 2), nullptr, 16)));
        EXPECT_NE(page.find("'sha256-" + base64(bytes) + "'"), std::string::npos);
        ++scripts;
    }
    EXPECT_EQ(scripts, 2);
    EXPECT_EQ(count(page, "<script"), 3);  // and the data
    EXPECT_GT(page.find("Plotly, Inc."), 0U);
    for (char const* place :
         {"{{title}}", "{{data}}", "{{js}}", "{{css}}", "{{policy}}", "{{summary}}"})
        EXPECT_EQ(count(page, place), 0) << place;
}

TEST_F(ReportPage, TakesNoMarkupFromTheStudy) {
    std::string const evil = "</title></script><script>alert(1)</script><!-- \"'& {{js}}";
    StoredStudy study = usual();
    int const tags = count(report_page(ReportContent(study)), "<script");
    study.title = study.data_name = study.yaml_given = study.history = study.device = evil;
    study.swept = {{evil, {evil, "tanh"}}};
    for (Trajectory& row : study.rows) row.swept = {0};
    std::string const page = report_page(ReportContent(study));
    EXPECT_EQ(count(page, "<script"), tags);
    EXPECT_EQ(count(page, "</script>"), tags);
    EXPECT_EQ(count(page, "<!-- \""), 0);
    // Title, heading, the line below it, and the swept key with its value at both ends of c_loss.
    EXPECT_EQ(count(page, "&lt;script&gt;alert(1)"), 7);
    EXPECT_EQ(data_of(study)["yaml_given"].as<std::string>(), evil);
}

TEST_F(ReportPage, OfTenThousandNetworksStaysSmall) {
    Points points;
    for (int width = 8; width < 18; ++width)
        for (std::uint64_t seed = 0; seed < 125; ++seed)
            points.push_back(test::point(3, 5, 9, 7, 2, width, seed));
    StoredStudy study = study_of(points);
    ASSERT_EQ(study.rows.size(), 10'000U);
    study.steps = 10;
    for (Trajectory& row : study.rows)
        for (auto* values : {&row.loss, &row.sharpness}) values->resize(11, 1.0 / 3);
    EXPECT_LT(report_page(ReportContent(study)).size(), 10'000'000U);  // 30 MB are allowed
}

}  // namespace
}  // namespace sg
