// SPDX-License-Identifier: MIT
// The random order in which tests run the indices of a launch: what depends on it is a race on a GPU.
#pragma once

#include <vector>

#include "cuda/exec/bind.hpp"
#include "cuda/exec/exec.hpp"

namespace sg {

// A permutation of 0 ... n − 1.
std::vector<std::int64_t> shuffled(std::uint64_t key, std::int64_t n);

template <class F>
void for_each_shuffled(std::uint64_t key, Nets nets, std::int64_t n, F const& f)
{
    auto const order = shuffled(key, n);
    for (auto const net : shuffled(key + 1, nets.count)) {
        if (nets.skip && nets.skip[net]) continue;
        auto const g = bind(f, static_cast<int>(net));
        for (auto const i : order) g(i);
    }
}

}  // namespace sg
