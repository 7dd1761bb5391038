// SPDX-License-Identifier: MIT
// What the benchmarks run on: N networks of one shape on M random examples, as large as real ones.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "cuda/exec/buffer.hpp"
#include "cuda/sharpness/hessian.hpp"

namespace sg::bench {

inline std::vector<float> random_values(std::int64_t n, unsigned seed)
{
    std::mt19937 generator(seed);
    std::normal_distribution<float> normal;
    std::vector<float> v(static_cast<std::size_t>(n));
    for (auto& x : v) x = normal(generator);
    return v;
}

inline std::vector<std::int32_t> labels_of(std::int64_t examples)
{
    std::vector<std::int32_t> labels(static_cast<std::size_t>(examples));
    for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<std::int32_t>(i % 10);
    return labels;
}

// All examples as one batch that every network shares.   x: (M, inputs), labels: (M); vectors or Buffers
template <class Values, class Labels>
Batch<float> batch_of(Values const& x, Labels const& labels)
{
    auto const M = static_cast<std::int64_t>(labels.size());
    Batch<float> b;
    b.x = View<float const, 3>::dense(x.data(), 1, M, static_cast<std::int64_t>(x.size()) / M);
    b.labels.labels = View<std::int32_t const, 2>::dense(labels.data(), 1, M);
    return b;
}

// N networks with their Hessian operator, linearised, and a direction for each.
struct Workload {
    Workload(Exec const& where, int depth, int width, std::int64_t examples, int nets)
        : exec(where), model(make_model(depth, width)), M(examples), N(nets),
          x(exec, random_values(M * model.inputs, 1)), labels(exec, labels_of(M)),
          arena(exec, arena_bytes()), hessian(exec, arena, model, Loss::mse, N, batch())
    {
        take_vectors(arena);
        std::vector<std::uint64_t> seeds(static_cast<std::size_t>(N));
        for (std::size_t n = 0; n < seeds.size(); ++n) seeds[n] = n + 1;
        Buffer<std::uint64_t> const seed(exec, seeds);
        initialise(exec, Nets{N}, model.tensors, seed.data(), theta);
        from_host(exec, random_values(N * model.params(), 2), v);
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
    Batch<float> batch() const { return batch_of(x, labels); }
    std::size_t arena_bytes()
    {
        Arena measure;
        HessianOperator<float> const op(Exec::planning(exec.space()), measure, model, Loss::mse, N, batch());
        take_vectors(measure);
        return measure.largest();
    }
    void take_vectors(Arena& from)
    {
        for (auto* const vector : {&theta, &v, &Hv}) *vector = from.take_rows<float, 2>(N, model.params());
    }

    Exec exec;
    Model model;
    std::int64_t M;
    int N;
    Buffer<float> x;
    Buffer<std::int32_t> labels;
    View<float, 2> theta, v, Hv;  // (N, P)
    Arena arena;
    HessianOperator<float> hessian;
};

}  // namespace sg::bench
