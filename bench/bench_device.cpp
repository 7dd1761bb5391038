// SPDX-License-Identifier: MIT
// The engine on a GPU: Hessian-vector products and training steps of N networks, replayed as the program replays
// them, as a share of the rate of one large matmul by the same library in the same process ("of_peak": no more than
// that library reaches is asked for), and of the matmuls of a product alone ("share"). "paths": products of narrow networks
// fused and not, and in TF32. Times are those of the host around work that it waits for.
//   bench-device [--quick] [OPTION...]      options of Google Benchmark; --quick: small shapes, to try the program
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <iostream>

#include "bench/matmuls.hpp"
#include "cuda/exec/graph.hpp"
#include "cuda/train/slice.hpp"

namespace {

using namespace sg;

struct Shape {
    int depth, width, nets;
};
constexpr std::int64_t examples = 512;
constexpr int repeats = 5;  // between two waits: the host prepares the next while the device works
bool quick = false;
bool failed = false;

// Seconds of one call.
template <class F>
double timed(Exec const& exec, F const& call)
{
    exec.wait();
    auto const start = std::chrono::steady_clock::now();
    for (int i = 0; i < repeats; ++i) call();
    exec.wait();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() / repeats;
}

// The least seconds of both, in turn; the first is what the benchmark reports.
template <class F, class G>
std::pair<double, double> best_of(benchmark::State& state, Exec const& exec, F const& whole, G const& part)
{
    std::pair<double, double> best{1e30, 1e30};
    for (auto _ : state) {
        double const took = timed(exec, whole);
        state.SetIterationTime(took);
        best.first = std::min(best.first, took);
        best.second = std::min(best.second, timed(exec, part));
    }
    return best;
}

// Flops a second of one large matmul, measured once.
double peak(Exec const& exec)
{
    static double best = 0;
    if (best > 0) return best;
    std::int64_t const n = quick ? 128 : 8192;
    Buffer<float> const a(exec, bench::random_values(n * n, 6)), b(exec, bench::random_values(n * n, 7));
    Buffer<float> const c(exec, n * n);
    auto const view = [n](Buffer<float> const& m) { return View<float, 3>::dense(m.data(), 1, n, n); };
    auto const call = [&] { matmul<float>(exec, Nets{1}, 1, view(a), Op::none, view(b), Op::none, 0, view(c)); };
    call();  // what is chosen at the first use is chosen now
    for (int i = 0; i < 5; ++i) best = std::max(best, 2e0 * static_cast<double>(n * n * n) / timed(exec, call));
    return best;
}

void product(benchmark::State& state, Shape const& shape)
{
    auto const exec = Exec::cuda();
    bench::Workload w(exec, shape.depth, shape.width, examples, shape.nets);
    bench::Matmuls const matmuls(w);
    Graphs graphs(exec);
    auto const whole = [&] { graphs.run({0}, [&] { w.hessian.apply(Nets{w.N}, w.v, w.Hv); }); };
    auto const bare = [&] { graphs.run({1}, [&] { matmuls.run(); }); };
    for (int i = 0; i < 3; ++i) whole(), bare();
    auto const [best, best_bare] = best_of(state, exec, whole, bare);
    double const flops = w.flops();
    state.counters["Gflop/s"] = flops / best * 1e-9;
    state.counters["matmul_Gflop/s"] = flops / best_bare * 1e-9;
    state.counters["share"] = best_bare / best;
    state.counters["of_peak"] = flops / best / peak(exec);
    state.counters["peak_Gflop/s"] = peak(exec) * 1e-9;
}

// The same product fused, layer by layer, and layer by layer in TF32: what nets/fused_table.hpp and plan have of a model.
void paths(benchmark::State& state, Shape const& shape)
{
    auto const exec = Exec::cuda();
    auto const fused_shape = FusedShape::of(bench::Workload::make_model(shape.depth, shape.width));
    bool const fits = fused_shape && fused_shape->scratch(sizeof(float)) <= exec.scratch_limit();
    bench::Workload fused(exec, shape.depth, shape.width, examples, shape.nets, fits ? Path::fused : Path::layers);
    bench::Workload layers(exec, shape.depth, shape.width, examples, shape.nets, Path::layers);
    Graphs graphs(exec);
    auto const product = [&graphs](int key, bench::Workload& w, Arithmetic arithmetic) {
        return [&graphs, key, &w, arithmetic] {
            graphs.run({key}, [&] { w.hessian.apply(Nets{w.N}, w.v, w.Hv, arithmetic); });
        };
    };
    auto const in_one = product(0, fused, Arithmetic::pedantic), by_layer = product(1, layers, Arithmetic::pedantic);
    auto const in_tf32 = product(2, layers, Arithmetic::tf32);
    for (int i = 0; i < 3; ++i) in_one(), by_layer(), in_tf32();
    auto const [best, best_by_layer] = best_of(state, exec, in_one, by_layer);
    double best_tf32 = 1e30;
    for (int i = 0; i < 10; ++i) best_tf32 = std::min(best_tf32, timed(exec, in_tf32));
    state.counters["fits"] = fits;  // 0: both are layer by layer
    state.counters["layers/fused"] = best_by_layer / best;
    state.counters["float/tf32"] = best_by_layer / best_tf32;
}

// Gather, gradient and update; the update alone, in bytes of parameters that it reads and writes.
void training_step(benchmark::State& state, Shape const& shape)
{
    auto const exec = Exec::cuda();
    auto const model = bench::Workload::make_model(shape.depth, shape.width);
    std::int64_t const X = quick ? 1024 : 8192;
    Buffer<float> const values(exec, bench::random_values(X * model.inputs, 1));
    Buffer<std::int32_t> const labels(exec, bench::labels_of(X));
    ExampleData data;
    data.values = View<float const, 2>::dense(values.data(), X, model.inputs);
    data.label = labels.data();
    Arena measure;
    { Slice<float> const s(Exec::planning(exec.space()), measure, model, {}, shape.nets, 1, data, X); }
    Arena arena(exec, measure.largest());
    Slice<float> slice(exec, arena, model, {}, shape.nets, 1, data, X);
    slice.begin(std::vector<Member>(static_cast<std::size_t>(shape.nets), Member{1, 1e-3}));
    Graphs graphs(exec);
    std::int64_t step = 0;
    auto const update = [&] { graphs.run({0}, [&] { slice.update(); }); };
    auto const whole = [&] {
        slice.load_batch(step++);
        graphs.run({1}, [&] { slice.find_gradient_of_batch(); });
        update();
    };
    for (int i = 0; i < 3; ++i) whole();
    auto const [best, best_update] = best_of(state, exec, whole, update);
    double const flops = gradient_flops(model, examples) * shape.nets;
    state.counters["Gflop/s"] = flops / best * 1e-9;
    state.counters["of_peak"] = flops / best / peak(exec);
    double const bytes = 3.0 * sizeof(float) * static_cast<double>(model.params()) * shape.nets;
    state.counters["update_GB/s"] = bytes / best_update * 1e-9;
}

using Measure = void (*)(benchmark::State&, Shape const&);

void add(std::string const& name, Shape const& shape, Measure measure)
{
    auto const title = name + "/d:" + std::to_string(shape.depth) + "/w:" + std::to_string(shape.width) +
                       "/N:" + std::to_string(shape.nets);
    auto const guarded = [shape, measure](benchmark::State& state) {
        try {
            measure(state, shape);
        } catch (std::exception const& fault) {  // too little memory: the other shapes may fit
            failed = true;
            state.SkipWithError(fault.what());
        }
    };
    auto* const entry = benchmark::RegisterBenchmark(title.c_str(), guarded)->UseManualTime();
    if (quick)
        entry->Iterations(1);
    else
        entry->MinTime(0.1);
}

}  // namespace

