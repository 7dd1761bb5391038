// SPDX-License-Identifier: MIT
#include "cuda/exec/device_fault.hpp"

#include <gtest/gtest.h>

namespace sg {
namespace {

TEST(DeviceFault, ADriverThatIsTooOldIsToldApartFromNone) {
    EXPECT_EQ(driver_fault(12040, 13010),
              "the driver supports CUDA 12.4, this program needs 13.0: update the driver to 580 or newer");
    EXPECT_EQ(driver_fault(0, 13000),
              "no NVIDIA driver is loaded: if there is a GPU, install driver 580 or newer");
    EXPECT_NE(driver_fault(13000, 14000).find("needs 14.0"), std::string::npos);
}

TEST(DeviceFault, ADeviceMayBeTooOld) {
    EXPECT_EQ(capability_fault("Tesla T4", 75, 80),
              "Tesla T4 has compute capability 7.5, this program was compiled for 8.0 and newer");
    EXPECT_EQ(capability_fault("A100", 80, 80), "");
    EXPECT_EQ(capability_fault("B200", 100, 80), "");
    EXPECT_EQ(capability_fault("H200", 90, 100),
              "H200 has compute capability 9.0, this program was compiled for 10.0 and newer");
}

// The exit code of other resources, but a kind of its own: a full disk must not make a run try again.
TEST(DeviceFault, MemoryOfADeviceIsAKindOfItsOwn) {
    EXPECT_EQ(OutOfDeviceMemory("x").code(), ExitCode::resource);
    auto const caught = [](auto const& thrown) {
        try {
            throw thrown;
        } catch (OutOfDeviceMemory const&) {
            return true;
        } catch (ResourceError const&) {
            return false;
        }
    };
    EXPECT_TRUE(caught(OutOfDeviceMemory("x")));
    EXPECT_FALSE(caught(ResourceError("disk")));
}

}  // namespace
}  // namespace sg
