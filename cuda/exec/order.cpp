// SPDX-License-Identifier: MIT
#include "cuda/exec/order.hpp"

#include <algorithm>
#include <numeric>
#include <random>

namespace sg {

std::vector<std::int64_t> shuffled(std::uint64_t key, std::int64_t n)
{
    std::vector<std::int64_t> order(static_cast<std::size_t>(n));
    std::iota(order.begin(), order.end(), std::int64_t{0});
    std::mt19937_64 generator(key);
    std::shuffle(order.begin(), order.end(), generator);
    return order;
}

}  // namespace sg
