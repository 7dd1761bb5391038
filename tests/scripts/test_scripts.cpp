// SPDX-License-Identifier: MIT
// Checks of scripts that are scripts themselves; each prints what is wrong.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace {

int run(std::string const& command) {
    return std::system((command + "' </dev/null").c_str());
}

TEST(Scripts, TheToolkitFitsTheDriver) {
    EXPECT_EQ(run("bash '" SG_SOURCE_DIR "/tests/scripts/check_toolkit.sh"), 0);
}

TEST(Scripts, TheGpuScriptGoesOnAfterAFailure) {
    EXPECT_EQ(run("bash '" SG_SOURCE_DIR "/tests/scripts/check_gpu.sh"), 0);
}

TEST(Scripts, BudgetsOfKernelsAreCompared) {
    EXPECT_EQ(run("python3 -B '" SG_SOURCE_DIR "/tests/scripts/check_kernels.py"), 0);
}

}  // namespace
