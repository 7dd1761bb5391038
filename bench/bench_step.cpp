// SPDX-License-Identifier: MIT
// One training step (gather, gradient, update) of a slice of networks on one core.
#include <benchmark/benchmark.h>

#include "bench/workload.hpp"
#include "cuda/train/slice.hpp"

namespace {

using namespace sg;

void training_step(benchmark::State& state)
{
    prepare_process();
    auto const exec = Exec::cpu();
    int const nets = static_cast<int>(state.range(2));
    auto const model =
        bench::Workload::make_model(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)));
    std::int64_t const X = 8192;
    auto const values = bench::random_values(X * model.inputs, 1);
    std::vector<std::int32_t> labels(static_cast<std::size_t>(X), 3);
    ExampleData data;
    data.values = View<float const, 2>::dense(values.data(), X, model.inputs);
    data.label = labels.data();
    Arena measure;
    { Slice<float> const s(exec, measure, model, {}, nets, 1, data, X); }
    Arena arena(exec, measure.largest());
    Slice<float> slice(exec, arena, model, {}, nets, 1, data, X);
    slice.begin(std::vector<Member>(static_cast<std::size_t>(nets), Member{1, 1e-3}));
    std::int64_t step = 0;
    for (auto _ : state) {
        slice.find_gradient(step++);
        slice.update();
    }
    double const flops = gradient_flops(model, 512) * nets;
    state.counters["Gflop/s"] =
        benchmark::Counter(flops * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}

BENCHMARK(training_step)
    ->ArgNames({"d", "w", "N"})
    ->Args({4, 64, 1})->Args({4, 64, 4})->Args({8, 128, 1})->Args({8, 128, 4})
    ->MinTime(1.0);

}  // namespace
