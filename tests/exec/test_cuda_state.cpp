// SPDX-License-Identifier: MIT
// What lies behind an Exec of space cuda, seen from outside: staged copies and the counting of launches.
#include <algorithm>

#include "cuda/exec/buffer.hpp"
#include "cuda/ops/vectors.hpp"
#include "tests/support/arrays.hpp"
#include "tests/support/spaces.hpp"

namespace sg::test {
namespace {

class CudaStateTest : public OnEverySpace {};
SG_SPACES(CudaStateTest);

// Larger than the staging memory, and changed as soon as the call returns.
TEST_P(CudaStateTest, WhatIsCopiedInMayChangeAtOnce) {
    std::vector<int> numbers(3 << 20);
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<int>(i * 2654435761u);
    auto const before = numbers;
    Buffer<int> const buffer(exec(), static_cast<std::int64_t>(numbers.size()));
    from_host(exec(), numbers, buffer.data());
    std::fill(numbers.begin(), numbers.end(), 0);
    EXPECT_EQ(to_host(exec(), buffer.data(), buffer.size()), before);
}

TEST_P(CudaStateTest, ManySmallCopiesKeepTheirOrder) {
    Buffer<int> const buffer(exec(), 3000);
    std::vector<int> expected;
    for (int i = 0; i < 3000; ++i) {
        from_host(exec(), std::vector<int>(1, -i), buffer.data() + i);
        expected.push_back(-i);
    }
    EXPECT_EQ(to_host(exec(), buffer.data(), 3000), expected);
}

TEST_P(CudaStateTest, EachLaunchIsCounted) {
    Array<float, 2> const w(exec(), Vec(12, 1), 3, 4);
    Array<double, 2> const factor(exec(), Vec(3, 2), 3, 1);
    auto const before = exec().counters().launches;
    for (int i = 0; i < 5; ++i) scale<float>(exec(), Nets{3}, w.view(), factor.read());
    EXPECT_EQ(exec().counters().launches - before, exec().on_cpu() ? 0 : 5);
    EXPECT_EQ(w.host(), std::vector<float>(12, 32));
}

}  // namespace
}  // namespace sg::test
