// SPDX-License-Identifier: MIT
// The program stopped, gone on with, grown and cut into shards: the data are those of one quiet
// run.
#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>

#include "host/schema.hpp"
#include "host/store.hpp"
#include "tests/host/temporary.hpp"
#include "tests/support/program.hpp"

namespace sg::test {
namespace {

namespace fs = std::filesystem;

char const* const study_text = R"(study: stops
data: {set: synthetic, examples: 256, inputs: 12, classes: 3}
model: {kind: fcn, depth: [2, 3], width: [16, 32]}
training: {batch: 32, steps: 20}
grid: {c: [1, 2, 4, 8, 16, 1000], seeds: 4}
sharpness: {examples: 128, spectrum: {steps: [0, 20], density: {probes: 1, order: 4}}}
)";

class RunTest : public testing::Test {
protected:
    Outcome run(std::string const& output, std::string const& more = "",
                std::string const& environment = "") const {
        return run_program(SG_PROGRAM,
                           "run '" + study_ + "' -o '" + folder_.path(output) + "' " + more,
                           environment);
    }
    void expect_code(Outcome const& outcome, int code) const {
        EXPECT_EQ(outcome.code, code) << outcome.error;
    }
    // Every row and the audit, bit for bit.
    void expect_same(std::string const& a, std::string const& b) const {
        StoredStudy const first = read_store(folder_.path(a)), second = read_store(folder_.path(b));
        EXPECT_EQ(first.rows.size(), second.rows.size());
        EXPECT_EQ(schema::checksum(first.rows, first.margins),
                  schema::checksum(second.rows, second.margins));
        EXPECT_GT(first.audit.measurements, 0);
        for (Trajectory const& row : second.rows) EXPECT_GT(row.spectrum_products.at(0), 0);
        EXPECT_EQ(first.audit.measurements, second.audit.measurements);
        EXPECT_EQ(first.audit.misses, second.audit.misses);
        EXPECT_EQ(first.audit.worst, second.audit.worst);
        EXPECT_EQ(first.state, StudyState::complete);
        EXPECT_EQ(second.state, StudyState::complete);
    }

