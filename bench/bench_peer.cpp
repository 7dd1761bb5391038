// SPDX-License-Identifier: MIT
// sharpgrid's side of bench/compare.py: the measurements alone, of the networks that a file holds, or the networks and
// batches of a study, for other programs to train.
//   bench-peer serve WORKLOAD WORKERS|cuda    answers each line of standard input, `work` or `accuracy TOLERANCE`, with
//                                             the mean seconds of as many runs as half a second takes
//   bench-peer export STUDY.yaml FOLDER       weights and batches of every shape and seed
#include <lapacke.h>

#include <chrono>
#include <fstream>
#include <iostream>
#include <map>
#include <numeric>
#include <thread>

#include "bench/workload.hpp"
#include "cuda/exec/graph.hpp"
#include "cuda/ops/matmul.hpp"
#include "cuda/sharpness/meter.hpp"
#include "cuda/train/slice.hpp"
#include "host/config.hpp"
#include "host/examples.hpp"

namespace {

using namespace sg;

// Weights of K networks at T steps, the examples on which λ is measured, and where power iteration starts.
struct Networks {
    std::int64_t depth, width, steps, nets;
    bench::Shared data;
    std::vector<float> theta;             // (steps, nets, P)
    std::vector<float> start;             // (P'), in the coordinates of the operator
};

// v of the parameters in the coordinates of L: L v' = X v has the products of v for every network.   v: (P)
std::vector<float> in_coordinates(bench::Shared const& data, std::int64_t width, std::vector<float> const& v)
{
    if (data.r == 0) return v;
    auto const D = data.D, M = data.M, r = data.r;
    std::vector<double> L(data.L.begin(), data.L.end());
    std::vector<double> const x(data.x.begin(), data.x.end()), first(v.begin(), v.begin() + D * width);
    std::vector<double> b(static_cast<std::size_t>(std::max(M, r) * width), 0.0);
    matmul<double>(Exec::cpu(), Nets{1}, 1, View<double const, 3>::dense(x.data(), 1, M, D), Op::none,
                   View<double const, 3>::dense(first.data(), 1, D, width), Op::none, 0,
                   View<double, 3>::dense(b.data(), 1, M, width));
    std::vector<lapack_int> pivots(static_cast<std::size_t>(r), 0);
    lapack_int rank = 0;
    auto const fault = LAPACKE_dgelsy(LAPACK_ROW_MAJOR, static_cast<lapack_int>(M), static_cast<lapack_int>(r),
                                      static_cast<lapack_int>(width), L.data(), static_cast<lapack_int>(r), b.data(),
                                      static_cast<lapack_int>(width), pivots.data(), 1e-7, &rank);
    SG_EXPECT(fault == 0);
    std::vector<float> out(b.begin(), b.begin() + r * width);
    out.insert(out.end(), v.begin() + D * width, v.end());
    return out;
}

template <class T>
std::vector<T> take(std::istream& in, std::int64_t count)
{
    std::vector<T> values(static_cast<std::size_t>(count));
    in.read(reinterpret_cast<char*>(values.data()), count * static_cast<std::int64_t>(sizeof(T)));
    if (!in) throw UserError("The workload is too short.");
    return values;
}

Networks read_networks(Exec const& exec, std::string const& path)
{
    std::ifstream in(path, std::ios::binary);
    auto const sizes = take<std::int64_t>(in, 6);
    auto const params = bench::Workload::make_model(static_cast<int>(sizes[0]), static_cast<int>(sizes[1])).params();
    auto x = take<float>(in, sizes[2] * sizes[3]);
    Networks n{sizes[0], sizes[1], sizes[4], sizes[5], {exec, std::move(x), take<std::int32_t>(in, sizes[2])}, {}, {}};
    n.theta = take<float>(in, n.steps * n.nets * params);
    n.start = in_coordinates(n.data, n.width, take<float>(in, params));
    return n;
}

// The networks of one worker.
class Part {
public:
    Part(Exec const& exec, Networks const& all, std::int64_t first, int count, MeterOptions const& options)
        : all_(all), count_(count), exec_(exec),
          model_(bench::Workload::make_model(static_cast<int>(all.depth), static_cast<int>(all.width))),
          arena_(exec_, bytes()), hessian_(exec_, arena_, model_, Loss::mse, count, all.data.batch()),
          power_(exec_, arena_, hessian_.coordinates(), count), meter_(exec_, arena_, hessian_.coordinates(), count, options),
          theta_(exec_, theta_of(all, first, count)), seed_(exec_, seeds_of(first, count)), graphs_(exec_)
    {
        hessian_.allow_parts(arena_);
        from_host(exec_, all.start, power_.start());
    }

