// SPDX-License-Identifier: MIT
// Which examples are read when. Host code; a number depends on (seed, epoch, index) alone.
#pragma once

#include <cstdint>
#include <vector>

namespace sg {

// The M measurement examples of a data set of X: the same for all seeds, and the first M of any more.
std::vector<std::int32_t> measurement_examples(std::int64_t examples, std::int64_t count);

// Mini-batches of one seed: a permutation of the data set per epoch, cut into ⌊X / B⌋ batches; what is left
// of it is not used. The same for every c of that seed.
class BatchOrder {
public:
    BatchOrder(std::uint64_t seed, std::int64_t examples, std::int64_t batch);

    // Indices of the batch of a step.   (B); valid until the next call
    std::int32_t const* batch(std::int64_t step);
    std::uint64_t seed() const { return seed_; }

private:
    std::uint64_t seed_;
    std::int64_t examples_, batch_, epoch_ = -1;
    std::vector<std::int32_t> order_;
};

}  // namespace sg
