// SPDX-License-Identifier: MIT
// The checks of `sharpgrid doctor` one by one: each is given what it must not pass.
#include "host/doctor.hpp"

#include <sys/mount.h>
#include <sys/stat.h>

#include <cmath>
#include <filesystem>
#include <functional>

#include "host/config.hpp"
#include "tests/host/idx_bytes.hpp"
#include "tests/host/temporary.hpp"

namespace sg::test {
namespace {

namespace fs = std::filesystem;
using Outcome = Check::Outcome;

void expect_failed(Check const& check, ExitCode code, std::string const& says) {
    EXPECT_EQ(check.outcome, Outcome::fail) << to_text(check);
    EXPECT_EQ(check.code, code) << to_text(check);
    EXPECT_NE(check.text.find(says), std::string::npos) << to_text(check);
    EXPECT_FALSE(check.advice.empty()) << to_text(check);
}

void expect_outcome(Check const& check, Outcome outcome, std::string const& says) {
    EXPECT_EQ(check.outcome, outcome) << to_text(check);
    EXPECT_NE(check.text.find(says), std::string::npos) << to_text(check);
}

TEST(Doctor, PrintsOneLineAndTheAdviceBelowIt) {
    EXPECT_EQ(to_text(passed("disk", "3 GiB free")), "PASS  disk              3 GiB free\n");
    EXPECT_EQ(to_text(failed("disk", ExitCode::resource, "full", "free\nsome")),
              "FAIL  disk              full\n"
              "                        -> free\n"
              "                        some\n");
    EXPECT_EQ(summary({passed("a", ""), skipped("b", ""), passed("c", ""),
                       failed("d", ExitCode::data, "", "do")}),
              "2 passed, 1 failed, 1 skipped");
}

TEST(Doctor, TheWorstFailureGivesTheExitCode) {
    std::vector<Check> checks{passed("a", ""), skipped("b", "")};
    EXPECT_EQ(worst_code(checks), ExitCode::done);
    for (auto const code : {ExitCode::internal, ExitCode::data, ExitCode::resource,
                            ExitCode::device, ExitCode::check}) {
        checks.push_back(failed("c", code, "", "do"));
        EXPECT_EQ(worst_code(checks), code);
    }
}

TEST(Doctor, AFaultIsAFailureOfItsKind) {
    auto const thrown = [](auto const& error) {
        return guarded("x", "do", [&]() -> Check { throw error; });
    };
    expect_failed(thrown(DeviceError("gone")), ExitCode::device, "gone");
    expect_failed(thrown(UserError("not there")), ExitCode::resource, "not there");
    expect_failed(thrown(std::bad_alloc()), ExitCode::resource, "memory");
    expect_failed(thrown(std::runtime_error("odd")), ExitCode::internal, "odd");
    EXPECT_NE(thrown(InternalError("odd")).advice.find("report"), std::string::npos);
    EXPECT_EQ(thrown(DeviceError("gone")).advice, "do");
}

TEST(Doctor, LibrariesThatDoNotFitAreFailures) {
    expect_outcome(check_hdf5({"1.14.3", "1.14.3"}), Outcome::pass, "1.14.3");
    expect_failed(check_hdf5({"1.14.3", "1.10.8"}), ExitCode::internal, "1.10.8 is loaded");
    expect_outcome(check_blas(), Outcome::pass, "kernels for ");
    expect_outcome(check_openssl(), Outcome::pass, "3.");
    expect_outcome(check_cuda({}, "auto"), Outcome::skip, "no CUDA");
    expect_outcome(check_cuda({}, "cpu"), Outcome::skip, "no CUDA");
    expect_failed(check_cuda({}, "cuda:0"), ExitCode::device, "no CUDA");
    CudaLibraries const good{13000, 13010, 13000, 130200, 12004};
    expect_outcome(check_cuda(good, "auto"), Outcome::pass, "cuBLASLt 13.2.0, cuSOLVER 12.0.4");
    auto old = good;
    old.driver = 12080;
    expect_failed(check_cuda(old, "auto"), ExitCode::device, "the driver supports CUDA 12.8");
    expect_outcome(check_cuda(old, "cpu"), Outcome::pass, "driver for CUDA 12.8");
    old = good;
    old.runtime = 12080;
    expect_failed(check_cuda(old, "cuda"), ExitCode::device, "differ");
    auto none = good;
    none.driver = 0;
    expect_outcome(check_cuda(none, "auto"), Outcome::pass, "no driver");
}

TEST(Doctor, VariablesThatChangeTheArithmeticAreFailuresWhereAGpuMayCompute) {
    char const* const entries[] = {"HOME=/", "NVIDIA_TF32_OVERRIDE=1", nullptr};
    expect_failed(check_environment(entries, true), ExitCode::device, "NVIDIA_TF32_OVERRIDE=1");
    expect_outcome(check_environment(entries, false), Outcome::pass, "The CPU does not use cuBLAS");
    char const* const noted[] = {"OPENBLAS_CORETYPE=Haswell", nullptr};
    expect_outcome(check_environment(noted, true), Outcome::pass, "OPENBLAS_CORETYPE=Haswell is");
    EXPECT_EQ(check_environment(noted + 1, true).text, "no variable changes the arithmetic");
}

TEST(Doctor, LittleMemoryIsSaidAndTooLittleRefused) {
    std::size_t const mebibyte = 1 << 20;
    expect_failed(check_memory_left(100 * mebibyte, 4096 * mebibyte), ExitCode::resource,
                  "100.0 M");
    Check const little = check_memory_left(1024 * mebibyte, 4096 * mebibyte);
    expect_outcome(little, Outcome::pass, "1.0 GiB of 4.0 GiB");
    EXPECT_NE(little.advice.find("--mem"), std::string::npos);
    EXPECT_EQ(check_memory_left(4096 * mebibyte, 4096 * mebibyte).advice, "");
}

TEST(Doctor, WrongSharpnessIsAFailure) {
    std::vector<double> const exact{3, 0.5, 7};
    expect_outcome(compare_sharpness("x", exact, {3.00003, 0.5, 7}), Outcome::pass, "1.0e-05");
    expect_failed(compare_sharpness("x", exact, {3, 0.5006, 7}), ExitCode::check, "1.2e-03");
    double const nan = std::nan("");
    for (std::vector<double> const& wrong :
         std::vector<std::vector<double>>{{nan, 0.5, 7}, {3, 0.5, nan}, {3, nan, 7}})
        expect_failed(compare_sharpness("x", exact, wrong), ExitCode::check, "nan");
}

TEST(Doctor, AWrongProductIsAFailure) {
    expect_outcome(compare_products("x", {3, 4.000001}, {3, 4}), Outcome::pass, "2.0e-07");
    expect_failed(compare_products("x", {3, 4.00005}, {3, 4}), ExitCode::check, "1.0e-05");
    expect_failed(compare_products("x", {3, std::nan("")}, {3, 4}), ExitCode::check, "nan");
    expect_failed(compare_products("x", {0, 0}, {0, 0}), ExitCode::check, "nan");
}

Trajectory some_row(std::uint64_t seed) {
    Trajectory row;
    row.depth = 2;
    row.width = 4;
    row.seed = seed;
    row.c = 1;
    row.loss = row.train_loss = row.accuracy = row.sharpness = row.sharpness_residual = {0.5, NAN};
    row.sharpness_products = {12, 3};
    row.sharpness_status = {SharpnessStatus::converged, SharpnessStatus::converged};
    return row;
}

TEST(Doctor, OneBitIsADifference) {
    std::vector<Trajectory> const rows{some_row(1), some_row(2)};
    EXPECT_EQ(first_difference(rows, rows), "");
    EXPECT_EQ(first_difference({rows[1], rows[0]}, rows), "");
    EXPECT_EQ(first_difference({rows[1]}, rows), "1 networks, not 2");
    EXPECT_EQ(first_difference({rows[1]}, rows, false), "");
    double const above = std::nextafter(0.5, 1);
    std::vector<std::function<void(Trajectory&)>> const changes{
        [](auto& r) { r.c = 2; },
        [](auto& r) { r.learning_rate = 1; },
        [](auto& r) { r.sharpness_0 = 1; },
        [](auto& r) { r.sharpness_0_residual = 1; },
        [](auto& r) { r.status = RunStatus::diverged; },
        [](auto& r) { r.diverged_step = 1; },
        [&](auto& r) { r.loss[0] = above; },
        [](auto& r) { r.loss[1] = 0; },
        [&](auto& r) { r.train_loss[0] = above; },
        [&](auto& r) { r.accuracy[0] = above; },
        [&](auto& r) { r.sharpness[0] = above; },
        [&](auto& r) { r.sharpness_residual[0] = above; },
        [](auto& r) { r.sharpness_products[1] = 4; },
        [](auto& r) { r.sharpness_status[1] = SharpnessStatus::not_converged; },
        [](auto& r) { r.sharpness.pop_back(); }};
    for (std::size_t k = 0; k < changes.size(); ++k) {
        auto changed = rows;
        changes[k](changed[1]);
        EXPECT_NE(first_difference(changed, rows), "") << "change " << k;
        EXPECT_NE(first_difference(changed, rows).find("seed 2"), std::string::npos);
    }
}

TEST(Doctor, DataMayBeMissingButNotDamaged) {
    TemporaryFolder const folder;
    DataSpec const spec{.set = "fashion-mnist", .directory = folder.path()};
    expect_outcome(check_dataset(spec), Outcome::skip, "apt-get install dataset-fashion-mnist");
    std::string const labels = "train-labels-idx1-ubyte", images = "train-images-idx3-ubyte";
    folder.write(labels, idx_bytes({2}, std::string("\0\1", 2)));
    folder.write(images, idx_bytes({2, 2, 2}, "12345678"));
    Check const other = check_dataset(spec);
    expect_outcome(other, Outcome::pass, "2 images of 4 pixels");
    EXPECT_NE(other.advice.find("not the 60000"), std::string::npos);
    folder.write(images, idx_bytes({2, 2, 2}, "1234567"));
    expect_failed(check_dataset(spec), ExitCode::data, images);
    // Of the right size, with a CRC that is right: the digest alone tells.
    folder.write(labels, idx_bytes({60000}, std::string(60000, '\1')));
    folder.write(images, idx_bytes({60000, 28, 28}, std::string(60000 * 784, '\2')));
    expect_failed(check_dataset(spec), ExitCode::data, "not the published data");
}

// A directory for what a check writes, empty when it is over.
class DoctorDisk : public testing::Test {
protected:
    ~DoctorDisk() override {
        scratch_.reset();
        EXPECT_TRUE(fs::is_empty(folder_.path()));
    }
    // A program that does as it should, but for one thing.
    std::string script(std::string const& text) {
        std::string const path = programs_.write("program", "#!/bin/sh\n" + text + "\n");
        chmod(path.c_str(), 0755);
        return path;
    }
    Check recovery(std::string const& program) {
        return guarded("x", "do", [&] { return check_recovery(*scratch_, program, stop_); });
    }

