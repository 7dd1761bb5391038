// SPDX-License-Identifier: MIT
// What the benchmarks run on: N networks of one shape on M random examples, as large as real ones.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "cuda/exec/buffer.hpp"
#include "cuda/nets/rotation.hpp"
#include "cuda/sharpness/hessian.hpp"

namespace sg::bench {

// The same again after a million of them: drawing takes longer than what is measured.
inline std::vector<float> random_values(std::int64_t n, unsigned seed)
{
    std::mt19937 generator(seed);
    std::normal_distribution<float> normal;
    std::vector<float> v(static_cast<std::size_t>(n));
    std::size_t const period = std::min(v.size(), std::size_t{1} << 20);
    std::generate_n(v.begin(), period, [&] { return normal(generator); });
    for (std::size_t i = period; i < v.size(); ++i) v[i] = v[i - period];
    return v;
}

inline std::vector<std::int32_t> labels_of(std::int64_t examples)
{
    std::vector<std::int32_t> labels(static_cast<std::size_t>(examples));
    for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<std::int32_t>(i % 10);
    return labels;
}

// Examples that all networks share, rotated where a study would rotate them.   x: (M, D), L: (M, r)
struct Shared {
    Shared(Exec const& exec, std::vector<float> values, std::vector<std::int32_t> const& numbers)
        : M(static_cast<std::int64_t>(numbers.size())), D(static_cast<std::int64_t>(values.size()) / M),
          r(rotated_inputs(M, D)), x(std::move(values)), L(r > 0 ? rotate_examples(x, M, D) : std::vector<float>{}),
          x_there(exec, x), L_there(exec, L), labels(exec, numbers)
    {
    }
    Batch<float> batch() const
    {
        Batch<float> b;
        b.x = View<float const, 3>::dense(x_there.data(), 1, M, D);
        b.labels.labels = View<std::int32_t const, 2>::dense(labels.data(), 1, M);
        b.rotated = View<float const, 3>::dense(L_there.data(), 1, M, r);
        return b;
    }

    std::int64_t M, D, r;
    std::vector<float> x, L;
    Buffer<float> x_there, L_there;
    Buffer<std::int32_t> labels;
};

// N networks with their Hessian operator, linearised, and a direction for each.
struct Workload {
    Workload(Exec const& where, int depth, int width, std::int64_t examples, int nets, Path path = Path::by_table)
        : exec(where), model(make_model(depth, width)), M(examples), N(nets),
          shared(exec, random_values(M * model.inputs, 1), labels_of(M)), arena(exec, arena_bytes(path)),
          hessian(exec, arena, model, Loss::mse, N, shared.batch(), false, path)
    {
        take_vectors(arena, hessian);
        std::vector<std::uint64_t> seeds(static_cast<std::size_t>(N));
        for (std::size_t n = 0; n < seeds.size(); ++n) seeds[n] = n + 1;
        Buffer<std::uint64_t> const seed(exec, seeds);
        initialise(exec, Nets{N}, model.tensors, seed.data(), theta);
        from_host(exec, random_values(N * hessian.coordinates().params(), 2), v);
        hessian.evaluate(Nets{N}, theta);
        hessian.linearise(Nets{N});
        exec.wait();  // the seeds go
    }

    static Model make_model(int depth, int width)
    {
        FcnSpec spec;
        spec.depth = depth;
        spec.width = width;
        return build_fcn(spec);
    }
    // Flops of one product of all networks. A GPU takes all examples at once, and the zeros of L with them.
    double flops() const
    {
        bool const in_chunks = exec.on_cpu() && shared.r > 0;
        return N * (in_chunks ? rotated_flops(model, M, shared.r) : product_flops(hessian.coordinates(), M));
    }
    std::size_t arena_bytes(Path path)
    {
        Arena measure;
        HessianOperator<float> const op(Exec::planning(exec.space(), exec.model()), measure, model, Loss::mse, N,
                                        shared.batch(), false, path);
        take_vectors(measure, op);
        return measure.largest();
    }
    void take_vectors(Arena& from, HessianOperator<float> const& op)
    {
        theta = from.take_rows<float, 2>(N, model.params());
        for (auto* const vector : {&v, &Hv}) *vector = from.take_rows<float, 2>(N, op.coordinates().params());
    }

    Exec exec;
    Model model;
    std::int64_t M;
    int N;
    Shared shared;
    View<float, 2> theta, v, Hv;  // (N, P), (N, P') in the coordinates of the operator
    Arena arena;
    HessianOperator<float> hessian;
};

}  // namespace sg::bench