    // λ by 20 power iterations and a quotient, at the first step.
    void work()
    {
        results.clear();
        graphs_.run({0}, [&] {
            linearise(0);
            power_.run(hessian_, Nets{count_}, 20);
        });
        keep(power_.results());
    }

    // λ at every step as a study measures it: λ₀, and then from the vectors of the step before.
    void accuracy()
    {
        results.clear();
        for (std::int64_t t = 0; t < all_.steps; ++t) {
            linearise(t);
            if (t == 0)
                meter_.measure_initial(hessian_, Nets{count_}, seed_.data());
            else
                meter_.measure(hessian_, Nets{count_}, seed_.data(), static_cast<int>(t));
            keep(meter_.results());
        }
    }

    std::vector<EigenResult> results;  // (T, count) of the last of them

private:
    void linearise(std::int64_t t)
    {
        std::int64_t const size = model_.params();
        hessian_.evaluate(Nets{count_}, View<float, 2>::dense(theta_.data() + t * count_ * size, count_, size));
        hessian_.linearise(Nets{count_});
    }
    void keep(EigenResult const* found)
    {
        auto const here = to_host(exec_, found, count_);
        results.insert(results.end(), here.begin(), here.end());
    }

    // Of all steps.   (T, count, P)
    static std::vector<float> theta_of(Networks const& all, std::int64_t first, int count)
    {
        auto const size = static_cast<std::int64_t>(all.theta.size()) / (all.steps * all.nets);
        std::vector<float> theta;
        for (std::int64_t t = 0; t < all.steps; ++t) {
            auto const from = all.theta.begin() + (t * all.nets + first) * size;
            theta.insert(theta.end(), from, from + count * size);
        }
        return theta;
    }
    static std::vector<std::uint64_t> seeds_of(std::int64_t first, int count)
    {
        std::vector<std::uint64_t> seeds(static_cast<std::size_t>(count));
        std::iota(seeds.begin(), seeds.end(), static_cast<std::uint64_t>(first));
        return seeds;
    }

    std::size_t bytes() const
    {
        Arena measure;
        auto const planning = Exec::planning(exec_.space(), exec_.model());
        HessianOperator<float> op(planning, measure, model_, Loss::mse, count_, all_.data.batch());
        op.allow_parts(measure);
        PowerIteration<float> const power(planning, measure, op.coordinates(), count_);
        SharpnessMeter<float> const meter(planning, measure, op.coordinates(), count_, {});
        return measure.largest();
    }

