// SPDX-License-Identifier: MIT
// The program as a user runs it: the same bits however the work is cut, and what bad input gets.
#include <sys/stat.h>

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

namespace fs = std::filesystem;

// A second or less: two shapes, c from calm to divergent, mini-batches.
char const* const small_study = R"(study: small
data: {set: synthetic, examples: 96, inputs: 7, classes: 3}
model: {kind: fcn, depth: [2, 3], width: [6], activation: relu}
training: {loss: mse, batch: 16, steps: 5}
grid: {c: [1, 2, 8, 300, 20000], seeds: 3}
sharpness: {method: lanczos, examples: 40}
output: {file: unused.h5}
)";

class ProgramTest : public OnEverySpace {
protected:
    std::string device() const { return GetParam() == Where::cuda ? "cuda" : "cpu"; }
    std::string run_arguments(std::string const& output, std::string const& more) const {
        return "run '" + study_ + "' -o '" + folder_.path(output) + "' --device " + device() + " " +
               more;
    }
    Outcome run(std::string const& output, std::string const& more = "",
                std::string const& environment = "") const {
        return run_program(SG_PROGRAM, run_arguments(output, more), environment);
    }
    StoredStudy finished(std::string const& output, std::string const& more = "") const {
        auto const outcome = run(output, more);
        EXPECT_EQ(outcome.code, 0) << outcome.error;
        return read_store(folder_.path(output));
    }
    // Nothing but the study is left in the folder.
    void expect_no_file() const {
        for (auto const& entry : fs::directory_iterator(folder_.path()))
            EXPECT_EQ(entry.path().string(), study_);
    }
    // One message, the exit code, no file, no stack.
    void expect_refused(Outcome const& outcome, ExitCode code, std::string const& says) const {
        EXPECT_EQ(outcome.code, static_cast<int>(code)) << outcome.error;
        EXPECT_NE(outcome.error.find(says), std::string::npos) << outcome.error;
        EXPECT_EQ(outcome.error.find("terminate called"), std::string::npos) << outcome.error;
        EXPECT_EQ(outcome.error.find("error: "), outcome.error.rfind("error: ")) << outcome.error;
    }

    TemporaryFolder folder_;
    std::string study_ = folder_.write("study.yaml", small_study);
};
SG_DEVICES(ProgramTest);

Trajectory const* find(StoredStudy const& study, Trajectory const& like) {
    for (auto const& row : study.rows)
        if (row.depth == like.depth && row.width == like.width && row.seed == like.seed &&
            row.c == like.c)
            return &row;
    return nullptr;
}

TEST_P(ProgramTest, NeighboursAndWorkersDoNotChangeABit) {
    auto const whole = finished("whole.h5", "--workers 1");
    ASSERT_EQ(whole.rows.size(), 30U);
    for (char const* const cut :
         {"--workers 2", "--workers 2 --set 'grid.c=[8]' --set grid.seeds=2",
          "--workers 1 --set 'grid.c=[0.5, 1, 2, 4, 8, 16, 300]' --set 'model.depth=[3]'"}) {
        SCOPED_TRACE(cut);
        auto const part = finished("part.h5", std::string("--overwrite ") + cut);
        int compared = 0;
        for (auto const& row : part.rows)
            if (auto const* const same = find(whole, row)) {
                EXPECT_SAME_BITS(numbers(row), numbers(*same));
                ++compared;
            }
        EXPECT_GE(compared, 4);
    }
}

TEST_P(ProgramTest, DivergenceIsAResult) {
    auto const study = finished("out.h5");
    int diverged = 0, finished = 0;
    for (auto const& row : study.rows) {
        diverged += row.status == RunStatus::diverged;
        finished += row.status == RunStatus::finished;
        EXPECT_EQ(row.status == RunStatus::diverged, row.diverged_step >= 0);
        EXPECT_DOUBLE_EQ(row.learning_rate, row.c / row.sharpness_0);
        EXPECT_GT(row.sharpness_0, 0);
        if (row.status == RunStatus::finished) {
            for (double const lambda : row.sharpness) EXPECT_TRUE(std::isfinite(lambda));
        }
    }
    EXPECT_GE(diverged, 6);  // c = 20000 everywhere
    EXPECT_GE(finished, 12);
}

TEST_P(ProgramTest, AFinishedStudySaysSoAndAnotherIsRefused) {
    static_cast<void>(finished("out.h5"));
    auto const before = fs::last_write_time(folder_.path("out.h5"));
    auto const again = run("out.h5");
    EXPECT_EQ(again.code, 0) << again.error;
    EXPECT_NE(again.error.find("complete"), std::string::npos) << again.error;
    expect_refused(run("out.h5", "--set training.steps=3"), ExitCode::user,
                   "belongs to another study");
    folder_.write("letter.h5", "Dear reader");
    expect_refused(run("letter.h5"), ExitCode::user, "not an output of sharpgrid");
    EXPECT_EQ(fs::last_write_time(folder_.path("out.h5")), before);
}

