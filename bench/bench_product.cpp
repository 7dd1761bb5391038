// SPDX-License-Identifier: MIT
// The Hessian-vector product on one core, as a share of the matmul rate of the same core, and of what its registers
// can do: all run in turn, the matmuls with the shapes of the product's own (2 of the first layer, in the chunks of its
// coordinates; 6 of each other, M examples at once); the peak is multiply-adds on vectors of eight floats that stay in
// registers.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>

#include "bench/workload.hpp"
#include "cuda/ops/matmul.hpp"

namespace {

using namespace sg;
using Clock = std::chrono::steady_clock;

double seconds(Clock::time_point start)
{
    return std::chrono::duration<double>(Clock::now() - start).count();
}

using Vector = float __attribute__((vector_size(32)));
constexpr std::size_t chains = 12;

// One multiply-add of each chain, all in registers: an array in a loop would stay in memory.
template <std::size_t... i>
void multiply_add(Vector (&sum)[chains], Vector const& factor, std::index_sequence<i...>)
{
    ([&] {
        sum[i] = sum[i] * factor + factor;
        asm volatile("" : "+x"(sum[i]));
    }(), ...);
}

// Flops a second of multiply-adds that do not wait for each other.
double peak(std::int64_t rounds)
{
    Vector const factor{0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f, 0.5f};
    Vector sum[chains];
    for (std::size_t i = 0; i < chains; ++i) sum[i] = factor * static_cast<float>(i);  // equal ones would be computed once
    auto const start = Clock::now();
    for (std::int64_t i = 0; i < rounds; ++i) multiply_add(sum, factor, std::make_index_sequence<chains>{});
    return 2.0 * chains * 8 * static_cast<double>(rounds) / seconds(start);
}

// The matmuls of one product and nothing else.
struct Matmuls {
    bench::Workload& w;
    std::vector<Buffer<float>> activations, weights;

    explicit Matmuls(bench::Workload& work) : w(work)
    {
        for (auto const& t : w.model.tensors.all()) {
            activations.emplace_back(w.exec, bench::random_values(w.M * t.fan_in, 3));
            weights.emplace_back(w.exec, bench::random_values(t.size(), 4));
        }
        activations.emplace_back(w.exec, bench::random_values(w.M * w.model.classes, 5));
    }
    View<float, 3> activation(std::size_t l, std::int64_t units) const
    {
        return View<float, 3>::dense(activations[l].data(), 1, w.M, units);
    }
    void run() const
    {
        auto const& tensors = w.model.tensors.all();
        for (std::size_t l = 0; l < tensors.size(); ++l) {
            auto const& t = tensors[l];
            auto const in = activation(l, t.fan_in), out = activation(l + 1, t.fan_out);
            auto const W = View<float, 3>::dense(weights[l].data(), 1, t.fan_in, t.fan_out);
            Nets const one{1};
            if (l == 0) {
                first(out, W);
                continue;
            }
            for (int i = 0; i < 2; ++i) {
                matmul<float>(w.exec, one, 1e-3, in, Op::none, W, Op::none, 0, out);
                matmul<float>(w.exec, one, 1e-3, in, Op::transpose, out, Op::none, 0, W);
                matmul<float>(w.exec, one, 1e-3, out, Op::none, W, Op::transpose, 0, in);
            }
        }
    }
    void first(View<float, 3> const& out, View<float, 3> const& W) const
    {
        auto const x = w.shared.batch().rotated;
        for (std::int64_t i = 0; i < w.M; i += rotated_chunk) {
            auto const count = std::min(rotated_chunk, w.M - i);
            auto part = examples(x, i, count);
            part.extent[2] = std::min(i + count, w.shared.r);
            auto rows = W;
            rows.extent[1] = part.extent[2];
            auto const z = examples(out, i, count);
            matmul<float>(w.exec, Nets{1}, 1e-3, part, Op::none, rows, Op::none, 0, z);
            matmul<float>(w.exec, Nets{1}, 1e-3, part, Op::transpose, z, Op::none, 1, rows);
        }
    }
};

void product(benchmark::State& state)
{
    prepare_process();
    bench::Workload w(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)), state.range(2));
    Matmuls const matmuls(w);
    double best_product = 1e30, best_matmul = 1e30, best_peak = 0;
    for (auto _ : state) {
        auto start = Clock::now();
        w.hessian.apply(Nets{1}, w.v, w.Hv);
        double const took = seconds(start);
        state.SetIterationTime(took);
        best_product = std::min(best_product, took);
        start = Clock::now();
        matmuls.run();
        best_matmul = std::min(best_matmul, seconds(start));
        best_peak = std::max(best_peak, peak(20'000));
    }
    double const flops = rotated_flops(w.model, w.M, w.shared.r);
    state.counters["Gflop/s"] = flops / best_product * 1e-9;
    state.counters["matmul_Gflop/s"] = flops / best_matmul * 1e-9;
    state.counters["share"] = best_matmul / best_product;
    state.counters["of_peak"] = flops / best_product / best_peak;
}

BENCHMARK(product)
    ->ArgNames({"d", "w", "M"})
    ->Args({2, 16, 512})->Args({4, 32, 512})->Args({8, 32, 512})
    ->Args({2, 64, 512})->Args({4, 64, 512})->Args({8, 64, 512})
    ->Args({4, 128, 512})->Args({8, 128, 512})->Args({4, 128, 2048})->Args({4, 256, 2048})->Args({8, 256, 4096})
    ->UseManualTime()->MinTime(1.0);

}  // namespace
