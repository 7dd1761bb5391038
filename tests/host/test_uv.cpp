// SPDX-License-Identifier: MIT
// The whole chain on the solvable model, whose critical constants are known: configuration, training,
// sharpness, analysis and the output file.
#include <cmath>

#include "host/analysis.hpp"
#include "host/store.hpp"
#include "tests/host/sweep_test.hpp"
#include "tests/host/temporary.hpp"
#include "tests/support/program.hpp"
#include "tests/support/uv_map.hpp"

namespace sg::test {
namespace {

// DESIGN, section 6: n = 64, κ₀ = 1, r = 0.01, at a resolution of 0.0005 in log2 c.
constexpr double c_loss = 2.1012, c_sharp = 2.6446, c_max = 4.117, within = 0.002, step = 0.0005;

// Five values of c on either side of each constant.
std::vector<double> windows() {
    std::vector<double> all;
    for (double const constant : {c_loss, c_sharp, c_max})
        for (int k = -5; k <= 5; ++k)
            all.push_back(std::exp2(std::round(std::log2(constant) / step + k) * step));
    return all;
}

Study uv_study(std::string const& model) {
    Study study = parse_study("study: uv\nmodel: {kind: uv, " + model +
                                  "}\ngrid: {c: 1, seeds: 3}\nsharpness: {tolerance: 1e-8}\n",
                              "uv.yaml");
    study.c = windows();
    return study;
}

void expect_at(Bracket const& bracket, double constant) {
    EXPECT_EQ(bracket.status, BracketStatus::found);
    EXPECT_NEAR(std::log2(bracket.high / bracket.low), step, 1e-9);
    EXPECT_NEAR(bracket.low, constant, within);
    EXPECT_NEAR(bracket.high, constant, within);
}

void expect_known(std::vector<Point> const& points) {
    EXPECT_EQ(points.size(), 3U);
    for (Point const& point : points) {
        SCOPED_TRACE(point.seed);
        expect_at(point.constants[static_cast<std::size_t>(Constant::c_loss)], c_loss);
        expect_at(point.constants[static_cast<std::size_t>(Constant::c_sharp)], c_sharp);
        expect_at(point.constants[static_cast<std::size_t>(Constant::c_max)], c_max);
    }
}

class UvTest : public SweepTest {
protected:
    std::vector<Trajectory> swept(Study const& study, Precision precision) const {
        Plan const plan = make_plan(study, dataset_shape(study.data), machine(), precision);
        std::vector<Trajectory> all;
        std::mutex mutex;
        std::atomic<bool> stop{false};
        Counters counters;
        Todo todo(study, plan.cohorts, {}, all);
        sweep(study, plan, todo, load_dataset(study.data), stop, counters,
              [&](std::vector<Trajectory>&& slice, AuditTally const& audit, auto const&) {
                  std::lock_guard const lock(mutex);
                  EXPECT_EQ(audit.misses, 0);
                  all.insert(all.end(), slice.begin(), slice.end());
              });
        EXPECT_EQ(all.size(), study.c.size() * study.seeds.size());
        return all;
    }
    std::vector<Point> constants(std::string const& model, Precision precision) const {
        auto const rows = swept(uv_study(model), precision);
        return find_constants(rows, std::vector<double>(rows.size(), 0));
    }
};
SG_DEVICES(UvTest);

TEST(UvMap, HasTheConstantsOfTheDesign) {
    auto const first = [](auto const& happened) {
        for (double c = 2;; c += 1e-5)
            if (happened(UvFate(c))) return c;
    };
    EXPECT_NEAR(first([](UvFate const& fate) { return fate.loss_rose; }), c_loss, 1e-4);
    EXPECT_NEAR(first([](UvFate const& fate) { return fate.sharpness_rose; }), c_sharp, 1e-4);
    EXPECT_NEAR(first([](UvFate const& fate) { return fate.diverged; }), c_max, 1e-4);
}

TEST_P(UvTest, ConstantsAreThoseOfTheSolvableMap) {
    for (auto const precision : {Precision::single, Precision::dual})
        expect_known(constants("width: 64, kappa: 1, r: 0.01", precision));
}

TEST_P(UvTest, EveryNetworkFaresAsTheMapSays) {
    for (auto const& row : swept(uv_study("width: 64, kappa: 1, r: 0.01"), Precision::dual)) {
        SCOPED_TRACE(testing::Message() << "seed " << row.seed << ", c " << row.c);
        UvFate const fate(row.c);
        Region const expected = fate.diverged         ? Region::divergent
                                : fate.sharpness_rose ? Region::loss_and_sharpness_catapult
                                : fate.loss_rose      ? Region::loss_catapult
                                                      : Region::sharpness_reduction;
        EXPECT_EQ(regions_of({verdict_of(row, 0)}).at(row.c), expected);
        EXPECT_NEAR(row.sharpness_0, UvMap{}.sharpness(), 1e-8);
        EXPECT_TRUE(std::isnan(row.accuracy[0]));
    }
}

// κ₀ and r alone count; as they are drawn, each seed has its own.
TEST_P(UvTest, SeedsAgreeWhereTheStartIsFixed) {
    for (bool const fixed : {true, false}) {
        auto const points = constants(fixed ? "width: 64, kappa: 1, r: 0.01" : "width: 64",
                                      Precision::dual);
        ASSERT_EQ(points.size(), 3U);
        for (std::size_t k = 1; k < 3; ++k) {
            double const apart = std::abs(points[k].sharpness_0 - points[0].sharpness_0);
            EXPECT_EQ(apart < 1e-8, fixed) << apart;
            if (!fixed) continue;
            for (std::size_t const constant : {0U, 1U, 3U})
                EXPECT_EQ(points[k].constants[constant].high, points[0].constants[constant].high);
        }
    }
}

TEST(UvProgram, RunsPlansAndAnalysesTheStudyOfTheRepository) {
    TemporaryFolder const folder;
    std::string const config = std::string(SG_SOURCE_DIR) + "/configs/uv.yaml";
    std::string const file = folder.path("uv.h5");
    auto const planned = run_program(SG_PROGRAM, "plan '" + config + "' --device cpu");
    EXPECT_EQ(planned.code, 0) << planned.error;
    auto const ran = run_program(SG_PROGRAM, "run '" + config + "' --device cpu -o '" + file + "'");
    ASSERT_EQ(ran.code, 0) << ran.error;
    StoredStudy const stored = read_store(file);
    EXPECT_EQ(stored.model, "uv");
    expect_known(find_constants(stored.rows, stored.margins));
    auto const analysed = run_program(SG_PROGRAM, "analyse '" + file + "' --csv");
    EXPECT_EQ(analysed.code, 0) << analysed.error;
    EXPECT_NE(analysed.text.find("uv,2,64,0"), std::string::npos) << analysed.text;
}

}  // namespace
}  // namespace sg::test