    TemporaryFolder folder_, programs_;
    std::optional<ScratchFolder> scratch_{folder_.path()};
    std::atomic<bool> stop_{false};
};

TEST_F(DoctorDisk, TheDirectoryIsThatOfTheOutput) {
    EXPECT_EQ(output_directory(""), ".");
    EXPECT_EQ(output_directory("run.h5"), ".");
    EXPECT_EQ(output_directory(folder_.path()), folder_.path());
    EXPECT_EQ(output_directory(folder_.path("run.h5")), folder_.path());
    EXPECT_THROW(ScratchFolder(folder_.path("not/there")), ResourceError);
}

TEST_F(DoctorDisk, ALockThatDoesNotHoldIsAFailure) {
    expect_outcome(check_lock(*scratch_, SG_PROGRAM), Outcome::pass, "refused");
    expect_failed(check_lock(*scratch_, script("exit 3")), ExitCode::resource, "no locks");
    expect_failed(check_lock(*scratch_, script("echo odd >&2; exit 2")), ExitCode::internal, "odd");
    expect_failed(check_lock(*scratch_, "/not/there"), ExitCode::internal, "exit code 127");
}

TEST_F(DoctorDisk, AKilledRunGoesOn) {
    expect_outcome(recovery(SG_PROGRAM), Outcome::pass, "the same bits");
}

TEST_F(DoctorDisk, WhatIsCommittedMustBeWhatWasComputed) {
    expect_failed(recovery(script("exec " SG_PROGRAM " \"$@\" --set data.seed=7")),
                  ExitCode::resource, "not what was computed");
}

TEST_F(DoctorDisk, ARunThatCannotGoOnIsAFailure) {
    std::string const mark = "'" + programs_.path("mark") + "'";
    expect_failed(recovery(script("if [ -e " + mark + " ]; then echo lost >&2; exit 3; fi\n: >" +
                                  mark + "\nexec " SG_PROGRAM " \"$@\"")),
                  ExitCode::resource, "ended with exit code 3: lost");
    scratch_.emplace(folder_.path());
    expect_failed(recovery(script("exit 0")), ExitCode::resource, "run.h5");
}

TEST_F(DoctorDisk, AStopEndsWhatWasStarted) {
    stop_ = true;
    expect_outcome(recovery(script("exec sleep 100")), Outcome::skip, "stopped");
}

TEST_F(DoctorDisk, ASmallDiskIsAFailure) {
    expect_outcome(check_space(*scratch_), Outcome::pass, "64.0 MiB could be reserved");
    TemporaryFolder const disk;
    if (mount("none", disk.path().c_str(), "tmpfs", 0, "size=8m") != 0)
        GTEST_SKIP() << "no file system can be mounted here";
    {
        ScratchFolder const small(disk.path());
        expect_failed(check_space(small), ExitCode::resource, "No space left");
        EXPECT_TRUE(fs::is_empty(small.path(".")));
    }
    EXPECT_TRUE(fs::is_empty(disk.path()));
    EXPECT_EQ(umount(disk.path().c_str()), 0);
}

}  // namespace
}  // namespace sg::test
