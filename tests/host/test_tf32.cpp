// SPDX-License-Identifier: MIT
// `sharpness.iterate: tf32` as a user meets it: refused where there are no tensor cores, and otherwise a study like any.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "host/store.hpp"
#include "tests/host/temporary.hpp"
#include "tests/host/trajectory_bits.hpp"
#include "tests/support/arrays.hpp"
#include "tests/support/program.hpp"
#include "tests/support/spaces.hpp"

namespace sg::test {
namespace {

char const* const small_study = R"(study: small
data: {set: synthetic, examples: 96, inputs: 7, classes: 3}
model: {kind: fcn, depth: [2, 3], width: [6], activation: tanh}
training: {loss: mse, batch: 16, steps: 5}
grid: {c: [0.5, 1, 2, 20000], seeds: 3}
sharpness: {method: lanczos, examples: 40}
)";
char const* const tf32 = " --set sharpness.iterate=tf32";

class Tf32ProgramTest : public OnEverySpace {
protected:
    Outcome call(std::string const& command, std::string const& more) const {
        return run_program(SG_PROGRAM, command + " '" + study_ + "' -o '" + folder_.path("out.h5") + "' " + more);
    }
    StoredStudy finished(std::string const& more) const {
        auto const outcome = call("run", "--device cuda --overwrite" + more);
        EXPECT_EQ(outcome.code, 0) << outcome.error;
        return read_store(folder_.path("out.h5"));
    }
    void expect_refused(Outcome const& outcome, std::string const& says) const {
        EXPECT_EQ(outcome.code, 2) << outcome.error;
        EXPECT_NE(outcome.error.find(says), std::string::npos) << outcome.error;
        EXPECT_EQ(outcome.error.find("error: "), outcome.error.rfind("error: ")) << outcome.error;
        for (auto const& entry : std::filesystem::directory_iterator(folder_.path()))
            EXPECT_EQ(entry.path().string(), study_);
    }

    TemporaryFolder folder_;
    std::string study_ = folder_.write("study.yaml", small_study);
};
SG_DEVICES(Tf32ProgramTest);

TEST_P(Tf32ProgramTest, WhatHasNoTensorCoresIsRefused) {
    std::string const device = exec().on_cpu() ? "cpu" : "cuda";
    for (char const* command : {"run", "plan"}) {
        expect_refused(call(command, "--device cpu" + std::string(tf32)), "sharpness.iterate = tf32 needs a GPU");
        expect_refused(call(command, "--device " + device + " --precision double" + tf32), "--precision double has no products in TF32");
        expect_refused(call(command, "--device " + device + " --set 'sharpness={iterate: tf32, method: exact}'"),
                       "sharpness.iterate = tf32 is for method lanczos");
    }
}

// The plan says what the other choice would take, where there is one.
TEST_P(Tf32ProgramTest, APlanForADeviceThatNeedNotBeThere) {
    struct {
        std::string more, says;
    } const cases[]{{"", " on 1 of H200; with sharpness.iterate: tf32 about "},
                    {tf32, " on 1 of H200; with sharpness.iterate: float about "},
                    {" --precision double", "time         not known in double on a GPU\n"},
                    {" --set sharpness.method=power", " on 1 of H200\n"}};
    for (auto const& [more, says] : cases) {
        auto const outcome = call("plan", "--device h200" + more);
        EXPECT_EQ(outcome.code, 0) << outcome.error;
        EXPECT_NE(outcome.text.find(says), std::string::npos) << outcome.text;
    }
}

TEST_P(Tf32ProgramTest, AStudyRunsGoesOnAndIsAudited) {
    if (exec().on_cpu()) GTEST_SKIP() << "refused there";
    auto const plain = finished(""), whole = finished(tf32);
    EXPECT_NE(whole.yaml_resolved.find("iterate: tf32"), std::string::npos);
    auto const again = call("run", "--device cuda");
    EXPECT_EQ(again.code, 2) << again.error;
    EXPECT_NE(again.error.find("sharpness.iterate is tf32 in the file, absent in the study"), std::string::npos) << again.error;
    EXPECT_EQ(call("run", std::string("--device cuda") + tf32).code, 0);
    ASSERT_EQ(whole.rows.size(), plain.rows.size());
    int compared = 0;
    for (std::size_t k = 0; k < whole.rows.size(); ++k) {
        EXPECT_EQ(whole.rows[k].sharpness_0, plain.rows[k].sharpness_0);  // λ₀, and so η, stay in float
        EXPECT_SAME_BITS(whole.rows[k].loss, plain.rows[k].loss);
        for (std::size_t t = 1; t < plain.rows[k].sharpness.size() && plain.rows[k].c < 3; ++t, ++compared)
            EXPECT_NEAR(whole.rows[k].sharpness[t] / plain.rows[k].sharpness[t], 1, 1e-3);
    }
    EXPECT_EQ(compared, 2 * 3 * 3 * 5);
    EXPECT_GT(whole.audit.measurements, 0);
    EXPECT_EQ(whole.audit.misses, 0);
    // The bits of a network do not depend on those beside it.
    auto const part = finished(std::string(tf32) + " --set 'grid.c=[1]' --set grid.seeds=2");
    ASSERT_EQ(part.rows.size(), 4U);
    for (auto const& row : part.rows)
        for (auto const& same : whole.rows)
            if (row.depth == same.depth && row.seed == same.seed && row.c == same.c) {
                EXPECT_SAME_BITS(numbers(row), numbers(same));
            }
}

}  // namespace
}  // namespace sg::test