int main(int count, char** arguments)
{
    set_up_blas(arguments);
    prepare_process();
    if (count > 1 && std::strcmp(arguments[1], "--quick") == 0) {
        quick = true;
        std::rotate(arguments + 1, arguments + 2, arguments + count--);
    }
    benchmark::Initialize(&count, arguments);
    if (benchmark::ReportUnrecognizedArguments(count, arguments)) return 2;
    if (auto const fault = cuda_device_fault(0); !fault.empty()) {
        std::cerr << "bench-device: " << fault << "\n";
        return 4;
    }
    benchmark::AddCustomContext("device", Exec::cuda().describe());
    std::vector<Shape> const small{{2, 16, 3}, {3, 32, 2}};
    std::vector<Shape> const large{{2, 16, 1024}, {4, 64, 512},  {4, 128, 256}, {8, 256, 256},
                                   {8, 512, 128}, {8, 1024, 32}, {8, 2048, 8}};
    for (auto const& shape : quick ? small : large) add("product", shape, product);
    for (auto const& shape : quick ? small : large) add("training_step", shape, training_step);
    std::vector<Shape> const narrow{{2, 16, 256}, {4, 16, 256}, {8, 16, 256}, {2, 32, 256}, {4, 32, 256}, {8, 32, 256},
                                    {2, 64, 256}, {4, 64, 256}, {8, 64, 256}, {4, 128, 256}, {8, 256, 64}};
    for (auto const& shape : quick ? small : narrow) add("paths", shape, paths);
    benchmark::RunSpecifiedBenchmarks();
    return failed ? 1 : 0;
}
