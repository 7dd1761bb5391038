// SPDX-License-Identifier: MIT
// The search on real networks: its brackets are those of the dense grid, however it is cut or stopped.
#include <gtest/gtest.h>

#include "host/search.hpp"
#include "tests/host/sweep_test.hpp"

namespace sg::test {
namespace {

class SearchRunTest : public SweepTest {
protected:
    // The rows themselves.
    std::vector<Trajectory> search(Study const& study, Plan const& planned,
                                   std::vector<Trajectory> const& done = {}) const {
        std::vector<Trajectory> all = done;
        Todo todo(study, planned.cohorts, {}, done);
        auto const more = trajectories(study, planned, todo);
        all.insert(all.end(), more.begin(), more.end());
        EXPECT_TRUE(todo.complete());
        return all;
    }
    static Rows by_key(std::vector<Trajectory> const& all) {
        Rows rows;
        for (auto const& row : all) rows[{row.depth, row.width, row.seed, row.c}] = numbers(row);
        EXPECT_EQ(rows.size(), all.size()) << "a network was run twice";
        return rows;
    }
    static std::vector<Point> points(Study const& study, std::vector<Trajectory> const& all) {
        return find_constants(all, std::vector<double>(all.size(), study.margin(0)));
    }
    static Study searched(double resolution) {
        auto study = study_of("{c: {search: true, log2_min: -1, log2_max: 6, step: 1, resolution: " +
                              std::to_string(resolution) + "}, seeds: 3}");
        study.width = {4, 8};
        return study;
    }
};
SG_DEVICES(SearchRunTest);

TEST_P(SearchRunTest, HasTheBracketsOfTheDenseGrid) {
    auto const study = searched(0.25);
    auto const found = points(study, search(study, plan(study)));
    auto dense = study_of("{c: {log2_min: -1, log2_max: 6, step: 0.25}, seeds: 3}");
    dense.width = study.width;
    auto const all = search(dense, plan(dense));
    auto const truth = points(dense, all);
    ASSERT_EQ(found.size(), truth.size());
    int same = 0;
    for (std::size_t p = 0; p < found.size(); ++p)
        for (auto const constant : {Constant::c_loss, Constant::c_sharp, Constant::c_max}) {
            auto const k = static_cast<std::size_t>(constant);
            auto const &a = found[p].constants[k], &b = truth[p].constants[k];
            // A criterion that is not monotone may have its first crossing between coarse c.
            if (b.status == BracketStatus::not_monotone) continue;
            EXPECT_EQ(a.status, b.status);
            EXPECT_SAME_BITS((Vec{a.low, a.high}), (Vec{b.low, b.high}));
            ++same;
        }
    EXPECT_GE(same, 12);
    EXPECT_LT(found[0].networks, truth[0].networks);
}

TEST_P(SearchRunTest, SlicesWorkersAndStopsChangeNoBit) {
    auto const study = searched(0.25);
    auto const planned = plan(study);
    auto const whole = search(study, planned);
    auto const rows = by_key(whole);
    auto m = machine();
    m.workers = 1;
    m.slice_limit = 3;
    auto alone = make_plan(study, dataset_shape(study.data), m, Precision::single);
    expect_same(by_key(search(study, alone)), rows);
    for (unsigned part = 2; part < 5; ++part) {
        std::vector<Trajectory> kept;
        for (std::size_t k = 0; k < whole.size(); ++k)
            if ((k * 7 + part) % part == 0 || k % 5 == 1) kept.push_back(whole[k]);
        expect_same(by_key(search(study, planned, kept)), rows);
    }
}

// λ is measured where c_sharp needs it, until it rose; `every` asks for more.
TEST_P(SearchRunTest, MeasuresWhatIsNeeded) {
    auto study = searched(0.25);
    auto const lean = search(study, plan(study));
    study.sharpness.every = 2;
    auto const more = by_key(search(study, plan(study)));
    auto const fewer = by_key(lean);
    EXPECT_EQ(more.size(), fewer.size());
    int measured = 0, risen = 0, none = 0;
    for (auto const& row : lean) {
        int count = 0;
        bool rose = false;
        for (std::size_t t = 1; t < row.sharpness.size(); ++t) {
            bool const here = row.sharpness_status[t] == SharpnessStatus::converged;
            EXPECT_EQ(here, !std::isnan(row.sharpness[t]));
            EXPECT_EQ(here, row.sharpness_products[t] > 0);
            EXPECT_FALSE(here && rose) << "measured after it rose";
            count += here;
            rose |= here && row.sharpness[t] > row.sharpness_0;
        }
        none += count == 0;
        measured += count > 0 && !rose;
        risen += rose;
    }
    EXPECT_GT(measured, 5);
    EXPECT_GT(risen, 5);
    EXPECT_GT(none, 5);
}

}  // namespace
}  // namespace sg::test
