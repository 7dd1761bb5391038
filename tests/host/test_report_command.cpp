// SPDX-License-Identifier: MIT
// `sharpgrid report` as a user runs it.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "host/embedded.hpp"
#include "host/store.hpp"
#include "tests/host/temporary.hpp"
#include "tests/host/trajectories.hpp"
#include "tests/support/program.hpp"

namespace sg::test {
namespace {

namespace fs = std::filesystem;

class ReportCommand : public testing::Test {
protected:
    ReportCommand() {
        OutputLock const lock(file_);
        Store store(lock, study(), {});
        store.append(point(3, 5, 9, 7), {});
        store.close(StudyState::complete);
    }
    Outcome report(std::string const& arguments) const {
        return run_program(SG_PROGRAM, "report " + arguments);
    }
    void expect_refused(std::string const& arguments, int code, std::string const& says) const {
        auto const outcome = report(arguments);
        EXPECT_EQ(outcome.code, code) << outcome.error;
        EXPECT_NE(outcome.error.find(says), std::string::npos) << outcome.error;
        EXPECT_EQ(outcome.error.find("error: "), outcome.error.rfind("error: ")) << outcome.error;
    }
    std::string text(std::string const& path) const {
        std::ifstream in(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }

    TemporaryFolder folder_;
    std::string file_ = folder_.path("study.h5"), page_ = folder_.path("report.html");
    std::string options_ = "'" + file_ + "' -o '" + page_ + "'";
};

TEST_F(ReportCommand, WritesThePage) {
    if (embedded::plotly().script.empty()) {
        expect_refused(options_, 2, "scripts/plotly.sh");
        GTEST_SKIP() << "no plotly.js in this build";
    }
    folder_.write("report.html", "an older one");
    auto const outcome = report(options_);
    EXPECT_EQ(outcome.code, 0) << outcome.error;
    EXPECT_EQ(text(page_).rfind("<!DOCTYPE html>", 0), 0U);
    EXPECT_FALSE(fs::exists(page_ + ".tmp") || fs::exists(page_ + ".lock"));
}

TEST_F(ReportCommand, WritesFigures) {
    auto const outcome = report("'" + file_ + "' --figures '" + folder_.path("new/figures") + "'");
    EXPECT_EQ(outcome.code, 0) << outcome.error;
    for (char const* name : {"phase_diagram.svg", "constants.svg", "trajectories_d2_w16_s0.svg"})
        EXPECT_EQ(text(folder_.path(std::string("new/figures/") + name)).rfind("<svg ", 0), 0U)
            << name;
}

TEST_F(ReportCommand, RefusesWhatCannotBe) {
    expect_refused("'" + file_ + "'", 2, "--figures DIR");
    expect_refused("missing.h5 -o '" + page_ + "'", 3, "no such file");
    std::string const letter = folder_.write("letter.h5", "Dear reader");
    expect_refused("'" + letter + "' -o '" + page_ + "'", 3, "not an HDF5 file");
    expect_refused("'" + file_ + "' -o '" + folder_.path("no/page.html") + "'", 2,
                   "does not exist");
    expect_refused("'" + file_ + "' -o '" + file_ + "'", 2, "it holds data");
    expect_refused("'" + file_ + "' --figures '" + letter + "'", 2, "letter.h5: Not a directory");
    EXPECT_FALSE(fs::exists(page_));
    EXPECT_EQ(read_store(file_).rows.size(), 8U);
}

// A copy of a file that is being written is what a kill leaves.
TEST_F(ReportCommand, NamesTheCommandThatMendsAKilledFile) {
    std::string const live = folder_.path("live.h5"), killed = folder_.path("killed.h5");
    OutputLock const lock(live);
    Store store(lock, study(), {});
    fs::copy_file(live, killed);
    expect_refused("'" + killed + "' -o '" + page_ + "'", 3, "sharpgrid repair " + killed);
    store.close(StudyState::stopped);
}

}  // namespace
}  // namespace sg::test
