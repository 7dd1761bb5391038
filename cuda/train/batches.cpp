// SPDX-License-Identifier: MIT
#include "cuda/train/batches.hpp"

#include <numeric>
#include <utility>

#include "cuda/exec/error.hpp"
#include "cuda/exec/random.hpp"

namespace sg {

// The first `count` entries of a random permutation of 0 ... order.size() − 1 (Fisher and Yates).
static void shuffle(std::vector<std::int32_t>& order, std::int64_t count, RandomKey const& key)
{
    std::iota(order.begin(), order.end(), 0);
    auto const n = static_cast<std::uint64_t>(order.size());
    for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(count); ++i) {
        auto const bits = random_bits(key, i);
        std::uint64_t const word = std::uint64_t{bits.word[0]} << 32 | bits.word[1];
        std::swap(order[i], order[i + word % (n - i)]);  // the bias of % is below 2⁻⁴⁰
    }
}

std::vector<std::int32_t> measurement_examples(std::int64_t examples, std::int64_t count)
{
    SG_EXPECT(count >= 1 && count <= examples);
    std::vector<std::int32_t> order(static_cast<std::size_t>(examples));
    shuffle(order, count, {0, Purpose::measurement, 0, 0});
    order.resize(static_cast<std::size_t>(count));
    return order;
}

BatchOrder::BatchOrder(std::uint64_t seed, std::int64_t examples, std::int64_t batch)
    : seed_(seed), examples_(examples), batch_(batch), order_(static_cast<std::size_t>(examples))
{
    SG_EXPECT(batch >= 1 && batch <= examples);
}

std::int32_t const* BatchOrder::batch(std::int64_t step)
{
    std::int64_t const per_epoch = examples_ / batch_, epoch = step / per_epoch;
    if (epoch != epoch_) {
        shuffle(order_, examples_, {seed_, Purpose::batches, 0, static_cast<std::uint32_t>(epoch)});
        epoch_ = epoch;
    }
    return order_.data() + (step % per_epoch) * batch_;
}

}  // namespace sg
