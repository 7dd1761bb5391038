// SPDX-License-Identifier: MIT
// The Hessian-vector product on one core, as a share of the matmul rate of the same core, and of what its registers
// can do: all run in turn, the matmuls with the shapes of the product's own (2 of the first layer, in the chunks of its
// coordinates; 6 of each other, M examples at once; above 1 where the product packs its weights); the peak is
// multiply-adds on vectors of eight floats that stay in registers.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>

#include "bench/matmuls.hpp"

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

void product(benchmark::State& state)
{
    prepare_process();
    bench::Workload w(Exec::cpu(), static_cast<int>(state.range(0)), static_cast<int>(state.range(1)),
                      state.range(2), 1);
    bench::Matmuls const matmuls(w);
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
    double const flops = w.flops();
    state.counters["Gflop/s"] = flops / best_product * 1e-9;
    state.counters["matmul_Gflop/s"] = flops / best_matmul * 1e-9;
    state.counters["share"] = best_matmul / best_product;
    state.counters["of_peak"] = flops / best_product / best_peak;
}

BENCHMARK(product)
    ->ArgNames({"d", "w", "M"})
    ->Args({2, 16, 512})->Args({4, 32, 512})->Args({8, 32, 512})
    ->Args({2, 64, 512})->Args({4, 64, 512})->Args({8, 64, 512})
    ->Args({4, 128, 512})->Args({8, 128, 512})->Args({4, 256, 512})->Args({4, 128, 2048})->Args({4, 256, 2048})->Args({8, 256, 4096})->Args({4, 512, 2048})
    ->UseManualTime()->MinTime(1.0);

}  // namespace
