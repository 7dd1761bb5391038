// SPDX-License-Identifier: MIT
// A small study from λ₀ to the last step, in networks · steps per second with sharpness, on 1 and 2 workers.
#include <benchmark/benchmark.h>

#include "host/config.hpp"
#include "host/sweep.hpp"

namespace {

using namespace sg;

void small_study(benchmark::State& state)
{
    prepare_process();
    auto study = parse_study(
        "study: bench\n"
        "model: {kind: fcn, depth: [4], width: [" + std::to_string(state.range(0)) + "]}\n"
        "grid: {c: {log2_min: 0, log2_max: 3, step: 0.25}, seeds: 2}\n", "bench");
    auto const data = load_dataset(study.data);
    Machine machine;
    machine.workers = static_cast<int>(state.range(1));
    machine.host_memory = Exec::cpu().memory().free;
    auto const plan = make_plan(study, {data.examples, data.inputs, data.classes}, machine,
                                Precision::single);
    double steps = 0;
    for (auto _ : state) {
        std::atomic<bool> stop{false};
        Counters counters;
        Todo todo(study, plan.cohorts);
        sweep(study, plan, todo, data, stop, counters, [](auto&&, auto&, auto&) {});
        steps += static_cast<double>(counters.steps);
    }
    state.counters["steps/s"] = benchmark::Counter(steps, benchmark::Counter::kIsRate);
    state.counters["Gflop/s"] = benchmark::Counter(
        plan.flops * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}

BENCHMARK(small_study)
    ->ArgNames({"w", "workers"})
    ->Args({64, 1})->Args({64, 2})->Args({128, 1})->Args({128, 2})
    ->UseRealTime()->MinTime(2.0);

}  // namespace
