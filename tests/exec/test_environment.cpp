// SPDX-License-Identifier: MIT
#include "cuda/exec/environment.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "cuda/exec/error.hpp"
#include "cuda/exec/exec.hpp"

namespace sg::test {
namespace {

char const* const names[] = {"NVIDIA_TF32_OVERRIDE",
                             "CUBLAS_EMULATE_SINGLE_PRECISION",
                             "CUBLAS_EMULATE_DOUBLE_PRECISION",
                             "CUBLAS_EMULATION_STRATEGY",
                             "CUBLAS_FIXEDPOINT_EMULATION_MANTISSA_BIT_COUNT",
                             "CUBLASLT_HEURISTICS_LUT_FILE"};

// The message of the DeviceError that f ends in; empty without one.
template <class F>
std::string refusal(F const& f) {
    try {
        f();
    } catch (DeviceError const& error) {
        return error.what();
    }
    return "";
}

TEST(Environment, EachVariableThatChangesTheArithmeticIsNamed) {
    for (std::string const name : names) {
        std::string const entry = name + "=0";
        char const* const entries[] = {"HOME=/nowhere", entry.c_str(), nullptr};
        auto const message = refusal([&] { refuse_environment(entries); });
        EXPECT_NE(message.find("sets " + name + "=0"), std::string::npos)
            << name << ": " << message;
        EXPECT_NE(message.find("Unset " + name + "."), std::string::npos)
            << name << ": " << message;
    }
}

TEST(Environment, OtherVariablesAreNobodysBusiness) {
    char const* const entries[] = {"PATH=CUBLAS_EMULATE_SINGLE_PRECISION=1",
                                   "MY_NVIDIA_TF32_OVERRIDE=1",
                                   "NVIDIA_TF32_OVERRIDES=1",
                                   "CUBLASLT_LOG_LEVEL=5",
                                   "CUBLASLT_HEURISTICS_CACHE_CAPACITY=1",
                                   "CUBLAS_WORKSPACE_CONFIG=:4096:8",
                                   "",
                                   nullptr};
    EXPECT_NO_THROW(refuse_environment(entries));
    char const* const nothing[] = {nullptr};
    EXPECT_NO_THROW(refuse_environment(nothing));
}

TEST(Environment, AProcessorThatOpenBlasDoesNotKnowGetsKernelsWithItsVectors) {
    EXPECT_EQ(better_blas_kernels("Prescott", true, true), "SkylakeX");
    EXPECT_EQ(better_blas_kernels("Prescott", true, false), "Haswell");
    EXPECT_EQ(better_blas_kernels("Nehalem", false, false), "");
    for (auto const* const known : {"Zen", "Haswell", "SkylakeX"}) EXPECT_EQ(better_blas_kernels(known, true, true), "");
}

#ifdef SG_WITH_CUDA
// Before it looks for a device: so this is tried on every machine.
TEST(Environment, NoDeviceIsTakenInSuchAnEnvironment) {
    for (char const* const name : names) {
        ASSERT_EQ(setenv(name, "1", 1), 0);
        auto const message = refusal([] { Exec::cuda(); });
        unsetenv(name);
        EXPECT_NE(message.find(name), std::string::npos) << name << ": " << message;
    }
}
#endif

}  // namespace
}  // namespace sg::test
