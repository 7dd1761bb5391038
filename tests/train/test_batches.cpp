// SPDX-License-Identifier: MIT
#include "cuda/train/batches.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "cuda/exec/error.hpp"

namespace sg {
namespace {

std::vector<std::int32_t> batch(BatchOrder& order, std::int64_t step, std::int64_t size) {
    auto const* const first = order.batch(step);
    return {first, first + size};
}

TEST(Batches, AnEpochReadsEveryExampleAtMostOnce) {
    BatchOrder order(3, 103, 10);  // ten batches, three examples left over
    std::vector<std::vector<std::int32_t>> epochs;
    for (std::int64_t epoch = 0; epoch < 3; ++epoch) {
        std::vector<std::int32_t> seen;
        for (std::int64_t step = 10 * epoch; step < 10 * epoch + 10; ++step)
            for (auto const i : batch(order, step, 10)) seen.push_back(i);
        std::set<std::int32_t> const different(seen.begin(), seen.end());
        EXPECT_EQ(different.size(), 100u);
        EXPECT_GE(*different.begin(), 0);
        EXPECT_LT(*different.rbegin(), 103);
        epochs.push_back(seen);
    }
    EXPECT_NE(epochs[0], epochs[1]);
    EXPECT_NE(epochs[1], epochs[2]);
}

TEST(Batches, DependOnTheSeedAndTheStepAlone) {
    BatchOrder forwards(7, 60, 8), backwards(7, 60, 8), other(8, 60, 8);
    std::vector<std::vector<std::int32_t>> seen;
    for (std::int64_t step = 0; step < 20; ++step) seen.push_back(batch(forwards, step, 8));
    for (std::int64_t step = 20; step-- > 0;)
        EXPECT_EQ(batch(backwards, step, 8), seen[static_cast<std::size_t>(step)]);
    EXPECT_NE(batch(other, 0, 8), seen[0]);
    EXPECT_EQ(forwards.seed(), 7u);
}

TEST(Batches, AWholeDataSetIsAPermutation) {
    BatchOrder order(1, 12, 12);
    auto all = batch(order, 5, 12);
    EXPECT_FALSE(std::is_sorted(all.begin(), all.end()));
    std::sort(all.begin(), all.end());
    for (std::int32_t i = 0; i < 12; ++i) EXPECT_EQ(all[static_cast<std::size_t>(i)], i);
    BatchOrder one(1, 1, 1);
    EXPECT_EQ(*one.batch(1000000), 0);
}

TEST(Batches, EveryPlaceIsEquallyLikely) {
    std::vector<int> count(10);
    for (std::uint64_t seed = 0; seed < 4000; ++seed)
        ++count[static_cast<std::size_t>(*BatchOrder(seed, 10, 1).batch(0))];
    for (int const c : count) EXPECT_NEAR(c, 400, 5 * 19);
}

TEST(Batches, MeasurementExamplesAreDifferentAndTheSameForAll) {
    auto const few = measurement_examples(1000, 100), more = measurement_examples(1000, 101);
    EXPECT_EQ(few, measurement_examples(1000, 100));
    EXPECT_TRUE(std::equal(few.begin(), few.end(), more.begin()));
    EXPECT_EQ(std::set<std::int32_t>(few.begin(), few.end()).size(), 100u);
    EXPECT_GT(*std::max_element(few.begin(), few.end()), 900);
    EXPECT_LT(*std::max_element(few.begin(), few.end()), 1000);
    auto all = measurement_examples(50, 50);
    std::sort(all.begin(), all.end());
    EXPECT_EQ(all.front(), 0);
    EXPECT_EQ(all.back(), 49);
}

TEST(Batches, SizesThatDoNotFitAreRefused) {
    EXPECT_THROW(BatchOrder(1, 10, 11), InternalError);
    EXPECT_THROW(BatchOrder(1, 10, 0), InternalError);
    EXPECT_THROW(measurement_examples(10, 11), InternalError);
    EXPECT_THROW(measurement_examples(10, 0), InternalError);
}

}  // namespace
}  // namespace sg
