// SPDX-License-Identifier: MIT
// `sharpgrid doctor` as a user runs it.
#include <filesystem>
#include <sstream>

#include "cuda/exec/error.hpp"
#include "tests/host/temporary.hpp"
#include "tests/support/program.hpp"
#include "tests/support/spaces.hpp"

namespace sg::test {
namespace {

namespace fs = std::filesystem;

class InAFolder {
protected:
    Outcome doctor_on(std::string const& device, std::string const& environment = "") const {
        return run_program(SG_PROGRAM,
                           "doctor --device " + device + " -o '" + folder_.path("run.h5") + "'",
                           environment);
    }
    void expect_nothing_left() const { EXPECT_TRUE(fs::is_empty(folder_.path())); }
    void expect_failed(Outcome const& outcome, ExitCode code, std::string const& line) const {
        EXPECT_EQ(outcome.code, static_cast<int>(code)) << outcome.text << outcome.error;
        EXPECT_NE(outcome.text.find("\nFAIL  " + line), std::string::npos) << outcome.text;
        EXPECT_EQ(outcome.text.find(" 0 failed"), std::string::npos) << outcome.text;
        expect_nothing_left();
    }

    TemporaryFolder folder_;
};

class DoctorProgramTest : public OnEverySpace, public InAFolder {
protected:
    std::string device() const { return GetParam() == Where::cuda ? "cuda:0" : "cpu"; }
    Outcome doctor(std::string const& environment = "") const {
        return doctor_on(device(), environment);
    }
};
SG_DEVICES(DoctorProgramTest);

TEST_P(DoctorProgramTest, PassesAndLeavesNothing) {
    auto const outcome = doctor();
    EXPECT_EQ(outcome.code, 0) << outcome.text << outcome.error;
    // An emulator may say what it checked.
    if (GetParam() != Where::cuda) {
        EXPECT_EQ(outcome.error, "");
    }
    std::istringstream lines(outcome.text);
    std::string last;
    for (std::string line; std::getline(lines, line); last = line)
        if (!last.empty()) {
            auto const head = last.substr(0, 6);
            EXPECT_TRUE(head == "PASS  " || head == "SKIP  " || head == "      ") << last;
        }
    EXPECT_NE(last.find(" 0 failed, "), std::string::npos) << last;
    for (std::string const name : {"sharpness", "product", "repeat"})
        EXPECT_NE(outcome.text.find("\nPASS  " + device() + " " + name), std::string::npos) << name;
    for (std::string const name : {"HDF5", "disk", "lock", "kill and resume"})
        EXPECT_NE(outcome.text.find("\nPASS  " + name + " "), std::string::npos) << name;
    expect_nothing_left();
}

// On the processor alone: an emulated device needs files of its own.
class DoctorFiles : public testing::Test, public InAFolder {};

TEST_F(DoctorFiles, ALimitOnFilesIsLikeAFullDisk) {
    expect_failed(doctor_on("cpu", "ulimit -f 20000;"), ExitCode::resource, "disk ");
    expect_failed(doctor_on("cpu", "ulimit -f 0;"), ExitCode::resource, "kill and resume");
}

TEST_P(DoctorProgramTest, DamagedDataAreSaid) {
    TemporaryFolder const data;
    data.write("fashion-mnist/train-images-idx3-ubyte", "no images");
    data.write("fashion-mnist/train-labels-idx1-ubyte", "no labels");
    expect_failed(doctor("SHARPGRID_DATA='" + data.path() + "'"), ExitCode::data, "fashion-mnist");
}

TEST_P(DoctorProgramTest, AVariableThatChangesTheArithmeticIsSaid) {
    auto const outcome = doctor("NVIDIA_TF32_OVERRIDE=0");
    EXPECT_NE(outcome.text.find("NVIDIA_TF32_OVERRIDE=0"), std::string::npos) << outcome.text;
    if (device() == "cpu")
        EXPECT_EQ(outcome.code, 0) << outcome.text;
    else
        expect_failed(outcome, ExitCode::device, "environment ");
}

TEST(DoctorProgram, WithoutAGpuThatIsSkippedUnlessItIsAskedFor) {
    if (cuda_device_count() > 0) GTEST_SKIP() << "there is a device";
    auto const asked =
        run_program(SG_PROGRAM, "doctor --device cuda -o '" + testing::TempDir() + "'");
    EXPECT_EQ(asked.code, static_cast<int>(ExitCode::device)) << asked.text;
    EXPECT_NE(asked.text.find("--device cpu"), std::string::npos) << asked.text;
    auto const automatic = run_program(SG_PROGRAM, "doctor -o '" + testing::TempDir() + "'");
    EXPECT_EQ(automatic.code, 0) << automatic.text;
    EXPECT_EQ(run_program(SG_PROGRAM, "doctor --device gpu").code,
              static_cast<int>(ExitCode::user));
}

TEST(DoctorProgram, ADirectoryThatIsNotThereIsSaidAndTheRestIsChecked) {
    TemporaryFolder const folder;
    auto const outcome =
        run_program(SG_PROGRAM, "doctor --device cpu -o '" + folder.path("not/there/run.h5") + "'");
    EXPECT_EQ(outcome.code, static_cast<int>(ExitCode::resource)) << outcome.text;
    for (std::string const line : {"FAIL  directory", "SKIP  kill and resume", "PASS  cpu product"})
        EXPECT_NE(outcome.text.find("\n" + line), std::string::npos) << outcome.text;
}

// OpenBLAS would wait for ever for the memory of a thread.
TEST(DoctorProgram, WithLittleMemoryNothingIsComputed) {
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "the sanitizer itself needs an address space without a limit";
#endif
    TemporaryFolder const folder;
    auto const within = [](int kilobytes, std::string const& arguments) {
        return run_program(SG_PROGRAM, arguments, "ulimit -v " + std::to_string(kilobytes) + ";");
    };
    int loaded = 200'000;  // the libraries of a build with CUDA are a gigabyte
    while (loaded < 10'000'000 && within(loaded, "--version").code != 0) loaded += 100'000;
    auto const outcome = within(loaded + 250'000, "doctor --device cpu -o '" + folder.path() + "'");
    EXPECT_EQ(outcome.code, static_cast<int>(ExitCode::resource)) << outcome.text << outcome.error;
    for (std::string const line : {"FAIL  memory", "SKIP  numbers", "SKIP  kill and resume"})
        EXPECT_NE(outcome.text.find("\n" + line), std::string::npos) << outcome.text;
    EXPECT_TRUE(fs::is_empty(folder.path()));
}

// Told to stop as soon as it has written something.
TEST(DoctorProgram, StopsEarlyAndCleansUp) {
    TemporaryFolder const folder;
    std::string const place = "'" + folder.path() + "'";
    auto const outcome =
        run_program("/bin/sh", "-c \"'" SG_PROGRAM "' doctor --device cpu -o " + place +
                                   " & p=\\$!; while [ -z \\\"\\$(ls -A " + place +
                                   ")\\\" ]; do sleep 0.01; done; kill -TERM \\$p; wait \\$p\"");
    EXPECT_EQ(outcome.code, static_cast<int>(ExitCode::stopped)) << outcome.text << outcome.error;
    EXPECT_NE(outcome.text.find("stopped early"), std::string::npos) << outcome.text;
    EXPECT_TRUE(fs::is_empty(folder.path()));
}

}  // namespace
}  // namespace sg::test
