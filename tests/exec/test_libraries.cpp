// SPDX-License-Identifier: MIT
#include "cuda/exec/libraries.hpp"

#include <regex>

#include "cuda/exec/error.hpp"
#include "tests/support/spaces.hpp"

namespace sg::test {
namespace {

TEST(Libraries, OfTheCpuSayTheirVersions) {
    auto const found = cpu_libraries();
    EXPECT_EQ(found.blas.rfind("OpenBLAS ", 0), 0u) << found.blas;
    EXPECT_FALSE(found.core.empty());
    EXPECT_TRUE(std::regex_match(found.lapack, std::regex("3\\.[0-9]+\\.[0-9]+"))) << found.lapack;
}

TEST(Libraries, OfAGpuSayTheirVersionsWhereThereIsOne) {
    auto const found = cuda_libraries();
    if (cuda_device_count() == 0) {
        EXPECT_THROW(gpu_facts(0), DeviceError);
        return;
    }
    EXPECT_GE(found.compiled, 13000);
    EXPECT_EQ(found.runtime / 1000, found.compiled / 1000);
    EXPECT_GE(found.driver / 1000, found.runtime / 1000);
    EXPECT_GT(found.blas, 0);
    EXPECT_GT(found.solver, 0);
    auto const gpu = gpu_facts(0);
    EXPECT_FALSE(gpu.name.empty());
    EXPECT_GE(gpu.capability, 80);
    EXPECT_GT(gpu.processors, 0);
    EXPECT_THROW(gpu_facts(1000), DeviceError);
}

}  // namespace
}  // namespace sg::test
