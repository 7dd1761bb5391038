// SPDX-License-Identifier: MIT
// `sharpgrid run --device`: which device a run takes, and what it says of one that it cannot take. What a driver may
// answer is simulated by an emulator, through its EMU_ variables; without one those tests are skipped.
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "cuda/exec/error.hpp"
#include "cuda/exec/exec.hpp"
#include "host/machine.hpp"
#include "tests/host/temporary.hpp"

namespace sg {
namespace {

using test::Environment;

// Eight networks of 19 000 parameters: 30 MiB of vectors on a GPU.
constexpr char const* study =
    "study: s\ndata: {set: synthetic, examples: 64, inputs: 64, classes: 10}\n"
    "model: {kind: fcn, depth: 2, width: 256, activation: relu}\n"
    "training: {batch: 16, steps: 1}\n"
    "grid: {c: [0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2], seeds: 1}\nsharpness: {examples: 16}\n";

struct Outcome {
    int code;
    std::string text;  // standard error

    bool has(std::string const& part) const { return text.find(part) != std::string::npos; }
};

Outcome run_on(std::string const& device) {
    test::TemporaryFolder const folder;
    std::string const command = "'" SG_PROGRAM "' run '" + folder.write("s.yaml", study) + "' -o '" +
                                folder.path("s.h5") + "' --device " + device + " 2>&1 >/dev/null";
    FILE* const pipe = popen(command.c_str(), "r");
    if (!pipe) throw std::runtime_error("popen " + command);
    Outcome outcome{-1, ""};
    char buffer[4096];
    for (std::size_t got; (got = fread(buffer, 1, sizeof buffer, pipe)) > 0;)
        outcome.text.append(buffer, got);
    int const status = pclose(pipe);
    if (WIFEXITED(status)) outcome.code = WEXITSTATUS(status);
    return outcome;
}

void expect_refused(std::string const& device, std::string const& why) {
    Outcome const asked = run_on(device);
    EXPECT_EQ(asked.code, static_cast<int>(ExitCode::device)) << asked.text;
    EXPECT_TRUE(asked.has("error: " + device) && asked.has(" cannot be used: ") && asked.has(why))
        << asked.text;
}

void expect_cpu_instead(std::string const& why) {
    Outcome const automatic = run_on("auto");
    EXPECT_EQ(automatic.code, 0) << automatic.text;
    EXPECT_TRUE(automatic.has(why) && automatic.has("unning on the CPU")) << automatic.text;
    EXPECT_TRUE(automatic.has("of memory planned; cpu: ")) << automatic.text;
}

TEST(DeviceChoice, WithoutAGpuTheReasonIsSaid) {
    std::string why;
    if (cuda_device_count(&why) > 0) GTEST_SKIP() << "there is a device";
    expect_refused("cuda:0", why);
    expect_cpu_instead("no GPU (" + why + ")");
}

TEST(DeviceChoice, UnknownNamesAreUsageErrors) {
    for (char const* name : {"gpu", "cuda:", "cuda:x", "cuda:1000"})
        EXPECT_EQ(run_on(name).code, static_cast<int>(ExitCode::user)) << name;
}

class EmulatedDevice : public testing::Test {
protected:
    void SetUp() override {
        char const* const loaded = std::getenv("LD_PRELOAD");
        if (!loaded || std::string(loaded).find("libcudart") == std::string::npos)
            GTEST_SKIP() << "no emulator";
    }
};

TEST_F(EmulatedDevice, IsTakenByItself) {
    Outcome const automatic = run_on("auto");
    EXPECT_EQ(automatic.code, 0) << automatic.text;
    EXPECT_TRUE(automatic.has("of memory planned; cuda:0: ")) << automatic.text;
}

TEST_F(EmulatedDevice, ADriverMayBeTooOld) {
    Environment const old("EMU_FAIL", "cudaGetDeviceCount:1:35");  // cudaErrorInsufficientDriver
    expect_refused("cuda:0", "this program needs 13.0: update the driver to 580 or newer");
    expect_cpu_instead("no GPU (the driver supports CUDA 1");
}

TEST_F(EmulatedDevice, AnErrorOfTheDriverKeepsItsText) {
    Environment const mismatch("EMU_FAIL", "cudaGetDeviceCount:1:803");
    expect_refused("cuda:0", "SystemDriverMismatch");
}

TEST_F(EmulatedDevice, ItsMemoryMayBeTooSmall) {
    {
        Environment const small("EMU_MEM_MB", "48");
        expect_refused("cuda:0", "of device memory, ");
        expect_cpu_instead("cuda:0 is not used: the study needs ");
    }
    Environment const tiny("EMU_MEM_MB", "8");  // not even the program's own workspace
    expect_cpu_instead("cuda:0 is not used: out of device memory");
}

TEST_F(EmulatedDevice, OfTwoEitherCanBeAskedFor) {
    Environment const two("EMU_DEVICES", "2");
    Outcome const second = run_on("cuda:1");
    EXPECT_EQ(second.code, 0) << second.text;
    EXPECT_TRUE(second.has("of memory planned; cuda:1: ")) << second.text;
    expect_refused("cuda:2", "there is no device cuda:2 (2 found)");
}

// As a Slurm job, a container or taskset leaves it: a worker more than these cores only slows the others.
TEST(Cores, AreThoseThatTheProcessMayUse) {
    cpu_set_t all;
    ASSERT_EQ(sched_getaffinity(0, sizeof all, &all), 0);
    EXPECT_EQ(cores_allowed(), CPU_COUNT(&all));
    int first = 0;
    while (!CPU_ISSET(first, &all)) ++first;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
    int const allowed = cores_allowed();
    auto const outcome = run_on("cpu");
    sched_setaffinity(0, sizeof all, &all);
    EXPECT_EQ(allowed, 1);
    EXPECT_EQ(outcome.code, 0);
    EXPECT_TRUE(outcome.has("8 networks, 1 worker,")) << outcome.text;
}

}  // namespace
}  // namespace sg
