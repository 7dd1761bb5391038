// SPDX-License-Identifier: MIT
// What `sharpgrid watch` shows, and how it ends where no run goes on.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "host/text_table.hpp"
#include "host/watch_view.hpp"
#include "tests/host/temporary.hpp"
#include "tests/host/trajectories.hpp"
#include "tests/support/program.hpp"

namespace sg::test {
namespace {

class Watch : public testing::Test {
protected:
    Watch() {
        watched_.path = "run.h5";
        watched_.stored.title = "quick";
        watched_.stored.model = "fcn";
        watched_.stored.data_name = "mnist";
        add({4, 16});
        watched_.headway = Headway{30, 1000, 547, {}};
        watched_.elapsed = 100;
        watched_.left = 123;
        watched_.since_commit = 2;
    }
    void add(std::vector<int> const& widths, int depth = 2) {
        for (int const width : widths)
            for (Trajectory const& row : point(3, 5, 9, 6, depth, width))
                watched_.stored.rows.push_back(row);
        watched_.stored.margins = no_margin(watched_.stored.rows);
    }
    std::vector<std::string> window(int columns, int rows, std::size_t turn = 0) const {
        auto const lines = window_of(watched_, {columns, rows}, false, turn);
        EXPECT_LE(lines.size(), static_cast<std::size_t>(rows));
        for (std::string const& line : lines)
            EXPECT_LT(static_cast<int>(letters(line)), std::max(columns, 30)) << line;
        return lines;
    }

    Watched watched_;
};

TEST_F(Watch, SaysHowFarARunIs) {
    EXPECT_EQ(progress_of(watched_),
              "45 %, about 2 min 03 s left; 16 of 30 networks, 4 diverged, 0 collapsed");
    watched_.stored.audit = {44, 1, 0};
    auto const lines = window(80, 24);
    EXPECT_EQ(lines[0], "quick: fcn on mnist, running");
    EXPECT_EQ(lines[1], "[=========           ] 45 %, about 2 min 03 s left, 16 of 30 networks");
    EXPECT_EQ(lines[2],
              "4 diverged (from c 64: depth 2 width 4 seed 0 step 2), 0 collapsed");
    EXPECT_EQ(lines[3], "running for 1 min 40 s; last commit 2 s ago; audit: 1 of 44 missed");
    EXPECT_EQ(lines[6], "      4  --vLLBXX    5.66    22.6       >32    45.3");
}

TEST_F(Watch, IsCarefulWithWhatIsNotKnown) {
    watched_.left = missing;
    watched_.headway->left = 0.4;  // of 1000: all but complete
    EXPECT_EQ(progress_of(watched_).substr(0, 21), "99 %, no estimate yet");
    watched_.study.emplace();
    watched_.study->search.emplace();
    EXPECT_NE(progress_of(watched_).find("16 of about 30 networks"), std::string::npos);
    watched_.headway.reset();
    EXPECT_EQ(progress_of(watched_), "no estimate yet; 16 networks, 4 diverged, 0 collapsed");
    watched_.elapsed = watched_.since_commit = missing;
    EXPECT_EQ(window(80, 24)[3], "");
    watched_.stored = {};
    EXPECT_EQ(window(80, 24)[3], "no network is committed yet");
}

TEST_F(Watch, SaysWhatToDoWithWhatIsNotComplete) {
    watched_.life = Life::complete;
    watched_.headway->left = 0;
    EXPECT_EQ(advice_for(watched_), "");
    EXPECT_EQ(progress_of(watched_), "100 %; 16 networks, 4 diverged, 0 collapsed");
    EXPECT_EQ(window(80, 24)[3], "its last run took 1 min 40 s");
    watched_.life = Life::stopped;
    EXPECT_EQ(window(80, 24)[0], "quick: fcn on mnist, stopped early");
    EXPECT_NE(advice_for(watched_).find("sharpgrid run"), std::string::npos);
    watched_.life = Life::killed;
    EXPECT_NE(advice_for(watched_).find("sharpgrid repair run.h5"), std::string::npos);
    EXPECT_EQ(progress_of(watched_).find("left"), std::string::npos);
    watched_.replaced = true;
    auto const lines = window(50, 24);
    EXPECT_NE(lines[4].find("took the place"), std::string::npos);
    EXPECT_EQ(lines[5], "No process holds its lock. The same `sharpgrid");
}

TEST_F(Watch, KeepsToItsWindow) {
    add({2, 8, 32, 64, 128});
    add({2, 8, 32}, 4);
    for (int const columns : {1, 10, 20, 39, 80, 200})
        for (int const rows : {1, 2, 5, 9, 12, 24, 60}) window(columns, rows);
    EXPECT_EQ(window(80, 24).back(), "B loss and sharpness catapult  X divergent");
    EXPECT_EQ(snapshot(watched_, 80).size(), 4U + 1 + 8 + 1 + 4 + 1 + 3);
}

TEST_F(Watch, PanelsTakeTurns) {
    add({8, 32}, 4);
    add({2, 8, 32, 64, 128, 256}, 6);
    auto const first = window(80, 13, 0), second = window(80, 13, 1);
    EXPECT_EQ(first[5].substr(0, 7), "depth 2");
    EXPECT_EQ(second[5].substr(0, 7), "depth 4");
    EXPECT_EQ(window(80, 13, 3), first);
    auto const last = window(80, 13, 2);
    EXPECT_EQ(last[5].substr(0, 7), "depth 6");
    EXPECT_EQ(last[9], "... 3 more lines");
    EXPECT_EQ(last[10].substr(0, 21), "page 3 of 3; across: ");
}

TEST_F(Watch, ColoursWhatItSays) {
    watched_.life = Life::killed;
    auto const lines = window_of(watched_, {80, 24}, true, 0);
    EXPECT_EQ(lines[0], "quick: fcn on mnist, \x1b[1;31mits run was killed\x1b[m");
    for (std::string const& line : lines)
        if (auto const on = line.rfind("\x1b["); on != std::string::npos) {
            EXPECT_EQ(line.substr(on, 3), "\x1b[m") << "a colour goes on after " << line;
        }
    watched_.stored.data_name = "\x1b[2J";
    EXPECT_EQ(snapshot(watched_, 80)[0], "quick: fcn, its run was killed");
}

class WatchProgram : public testing::Test {
protected:
    void write(StudyState state) const {
        OutputLock const lock(file_);
        Store store(lock, study(), {});
        store.append(point(3, 5, 9, 7), {});
        store.close(state);
    }
    Outcome watch(std::string const& file) const {
        return run_program("timeout", "20 '" SG_PROGRAM "' watch '" + file + "'", "COLUMNS=60");
    }
    void expect_refused(std::string const& file, std::string const& says) const {
        auto const outcome = watch(file);
        EXPECT_EQ(outcome.code, 3) << outcome.error;
        EXPECT_NE(outcome.error.find(says), std::string::npos) << outcome.error;
        EXPECT_EQ(outcome.text, "");
    }

