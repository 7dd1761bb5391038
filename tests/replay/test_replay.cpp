// SPDX-License-Identifier: MIT
// The program sharpgrid-replay: the engine against every reference file, and what it says of
// others.
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <string>

#include "tests/host/temporary.hpp"
#include "tests/support/program.hpp"
#include "tests/support/write_reference.hpp"

namespace sg::oracle {
namespace {

std::filesystem::path const folder = std::filesystem::path(SG_SOURCE_DIR) / "tests/reference";

using test::Outcome;

Outcome replay(std::string const& arguments) { return test::run_program(SG_REPLAY, arguments); }

Outcome replay(std::string const& file, std::string const& precision) {
    return replay("--device cpu --precision " + precision + " '" + file + "'");
}

// JSON is YAML.
YAML::Node quantities(Outcome const& outcome) { return YAML::Load(outcome.text)["quantities"]; }

void expect_agreement(std::string const& file, std::string const& precision) {
    Outcome const outcome = replay(file, precision);
    ASSERT_EQ(outcome.code, 0) << outcome.text;
    int count = 0;
    for (auto const& entry : quantities(outcome)) {
        auto const q = entry.second;
        EXPECT_LE(q["worst"].as<double>(), q["tolerance"].as<double>()) << entry.first;
        EXPECT_EQ(q["at"].size(), 2U) << entry.first;
        EXPECT_GT(q["compared"].as<int>(), 0) << entry.first;
        ++count;
    }
    EXPECT_EQ(count, 16);
}

class Replay : public testing::Test {
protected:
    static void SetUpTestSuite() { images = FashionMnist::open(); }
    static void TearDownTestSuite() { images.reset(); }
    void SetUp() override {
        if (!images) GTEST_SKIP() << "Fashion-MNIST is not installed (dataset-fashion-mnist)";
    }

    static inline std::optional<FashionMnist> images;
    test::TemporaryFolder temporary;
};

class ReplayOfFile : public Replay, public testing::WithParamInterface<char const*> {};

TEST_P(ReplayOfFile, AgreesInDouble) {
    expect_agreement((folder / (std::string(GetParam()) + ".h5")).string(), "double");
}
TEST_P(ReplayOfFile, AgreesInFloat) {
    expect_agreement((folder / (std::string(GetParam()) + ".h5")).string(), "float");
}

INSTANTIATE_TEST_SUITE_P(Reference, ReplayOfFile,
                         testing::Values("relu_d2_w16", "relu_d3_w32", "relu_d3_w32_high_c",
                                         "relu_d4_w128_large", "relu_d4_w32_momentum",
                                         "relu_d4_w64", "relu_d6_w48_xent"),
                         [](auto const& one) { return std::string(one.param); });

struct MadeFile {
    char const* name;
    MadeCase made;
};

MadeFile const made_files[] = {
    {"tanh_d3_momentum_zero_last_layer",
     {.spec =
          {.depth = 3, .width = 7, .activation = Activation::tanh, .last_layer = LastLayer::zero},
      .momentum = 0.9}},
    {"linear_d2_xent",
     {.spec = {.depth = 2, .width = 5, .activation = Activation::linear},
      .loss = Loss::cross_entropy}},
    {"relu_d1_one_run", {.spec = {.depth = 1, .width = 3}, .c = {1.5}, .steps = 5}},
    {"tanh_d2_one_example",
     {.spec = {.depth = 2, .width = 1, .activation = Activation::tanh},
      .loss = Loss::cross_entropy,
      .steps = 1,
      .batch_size = 1}},
};

class ReplayOfMade : public Replay, public testing::WithParamInterface<MadeFile> {};

TEST_P(ReplayOfMade, AgreesInBothPrecisions) {
    std::string const path = temporary.path("made.h5");
    write_reference(path, make_reference(GetParam().made, *images));
    expect_agreement(path, "double");
    expect_agreement(path, "float");
}

INSTANTIATE_TEST_SUITE_P(Oracle, ReplayOfMade, testing::ValuesIn(made_files),
                         [](auto const& one) { return std::string(one.param.name); });

TEST_F(Replay, OneWrongLossIsFound) {
    std::string const path = temporary.path("wrong.h5");
    std::filesystem::copy_file(folder / "relu_d2_w16.h5", path);
    Reference const r = read_reference(path);
    Vec loss = r.loss;
    loss[static_cast<std::size_t>(2 * (r.steps + 1) + 5)] *= 1 + 1e-9;
    overwrite(path, "loss", loss);
    Outcome const outcome = replay(path, "double");
    EXPECT_EQ(outcome.code, 5);
    auto const q = quantities(outcome)["loss"];
    EXPECT_NEAR(q["worst"].as<double>(), 1e-9, 1e-12);
    EXPECT_EQ(q["at"][0].as<double>(), r.c[2]);
    EXPECT_EQ(q["at"][1].as<int>(), 5);
    EXPECT_FALSE(YAML::Load(outcome.text)["passes"].as<bool>());
}

// A result must not pass because nothing can be said against a nan.
TEST_F(Replay, AFiniteLossThatTheEngineDoesNotReachIsFound) {
    std::string const path = temporary.path("finite.h5");
    std::filesystem::copy_file(folder / "relu_d3_w32_high_c.h5", path);
    Reference const r = read_reference(path);
    Vec loss = r.loss;
    ASSERT_FALSE(std::isfinite(loss.back()));
    loss.back() = 1;
    overwrite(path, "loss", loss);
    Outcome const outcome = replay(path, "double");
    EXPECT_EQ(outcome.code, 5);
    EXPECT_EQ(quantities(outcome)["loss"]["worst"].as<double>(), 1e308);
}

TEST(ReplayProgram, FaultsHaveTheirExitCodes) {
    EXPECT_EQ(replay("").code, 2);
    EXPECT_EQ(replay("x.h5 --precision half").code, 2);
    EXPECT_EQ(replay((folder / "README.md").string(), "double").code, 3);
    EXPECT_EQ(replay("/nowhere/x.h5", "double").code, 3);
    std::string const good = (folder / "relu_d2_w16.h5").string();
    EXPECT_EQ(replay("'" + good + "' --device gpu").code, 2);
    EXPECT_EQ(replay("'" + good + "' --device cuda:99").code, 4);
    Outcome const help = replay("--help");
    EXPECT_EQ(help.code, 0);
    EXPECT_NE(help.text.find("interp_loss"), std::string::npos);
}

}  // namespace
}  // namespace sg::oracle
