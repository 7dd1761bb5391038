// SPDX-License-Identifier: MIT
// Protocol `published` against trajectories that plain numpy made (tests/reference/published.py), and its bits
// however the work is cut.
#include <fstream>
#include <sstream>

#include "host/study_keys.hpp"
#include "tests/host/sweep_test.hpp"

namespace sg::test {
namespace {

// The cases of published.py.
std::map<std::string, std::string> const cases{
    {"large",
     "data: {set: synthetic, examples: 4500, inputs: 4, classes: 3}\n"
     "model: {depth: 3, width: 5, activation: tanh}\ntraining: {batch: 2048, steps: 5}\n"
     "grid: {c: [0.5, 2, 24, 4e3], seeds: [0, 3]}\n"},
    {"small",
     "data: {set: synthetic, examples: 70, inputs: 4, classes: 3}\n"
     "model: {depth: 2, width: 6, activation: relu}\ntraining: {batch: 9, steps: 5, momentum: 0.5}\n"
     "grid: {c: [1, 4, 1e4], seeds: [1]}\n"},
    {"entropy",
     "data: {set: synthetic, examples: 70, inputs: 4, classes: 3}\n"
     "model: {depth: 2, width: 4, activation: tanh}\n"
     "training: {batch: 64, steps: 5, loss: cross_entropy}\ngrid: {c: [1, 6], seeds: [2]}\n"}};

Study published(std::string const& text, std::vector<std::string> const& overrides = {}) {
    return parse_study("study: s\n" + text + "sharpness: {protocol: published}\n", "s.yaml", overrides);
}

struct Row {
    std::string name;
    std::uint64_t seed;
    double c, learning_rate, loss, train_loss, accuracy, sharpness;
    std::size_t step;
};

std::vector<Row> stored() {
    std::ifstream file(std::string(SG_SOURCE_DIR) + "/tests/reference/published.csv");
    std::vector<Row> all;
    std::string line, item;
    std::getline(file, line);
    while (std::getline(file, line)) {
        std::istringstream items(line);
        Row row;
        std::getline(items, row.name, ',');
        Vec numbers;
        while (std::getline(items, item, ',')) numbers.push_back(std::stod(item));
        EXPECT_EQ(numbers.size(), 8U) << line;
        row.seed = static_cast<std::uint64_t>(numbers[0]);
        row.c = numbers[1];
        row.step = static_cast<std::size_t>(numbers[2]);
        row.learning_rate = numbers[3];
        row.loss = numbers[4];
        row.train_loss = numbers[5];
        row.accuracy = numbers[6];
        row.sharpness = numbers[7];
        all.push_back(row);
    }
    return all;
}

class PublishedTest : public SweepTest {
protected:
    std::map<std::pair<std::uint64_t, double>, Trajectory> run(Study const& study) const {
        auto const planned =
            make_plan(study, dataset_shape(study.data), machine(), Precision::dual);
        Todo todo(study, planned.cohorts);
        std::map<std::pair<std::uint64_t, double>, Trajectory> all;
        for (auto const& row : trajectories(study, planned, todo)) all[{row.seed, row.c}] = row;
        return all;
    }
};
SG_DEVICES(PublishedTest);

TEST_P(PublishedTest, IsThatOfTheOracle) {
    auto const near = [](double value, double truth, char const* what) {
        bool const same = std::isnan(truth) ? std::isnan(value)
                                            : std::abs(value - truth) <= 1e-9 * std::abs(truth);
        EXPECT_TRUE(same) << what << ": " << value << ", " << truth;
    };
    auto const rows = stored();
    ASSERT_EQ(rows.size(), 63U);
    std::map<std::string, std::map<std::pair<std::uint64_t, double>, Trajectory>> made;
    for (auto const& [name, text] : cases) made[name] = run(published(text));
    for (std::size_t k = 0; k < rows.size(); ++k) {
        auto const& truth = rows[k];
        SCOPED_TRACE(truth.name + " seed " + std::to_string(truth.seed) + " c " + shortest(truth.c) +
                     " step " + std::to_string(truth.step));
        auto const& row = made.at(truth.name).at({truth.seed, truth.c});
        near(row.learning_rate, truth.learning_rate, "learning rate");
        near(row.learning_rate * row.sharpness_0, row.c, "c");
        near(row.loss[truth.step], truth.loss, "loss");
        near(row.train_loss[truth.step], truth.train_loss, "loss of the batch");
        near(row.accuracy[truth.step], truth.accuracy, "accuracy");
        near(row.sharpness[truth.step], truth.sharpness, "sharpness");
        bool const last = k + 1 == rows.size() || rows[k + 1].step == 0, measured = !std::isnan(truth.sharpness);
        EXPECT_TRUE(!last || row.diverged_step == (truth.loss > 1e5 ? static_cast<int>(truth.step) : -1));
        EXPECT_EQ(row.sharpness_products[truth.step], measured ? 21 : 0);
    }
}

// Batches are set aside whether λ is measured or not, so that what is not asked for changes nothing.
TEST_P(PublishedTest, WhatIsNotMeasuredChangesNothingElse) {
    auto const whole = run(published(cases.at("small")));
    for (char const* when : {"sharpness.every=2", "sharpness.at=[0, 3]"}) {
        auto const study = published(cases.at("small"), {when});
        for (auto const& [key, row] : run(study)) {
            auto const& all = whole.at(key);
            EXPECT_SAME_BITS(row.loss, all.loss);
            EXPECT_SAME_BITS(row.train_loss, all.train_loss);
            for (std::size_t t = 0; t < row.sharpness.size(); ++t)
                EXPECT_SAME_BITS((Vec{row.sharpness[t]}),
                                 (Vec{study.measured_at(static_cast<int>(t)) ? all.sharpness[t] : missing}));
        }
    }
}

// A search asks for λ of some networks alone.
TEST_P(PublishedTest, ASearchFindsWhatItsNetworksShow) {
    auto const grid = [](char const* c) {
        return published(cases.at("small"), {std::string("grid.c=") + c});
    };
    auto const found = run(grid("{search: true, log2_min: -1, log2_max: 4, step: 1, resolution: 0.25}"));
    std::string list;
    for (auto const& [key, row] : found) list += (list.empty() ? "[" : ", ") + shortest(row.c);
    ASSERT_GT(found.size(), 6U);
    auto const whole = run(grid((list + "]").c_str()));
    ASSERT_EQ(whole.size(), found.size());
    std::size_t measured = 0, left_out = 0;
    for (auto const& [key, row] : found) {
        auto const& all = whole.at(key);
        EXPECT_SAME_BITS(row.loss, all.loss);
        for (std::size_t t = 1; t < row.sharpness.size(); ++t) {
            bool const asked = !std::isnan(row.sharpness[t]);
            (asked ? measured : left_out) += 1;
            EXPECT_SAME_BITS((Vec{row.sharpness[t]}), (Vec{asked ? all.sharpness[t] : missing}));
        }
    }
    EXPECT_GT(measured, 0U);
    EXPECT_GT(left_out, 0U);
}

// Several seeds in a slice, which read batches of their own; some diverge, so that slices are compacted.
TEST_P(PublishedTest, SlicesOfAnySizeGiveTheSameBits) {
    auto const study = published(cases.at("small"), {"grid.c=[1, 3, 9, 64, 1e4]", "grid.seeds=4"});
    auto planned = plan(study);
    auto const whole = rows(study, planned);
    ASSERT_EQ(whole.size(), 20U);
    for (int const most : {1, 3, 7}) {
        for (auto& cohort : planned.cohorts)
            set_slice(cohort, most, study, dataset_shape(study.data), planned.space(),
                      planned.precision);
        expect_same(rows(study, planned), whole);
    }
}

}  // namespace
}  // namespace sg::test