    TemporaryFolder folder_;
    std::string file_ = folder_.path("run.h5");
};

TEST_F(WatchProgram, PrintsWhatIsCompleteOnce) {
    write(StudyState::complete);
    auto const outcome = watch(file_);
    EXPECT_EQ(outcome.code, 0) << outcome.error;
    EXPECT_EQ(outcome.text.rfind("synthetic: ", 0), 0U) << outcome.text;
    EXPECT_NE(outcome.text.find("     16  --vLLBBX    5.66    22.6       >64    90.5\n"), std::string::npos)
        << outcome.text;
    EXPECT_EQ(outcome.text.find('\x1b'), std::string::npos);
}

TEST_F(WatchProgram, EndsAsARunThatWasStopped) {
    write(StudyState::stopped);
    auto const outcome = watch(file_);
    EXPECT_EQ(outcome.code, 75) << outcome.error;
    EXPECT_NE(outcome.text.find("The same `sharpgrid run` goes on"), std::string::npos);
}

TEST_F(WatchProgram, RefusesWhatIsNoOutput) {
    expect_refused(file_, "no such file");
    expect_refused(folder_.write("letter.h5", "Dear reader"), "not an HDF5 file");
    expect_refused(folder_.path(), "not a regular file");
    ASSERT_EQ(::mkfifo(folder_.path("pipe").c_str(), 0600), 0);
    expect_refused(folder_.path("pipe"), "not a regular file");
}

}  // namespace
}  // namespace sg::test