    Networks const& all_;
    int count_;
    Exec exec_;
    Model model_;
    Arena arena_;
    HessianOperator<float> hessian_;
    PowerIteration<float> power_;
    SharpnessMeter<float> meter_;
    Buffer<float> theta_;
    Buffer<std::uint64_t> seed_;
    Graphs graphs_;
};

// The networks, a part for each worker.
std::vector<std::unique_ptr<Part>> share(Exec const& exec, Networks const& all, int workers, MeterOptions const& options)
{
    std::vector<std::unique_ptr<Part>> parts;
    for (int w = 0; w < workers; ++w) {
        std::int64_t const first = all.nets * w / workers, end = all.nets * (w + 1) / workers;
        if (first < end) parts.push_back(std::make_unique<Part>(exec, all, first, static_cast<int>(end - first), options));
    }
    return parts;
}

void serve(std::string const& path, std::string const& where)
{
    bool const on_cuda = where == "cuda";
    auto const exec = on_cuda ? Exec::cuda() : Exec::cpu();
    int const workers = on_cuda ? 1 : std::stoi(where);
    auto const all = read_networks(exec, path);
    std::map<double, std::vector<std::unique_ptr<Part>>> parts_of;  // a tolerance
    std::cout << "{\"ready\": true}" << std::endl;
    for (std::string line; std::getline(std::cin, line);) {
        bool const work = line == "work";
        MeterOptions options;
        if (!work) options.tolerance = std::stod(line.substr(line.find(' ')));
        auto& parts = parts_of[options.tolerance];
        if (parts.empty()) parts = share(exec, all, workers, options);
        auto const started = std::chrono::steady_clock::now();
        std::chrono::duration<double> took{0};
        int runs = 0;
        for (; took.count() < 0.5; ++runs) {
            std::vector<std::thread> threads;
            for (auto& part : parts)
                threads.emplace_back([&part, work] { work ? part->work() : part->accuracy(); });
            for (auto& thread : threads) thread.join();
            took = std::chrono::steady_clock::now() - started;
        }
        std::cout.precision(17);
        std::cout << "{\"seconds\": " << took.count() / runs << ", \"lambda\": [";
        std::int64_t products = 0;
        for (std::size_t i = 0, steps = work ? 1 : static_cast<std::size_t>(all.steps); i < steps; ++i) {
            for (auto const& part : parts) {
                std::size_t const count = part->results.size() / steps;
                for (std::size_t n = 0; n < count; ++n) {
                    auto const& result = part->results[i * count + n];
                    std::cout << (i + n > 0 || &part != &parts[0] ? ", " : "") << result.lambda;
                    products += result.products;
                }
            }
        }
        std::cout << "], \"products\": " << products << "}" << std::endl;
    }
}

template <class T>
void write(std::string const& path, T const* values, std::int64_t count)
{
    std::ofstream out(path, std::ios::binary);
    out.write(reinterpret_cast<char const*>(values), count * static_cast<std::int64_t>(sizeof(T)));
    if (!out.flush()) throw UserError(path + " cannot be written.");
}

// values.f32 (X, D), labels.i32 (X), measured.i32 (M), and theta_D_W_SEED.f32 (P), batches_SEED.i32 (T, B)
void export_study(std::string const& path, std::string const& folder)
{
    auto const study = read_study(path);
    auto const data = load_dataset(study.data);
    auto const exec = Exec::cpu();
    std::int64_t const X = data.examples, M = study.sharpness.examples, steps = study.steps, B = study.variants[0].batch;
    Examples<float> const examples(exec, data, X);  // all of them, in the order of their drawing
    auto const drawn = measurement_examples(X, X);
    std::vector<float> values(static_cast<std::size_t>(X * data.inputs));
    auto const x = examples.measurement().x;
    for (std::int64_t i = 0; i < X; ++i)
        std::copy_n(x.data + i * x.stride[1], data.inputs,
                    values.begin() + drawn[static_cast<std::size_t>(i)] * data.inputs);
    write(folder + "/values.f32", values.data(), X * data.inputs);
    write(folder + "/labels.i32", data.labels.data(), X);
    write(folder + "/measured.i32", drawn.data(), M);
    for (std::uint64_t const seed : study.seeds) {
        BatchOrder order(seed, X, B);
        std::vector<std::int32_t> batches;
        for (std::int64_t t = 0; t < steps; ++t) {
            auto const* const batch = order.batch(t);
            batches.insert(batches.end(), batch, batch + B);
        }
        write(folder + "/batches_" + std::to_string(seed) + ".i32", batches.data(),
              static_cast<std::int64_t>(batches.size()));
        for (int const depth : study.depth)
            for (int const width : study.width) {
                auto const model = bench::Workload::make_model(depth, width);
                Buffer<float> const memory(exec, model.params());
                auto const theta = View<float, 2>::dense(memory.data(), 1, model.params());
                initialise(exec, Nets{1}, model.tensors, &seed, theta);
                write(folder + "/theta_" + std::to_string(depth) + "_" + std::to_string(width) + "_" +
                          std::to_string(seed) + ".f32",
                      theta.data, model.params());
            }
    }
}

}  // namespace

int main(int count, char** arguments)
{
    set_up_blas(arguments);
    prepare_process();
    std::string const mode = count == 4 ? arguments[1] : "";
    try {
        if (mode == "serve") return serve(arguments[2], arguments[3]), 0;
        if (mode == "export") return export_study(arguments[2], arguments[3]), 0;
        std::cerr << "usage: bench-peer serve WORKLOAD WORKERS|cuda | export STUDY.yaml FOLDER\n";
        return 2;
    } catch (std::exception const& fault) {
        std::cerr << "bench-peer: " << fault.what() << "\n";
        return 1;
    }
}