TEST_P(ProgramTest, WhatIsWrongWithTheStudyIsSaidAtOnce) {
    auto const outcome =
        run("out.h5", "--set model.widht=8 --set training.steps=-3 --set 'grid.c=[1, .nan]'");
    EXPECT_EQ(outcome.code, 2);
    for (char const* const part : {"widht", "width", "steps", "-3", "grid.c"})
        EXPECT_NE(outcome.error.find(part), std::string::npos) << part << " in\n" << outcome.error;
    expect_refused(run("out.h5", "--set grid.c=0"), ExitCode::user, "grid.c");
    expect_refused(run("out.h5", "--precision half"), ExitCode::user, "float, double");
    expect_refused(run("out.h5", "--device tpu"), ExitCode::user, "");
    expect_no_file();
}

TEST_P(ProgramTest, WhatCannotBeReadOrWrittenOrHeldIsSaid) {
    expect_refused(run("no/such/folder/out.h5"), ExitCode::user, "no/such/folder");
    expect_refused(run("out.h5", "--set sharpness.examples=5000"), ExitCode::user, "5000");
    expect_refused(run("out.h5", "--set 'model.width=[300000]'"),
                   device() == "cpu" ? ExitCode::resource : ExitCode::device, "memory");
    expect_no_file();
}

TEST_P(ProgramTest, ADataSetThatIsMissingOrDamagedIsSaid) {
    study_ = folder_.write("study.yaml",
                           "study: images\ndata: {set: mnist, directory: " + folder_.path("set") +
                               "}\nmodel: {kind: fcn, depth: 2, width: 4}\n"
                               "grid: {c: [1], seeds: 1}\noutput: {file: unused.h5}\n");
    expect_refused(run("out.h5"), ExitCode::data, folder_.path("set"));
    std::string const labels("\0\0\x08\x01\0\0\0\x02\1\2", 10);
    folder_.write("set/train-labels-idx1-ubyte", labels);
    folder_.write("set/train-images-idx3-ubyte", "GIF89a, a picture");
    expect_refused(run("out.h5"), ExitCode::data, "train-images-idx3-ubyte");
    folder_.write("set/train-images-idx3-ubyte",
                  std::string("\0\0\x08\x03\0\0\0\x02\0\0\0\x1c\0\0\0\x1c..", 18));
    expect_refused(run("out.h5"), ExitCode::data, "train-images-idx3-ubyte");
    EXPECT_FALSE(fs::exists(folder_.path("out.h5")) || fs::exists(folder_.path("out.h5.tmp")));
}

// The numbers of one space against the other's, by a fixed number of products: rounding alone
// differs.
TEST_P(ProgramTest, TheSpacesAgree) {
    if (device() == "cpu") GTEST_SKIP() << "nothing to compare the CPU with";
    std::string const rule = "--set sharpness.method=power --set 'grid.c=[0.5, 1, 2]' --overwrite ";
    for (char const* const model :
         {"", "--set model.activation=tanh", "--set model.last_layer=zero",
          "--set training.loss=cross_entropy --set training.momentum=0.5",
          "--set training.batch=full"}) {
        SCOPED_TRACE(model);
        auto const there = finished("there.h5", rule + model);
        auto const outcome =
            run_program(SG_PROGRAM, "run '" + study_ + "' -o '" + folder_.path("here.h5") +
                                        "' --device cpu " + rule + model);
        ASSERT_EQ(outcome.code, 0) << outcome.error;
        auto const here = read_store(folder_.path("here.h5"));
        ASSERT_EQ(there.rows.size(), here.rows.size());
        for (std::size_t r = 0; r < here.rows.size(); ++r) {
            auto const &a = there.rows[r], &b = here.rows[r];
            EXPECT_EQ(a.status, b.status);
            EXPECT_EQ(a.sharpness_status, b.sharpness_status);
            EXPECT_EQ(a.sharpness_products, b.sharpness_products);
            for (std::size_t t = 0; t < b.loss.size(); ++t) {
                double const tolerance = t == 0 ? 1e-5 : 1e-3;
                EXPECT_NEAR(a.loss[t], b.loss[t], tolerance * b.loss[t]) << "step " << t;
                EXPECT_NEAR(a.sharpness[t], b.sharpness[t], tolerance * b.sharpness[t])
                    << "step " << t;
            }
        }
    }
}

TEST_P(ProgramTest, AnalysesALongRunInEachForm) {
    finished("long.h5", "--set training.steps=250 --set 'grid.c=[0.5, 1, 2]'");
    auto const analyse = [&](std::string const& options) {
        return run_program(SG_PROGRAM, "analyse '" + folder_.path("long.h5") + "' " + options);
    };
    for (auto const& [options, says] :
         {std::pair{"", "regimes of long runs"}, {"--c-crit 50", "at step 50/c"},
          {"--csv", "sharpness_0,networks"}, {"--csv --shapes", "median_bound"},
          {"--json --c-crit 50", "\"c_crit_s\": 50"}}) {
        auto const outcome = analyse(options);
        EXPECT_EQ(outcome.code, 0) << outcome.error;
        EXPECT_NE(outcome.text.find(says), std::string::npos) << options << '\n' << outcome.text;
    }
    for (char const* options : {"--c-crit 0", "--c-crit -3", "--c-crit x", "--shapes"})
        EXPECT_EQ(analyse(options).code, static_cast<int>(ExitCode::user)) << options;
}

}  // namespace
}  // namespace sg::test
