// SPDX-License-Identifier: MIT
#include "cuda/exec/device.hpp"

#include "cuda/exec/buffer.hpp"
#include "tests/support/spaces.hpp"

namespace sg::test {
namespace {

class DeviceTest : public OnEverySpace {};
SG_SPACES(DeviceTest);

TEST(Device, ADeviceThatIsNotThereIsADeviceError) {
    EXPECT_THROW(Exec::cuda(-1), DeviceError);
    EXPECT_THROW(Exec::cuda(1000), DeviceError);
    std::string why;
    if (cuda_device_count(&why) == 0) {
        EXPECT_FALSE(why.empty());
        EXPECT_THROW(Exec::cuda(), DeviceError);
    }
}

TEST_P(DeviceTest, WaitsOfTheHostAreCounted) {
    auto const before = exec().counters();
    Buffer<int> const buffer(exec(), std::vector<int>{1, 2});  // staged: no wait
    static_cast<void>(to_host(exec(), buffer.data(), 2));
    exec().wait_for(exec().moment());
    auto const after = exec().counters();
    EXPECT_EQ(after.waits - before.waits, exec().on_cpu() ? 0 : 2);
    EXPECT_EQ(after.launches, before.launches);
}

TEST_P(DeviceTest, OnlyTheLastMomentsCanBeWaitedFor) {
    auto const first = exec().moment();
    for (int i = 0; i < 20; ++i) static_cast<void>(exec().moment());
    if (exec().on_cpu())
        exec().wait_for(first);
    else
        EXPECT_THROW(exec().wait_for(first), InternalError);
}

}  // namespace
}  // namespace sg::test