    TemporaryFolder folder_;
    std::string study_ = folder_.write("study.yaml", study_text);
};

// 1 in 64, whether they are chosen one by one or, of 64 measured steps and more, at one step in 8.
TEST_F(RunTest, OneMeasurementIn64IsAudited) {
    std::string const networks = "--set 'grid={c: {log2_min: -3, log2_max: 1, step: 0.125}, seeds: 4}' --set model.depth=2 "
                                 "--set model.width=4 --set 'sharpness={examples: 16}' ";
    for (auto const* const steps : {"63", "128"}) {
        expect_code(run("audited.h5", networks + "--overwrite --set training.steps=" + steps), 0);
        StoredStudy const study = read_store(folder_.path("audited.h5"));
        std::int64_t measured = 0;
        for (Trajectory const& row : study.rows) measured += static_cast<std::int64_t>(row.sharpness.size()) - 1;
        double const share = 64.0 * static_cast<double>(study.audit.measurements) / static_cast<double>(measured);
        EXPECT_GT(share, 0.6) << steps;
        EXPECT_LT(share, 1.5) << steps;
    }
}

// Trajectories so long that none is finished when the run is stopped.
TEST_F(RunTest, LongTrajectoriesGoOnFromTheirCheckpoints) {
    std::string const longer = "--set training.steps=4000 --set model.depth=2 --set model.width=16 "
                               "--set 'grid.c=[1, 4]' --set grid.seeds=2 --set 'sharpness.spectrum={steps: [0, 9, 2000], "
                               "top: 3, smallest: true, density: {probes: 2, order: 9}}' ";
    expect_code(run("whole.h5", longer), 0);
    int went_on = 0, stopped = 0;
    for (double seconds = 0.1;; seconds *= 1.5) {
        auto const outcome = run("part.h5", longer + "--max-time " + std::to_string(seconds));
        went_on += outcome.error.find("networks of depth 2 and width 16 go on from step") != std::string::npos;
        if (outcome.code != 75) {
            expect_code(outcome, 0);
            break;
        }
        ++stopped;
        ASSERT_LT(seconds, 600);
    }
    EXPECT_GE(stopped, 2);
    EXPECT_GE(went_on, 2);
    expect_same("whole.h5", "part.h5");
    EXPECT_FALSE(fs::exists(folder_.path("part.h5.checkpoints")));
}

// One of another study is no checkpoint, and --overwrite wants none.
TEST_F(RunTest, CheckpointsBelongToTheirRun) {
    std::string const longer = "--set training.steps=100000 --set model.depth=2 --set model.width=16 "
                               "--set 'grid.c=[1, 4]' --set grid.seeds=1 ";
    expect_code(run("part.h5", longer + "--max-time 0.3"), 75);
    EXPECT_FALSE(fs::is_empty(folder_.path("part.h5.checkpoints")));
    auto const other = run("part.h5", longer + "--set training.momentum=0.5 --max-time 0.3");
    expect_code(other, 2);
    EXPECT_NE(other.error.find("training.momentum"), std::string::npos) << other.error;
    EXPECT_FALSE(fs::is_empty(folder_.path("part.h5.checkpoints")));
    auto const anew = run("part.h5", longer + "--overwrite --max-time 0.3");
    expect_code(anew, 75);
    EXPECT_EQ(anew.error.find("go on from"), std::string::npos) << anew.error;
}

TEST_F(RunTest, GoesOnAfterItsTimeIsOver) {
    expect_code(run("whole.h5"), 0);
    int stopped = 0;
    double seconds = 0.02;
    for (;; seconds *= 1.5) {
        auto const outcome = run("part.h5", "--workers 1 --max-time " + std::to_string(seconds));
        if (outcome.code != 75) {
            expect_code(outcome, 0);
            break;
        }
        ++stopped;
        EXPECT_EQ(read_store(folder_.path("part.h5")).state, StudyState::stopped);
        ASSERT_LT(seconds, 600);
    }
    EXPECT_GE(stopped, 2);
    expect_same("whole.h5", "part.h5");
    auto const again = run("part.h5");
    expect_code(again, 0);
    EXPECT_NE(again.error.find("nothing to do"), std::string::npos) << again.error;
    expect_code(run("part.h5", "--overwrite --workers 1"), 0);
    expect_same("whole.h5", "part.h5");
    expect_code(run("other.h5", "--max-time soon"), 2);
}

TEST_F(RunTest, SignalsStopIt) {
    std::string const command =
        "\"$1\" run \"$2\" -o \"$3\" --set training.steps=100000 & p=$!; "
        "while ! [ -s \"$3\" ]; do sleep 0.05; done; ";
    for (char const* signals : {"kill -TERM $p", "kill -USR1 $p", "kill -INT $p",
                                "kill -USR1 $p; kill -USR1 $p; kill -TERM $p"}) {
        SCOPED_TRACE(signals);
        std::string const path = folder_.path("long.h5");
        fs::remove(path);
        expect_code(
            run_program("/bin/sh", "-c '" + command + signals + "; wait $p' sh '" SG_PROGRAM "' '" +
                                       study_ + "' '" + path + "'"),
            75);
        EXPECT_EQ(read_store(path, Killed::read).rows.size(), 0U);
        OutputLock const lock(path);
    }
}

TEST_F(RunTest, ASecondRunOnTheSameFileIsRefused) {
    OutputLock const lock(folder_.path("run.h5"));
    auto const outcome = run("run.h5", "--overwrite");
    expect_code(outcome, 2);
    EXPECT_NE(outcome.error.find("process " + std::to_string(getpid())), std::string::npos)
        << outcome.error;
    EXPECT_FALSE(fs::exists(folder_.path("run.h5")));
}

TEST_F(RunTest, AStudyThatGrewRunsWhatIsNew) {
    expect_code(run("whole.h5"), 0);
    expect_code(run("part.h5", "--set 'model.width=[32]' --set grid.seeds=2"), 0);
    expect_code(run("part.h5", "--set 'grid.c=[1, 8, 1000]'"), 2);  // fewer c
    expect_code(run("part.h5", "--set 'model.width=[32]' --set grid.seeds=3"), 0);
    auto const outcome = run("part.h5");
    expect_code(outcome, 0);
    EXPECT_NE(outcome.error.find("a study that grew"), std::string::npos) << outcome.error;
    expect_same("whole.h5", "part.h5");
    auto const changed = run("part.h5", "--set training.steps=21 --set training.batch=16");
    expect_code(changed, 2);
    EXPECT_NE(changed.error.find("training.steps is 20 in the file, 21"), std::string::npos);
    EXPECT_NE(changed.error.find("training.batch is 32 in the file, 16"), std::string::npos);
    expect_same("whole.h5", "part.h5");
}

TEST_F(RunTest, ShardsMergeToTheWhole) {
    expect_code(run("whole.h5"), 0);
    std::string parts;
    for (int shard = 1; shard <= 3; ++shard) {
        auto const outcome =
            shard == 3 ? run("s.h5", "", "PMI_RANK=2 PMI_SIZE=3")
                       : run("s.h5", "--shard " + std::to_string(shard) + "/3", "PMI_RANK=9");
        expect_code(outcome, 0);
        EXPECT_NE(outcome.error.find("shard " + std::to_string(shard) + "/3"), std::string::npos);
        parts += " '" + folder_.path("s.shard-" + std::to_string(shard) + "-of-3.h5") + "'";
    }
    EXPECT_FALSE(fs::exists(folder_.path("s.h5")));
    std::string const merge = "merge " + parts + " -o '" + folder_.path("merged.h5") + "'";
    expect_code(run_program(SG_PROGRAM, merge), 0);
    expect_same("whole.h5", "merged.h5");
    expect_code(run_program(SG_PROGRAM, merge), 0);
    auto const two = run_program(SG_PROGRAM, "merge " + parts.substr(0, parts.rfind(" '")) +
                                                 " -o '" + folder_.path("two.h5") + "'");
    expect_code(two, 3);
    EXPECT_NE(two.error.find("Missing:\n  depth"), std::string::npos) << two.error;
    expect_code(run("s.h5", "--shard 4/3"), 2);
    expect_code(run("merged.h5"), 0);  // complete: nothing to do
}

}  // namespace
}  // namespace sg::test
