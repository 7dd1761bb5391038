// SPDX-License-Identifier: MIT
#include "cuda/exec/exec.hpp"

#include <cstring>

#include "cuda/exec/buffer.hpp"
#include "tests/support/spaces.hpp"

namespace sg::test {
namespace {

class ExecTest : public OnEverySpace {};
SG_SPACES(ExecTest);

TEST_P(ExecTest, KnowsItsSpace) {
    EXPECT_EQ(exec().on_cpu(), GetParam() != Where::cuda);
    EXPECT_EQ(exec().shuffle() != 0, shuffled());
    std::string const begin = exec().on_cpu() ? "cpu: " : "cuda:0: ";
    EXPECT_EQ(exec().describe().substr(0, begin.size()), begin);
    exec().wait();
}

TEST_P(ExecTest, MemoryIsCounted) {
    auto const memory = exec().memory();
    EXPECT_GT(memory.free, std::size_t{1} << 20);
    EXPECT_LE(memory.free, memory.total);
}

TEST_P(ExecTest, FillSetsEveryByte) {
    Buffer<std::uint32_t> const buffer(exec(), 5);
    exec().fill(buffer.data(), 0, 5 * sizeof(std::uint32_t));
    exec().fill(buffer.data(), 0xab, 4 * sizeof(std::uint32_t));
    EXPECT_EQ(to_host(exec(), buffer.data(), 5),
              (std::vector<std::uint32_t>{0xabababab, 0xabababab, 0xabababab, 0xabababab, 0}));
    exec().fill(nullptr, 1, 0);
    exec().copy_in(nullptr, nullptr, 0);
    exec().copy_out(nullptr, nullptr, 0);
}

TEST(Exec, WorkersCanBePreparedAgain) {
    EXPECT_TRUE(can_take(1 << 20));
    EXPECT_NO_THROW(prepare_workers(2));
    EXPECT_NO_THROW(prepare_workers(3));
}

TEST(Exec, PlanningComputesNothing) {
    auto const plan = Exec::planning(Space::cuda);
    EXPECT_EQ(plan.space(), Space::cuda);
    EXPECT_THROW(plan.device(), InternalError);
}

}  // namespace
}  // namespace sg::test
