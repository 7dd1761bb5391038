// SPDX-License-Identifier: MIT
#include "cuda/exec/buffer.hpp"

#include <cstdint>

#include "tests/support/spaces.hpp"

namespace sg::test {
namespace {

class BufferTest : public OnEverySpace {};
SG_SPACES(BufferTest);

TEST_P(BufferTest, NumbersComeBackAsTheyWent) {
    std::vector<double> const numbers{1, -2, 3.5};
    Buffer<double> const buffer(exec(), numbers);
    EXPECT_EQ(buffer.size(), 3);
    EXPECT_EQ(to_host(exec(), buffer.data(), 3), numbers);
    EXPECT_EQ(to_host(exec(), buffer.data() + 1, 1), std::vector<double>{-2});
    from_host(exec(), {7.0, 8.0}, buffer.data() + 1);
    EXPECT_EQ(to_host(exec(), buffer.data(), 3), (std::vector<double>{1, 7, 8}));
}

// On the CPU it is cleared, so that a plan's memory is taken at once; on a GPU it is not.
TEST_P(BufferTest, FreshMemoryIsAligned) {
    Buffer<float> const buffer(exec(), 1000);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % 256, 0u);
    if (exec().on_cpu()) {
        EXPECT_EQ(to_host(exec(), buffer.data(), 1000), std::vector<float>(1000));
    }
}

TEST_P(BufferTest, WhatIsFetchedIsThereAfterTheMoment) {
    Buffer<int> const buffer(exec(), std::vector<int>{4, 5, 6});
    Pinned<int> host(exec(), 4);
    host.fetch(buffer.data(), 3);
    auto const moment = exec().moment();
    from_host(exec(), {7}, buffer.data());  // afterwards: not what was fetched
    exec().wait_for(moment);
    EXPECT_EQ((std::vector<int>{host[0], host[1], host[2]}), (std::vector<int>{4, 5, 6}));
    EXPECT_THROW(host.fetch(buffer.data(), 5), InternalError);
}

TEST_P(BufferTest, MovingGivesTheMemoryAway) {
    Buffer<int> first(exec(), std::vector<int>{4, 5});
    auto* const data = first.data();
    Buffer<int> const second(std::move(first));
    EXPECT_EQ(second.data(), data);
    EXPECT_EQ(to_host(exec(), second.data(), 2), (std::vector<int>{4, 5}));
}

TEST_P(BufferTest, AnEmptyOneIsHarmless) {
    Buffer<int> const none(exec(), std::vector<int>{});
    EXPECT_TRUE(to_host(exec(), none.data(), 0).empty());
    Buffer<int> const unset;
    EXPECT_EQ(unset.data(), nullptr);
}

TEST_P(BufferTest, AnArenaNeedsWhatItMeasured) {
    auto const carve = [](Arena& arena) {
        auto const first = arena.take<float, 2>(3, 5);
        auto const mark = arena.mark();
        static_cast<void>(arena.take<double, 1>(1000));
        arena.rewind(mark);
        auto const second = arena.take<unsigned char, 3>(2, 3, 7);
        EXPECT_EQ(second.extent[2], 7);
        return std::pair(static_cast<void*>(first.data), static_cast<void*>(second.data));
    };
    Arena measure;
    EXPECT_TRUE(measure.measuring());
    EXPECT_EQ(carve(measure).first, nullptr);
    EXPECT_EQ(measure.largest(), 256u + 8192u);  // 8000 bytes in steps of 256

    Arena arena(exec(), measure.largest());
    EXPECT_FALSE(arena.measuring());
    auto const [first, second] = carve(arena);
    EXPECT_EQ(static_cast<char*>(second) - static_cast<char*>(first), 256);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(second) % 256, 0u);
    EXPECT_EQ(arena.largest(), measure.largest());
}

TEST_P(BufferTest, AnArenaThatIsTooSmallSaysSo) {
    Arena arena(exec(), 512);
    static_cast<void>(arena.take<char, 1>(512));
    EXPECT_THROW(static_cast<void>(arena.take<char, 1>(1)), InternalError);
}

TEST_P(BufferTest, MoreThanTheMachineHasIsAResourceError) {
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "the address sanitizer ends the process instead";
#endif
    EXPECT_THROW(Buffer<char>(exec(), std::int64_t{1} << 60), ResourceError);
}

}  // namespace
}  // namespace sg::test
