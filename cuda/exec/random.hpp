// SPDX-License-Identifier: MIT
// Counter-based random numbers: Philox 4x32-10 of Random123 (Salmon et al., SC 2011). A number depends on
// (seed, purpose, tensor, step, index) alone, never on the order of work.
#pragma once

#include <Random123/philox.h>

#include <cmath>
#include <cstdint>

#include "cuda/exec/fn.hpp"

namespace sg {

enum class Purpose : std::uint32_t { weights = 1, start, admixture, audit, batches, measurement, bootstrap, block, density };

struct RandomKey {
    std::uint64_t seed = 0;
    Purpose purpose = Purpose::weights;
    std::uint32_t tensor = 0;  // < 2^24
    std::uint32_t step = 0;
};

struct RandomBits {
    std::uint32_t word[4];
};

SG_FN inline RandomBits random_bits(RandomKey const& key, std::uint64_t index)
{
    r123::Philox4x32 const philox;
    r123::Philox4x32::ctr_type const counter{{
        static_cast<std::uint32_t>(index),
        static_cast<std::uint32_t>(index >> 32),
        key.step,
        static_cast<std::uint32_t>(key.purpose) << 24 | key.tensor,
    }};
    r123::Philox4x32::key_type const seed{{
        static_cast<std::uint32_t>(key.seed),
        static_cast<std::uint32_t>(key.seed >> 32),
    }};
    auto const r = philox(counter, seed);
    return {{r[0], r[1], r[2], r[3]}};
}

// Uniform on (0, 1], 53 bits, from words 2·half and 2·half + 1.
SG_FN inline double random_uniform(RandomBits const& bits, int half)
{
    std::uint64_t const high = bits.word[2 * half];
    std::uint64_t const low = bits.word[2 * half + 1];
    return static_cast<double>(((high << 32 | low) >> 11) + 1) * 0x1p-53;
}

// Two independent standard normal numbers (Box and Muller 1958), in double: the spaces then differ by
// an ulp of double at most.
struct NormalPair {
    double first, second;
};
SG_FN inline NormalPair random_normals(RandomKey const& key, std::uint64_t index)
{
    auto const bits = random_bits(key, index);
    double const radius = sqrt(-2 * log(random_uniform(bits, 0)));
    double const angle = 6.283185307179586 * random_uniform(bits, 1);
    return {radius * cos(angle), radius * sin(angle)};
}

}  // namespace sg
