// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <chrono>

#include "cuda/ops/activation.hpp"
#include "cuda/ops/matmul.hpp"
#include "cuda/ops/vectors.hpp"
#include "host/cost.hpp"

namespace sg {

// Each chunk of examples is read once, as in a pass: from beyond the second-level cache.
Processor measure_core(std::int64_t width)
{
    auto const exec = Exec::cpu();
    constexpr std::int64_t chunks = 16, M = rotated_chunk, D = 512, behind = 4;
    std::int64_t const w = std::clamp<std::int64_t>(width, 1, 1024);
    Buffer<float> const x(exec, chunks * M * D), h(exec, 2 * chunks * M * w), weights(exec, D * w), inner(exec, w * w);
    Buffer<double> const sums(exec, behind);
    auto const part = [](Buffer<float> const& from, std::int64_t i, std::int64_t columns) {
        return View<float, 3>::dense(from.data() + i * M * columns, 1, M, columns);
    };
    auto const W = View<float, 3>::dense(weights.data(), 1, D, w), U = View<float, 3>::dense(inner.data(), 1, w, w);
    auto const median = [](auto const& run) {  // what a run has; the best is rarer, and the mean suffers from neighbours
        std::array<double, 7> sweeps{};
        for (auto& seconds : sweeps) {
            auto const start = std::chrono::steady_clock::now();
            for (std::int64_t c = 0; c < chunks; ++c) run(c);
            seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() / chunks;
        }
        std::nth_element(sweeps.begin(), sweeps.begin() + 3, sweeps.end());
        return sweeps[3];
    };
    Nets const one{1};
    double const first = median([&](std::int64_t c) {
        matmul<float>(exec, one, 1, part(x, c, D), Op::none, W, Op::none, 0, part(h, c, w));
        matmul<float>(exec, one, 1, part(x, c, D), Op::transpose, part(h, c, w), Op::none, 1, W);
    });
    double const other = median([&](std::int64_t c) {
        auto const in = part(h, c, w), out = part(h, chunks + c, w);
        matmul<float>(exec, one, 1, in, Op::none, U, Op::none, 0, out);
        matmul<float>(exec, one, 1, in, Op::transpose, out, Op::none, 1, U);
        matmul<float>(exec, one, 1, out, Op::none, U, Op::transpose, 0, in);
    });
    double const pass = median([&](std::int64_t c) { activate<float>(exec, one, Activation::relu, part(x, c, D)); });
    // Vectors of as many parameters as the first layer has, behind four others.
    std::int64_t const P = std::min(D * w, chunks * M * D / (behind + 1));
    auto const V = View<float const, 3>::dense(x.data(), 1, behind, P);
    double const dot = median([&](std::int64_t) {
        dots<float>(exec, one, V, behind, View<float const, 2>::dense(x.data() + behind * P, 1, P), false,
                    View<double, 2>::dense(sums.data(), 1, behind));
    });
    Processor core;
    core.columns = 16;
    auto const columns = static_cast<double>(up(w, core.columns));
    core.flops = 4.0 * M * D * columns / first;
    core.inner_flops = 6.0 * M * static_cast<double>(w) * columns / other;
    core.bandwidth = 8.0 * M * D / pass;  // read and written
    core.vector_bandwidth = 4.0 * (behind + 1) * static_cast<double>(P) / dot;
    return core;
}

}  // namespace sg
