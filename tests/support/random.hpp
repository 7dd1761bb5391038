// SPDX-License-Identifier: MIT
// Random numbers for tests that are the same with every standard library: the engine's sequence is
// fixed by the C++ standard, the distributions of <random> are not, so they are written out here.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <random>
#include <vector>

namespace sg::oracle {

class Random {
public:
    explicit Random(std::uint64_t seed) : engine_(seed) {}

    double uniform() { return static_cast<double>(engine_() >> 11) * 0x1p-53; }  // in [0, 1)
    int below(int n) { return static_cast<int>(engine_() % static_cast<std::uint64_t>(n)); }

    // Box & Muller 1958; the second of each pair is thrown away, so that no state is carried.
    double normal() {
        double const radius = std::sqrt(-2 * std::log(1 - uniform()));
        return radius * std::cos(2 * std::numbers::pi * uniform());
    }

    std::vector<double> normals(std::size_t n) {
        std::vector<double> out(n);
        for (double& x : out) x = normal();
        return out;
    }

private:
    std::mt19937_64 engine_;
};

}  // namespace sg::oracle
