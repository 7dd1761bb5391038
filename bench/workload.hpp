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

// All examples as one batch that every network shares.   x: (M, inputs), labels: (M)
inline Batch<float> batch_of(std::vector<float> const& x, std::vector<std::int32_t> const& labels)
{
    auto const M = static_cast<std::int64_t>(labels.size());
    Batch<float> b;
    b.x = View<float const, 3>::dense(x.data(), 1, M, static_cast<std::int64_t>(x.size()) / M);
    b.labels.labels = View<std::int32_t const, 2>::dense(labels.data(), 1, M);
    return b;
}

// One network with its Hessian operator, linearised, and a direction.
struct Workload {
    Workload(int depth, int width, std::int64_t examples)
        : exec(Exec::cpu()), model(make_model(depth, width)), M(examples),
          x(random_values(M * model.inputs, 1)), labels(static_cast<std::size_t>(M)),
          arena(exec, arena_bytes()), hessian(exec, arena, model, Loss::mse, 1, batch())
    {
        for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<int>(i % 10);
        std::int64_t const P = model.params();
        theta = arena.take<float, 2>(1, P);
        v = arena.take<float, 2>(1, P);
        Hv = arena.take<float, 2>(1, P);
        std::uint64_t const seed = 1;
        initialise(exec, Nets{1}, model.tensors, &seed, theta);
        from_host(exec, random_values(P, 2), v.data);
        hessian.evaluate(Nets{1}, theta);
        hessian.linearise(Nets{1});
    }

    static Model make_model(int depth, int width)
    {
        FcnSpec spec;
        spec.depth = depth;
        spec.width = width;
        return build_fcn(spec);
    }
    Batch<float> batch() const { return batch_of(x, labels); }
    std::size_t arena_bytes() const
    {
        Arena measure;
        HessianOperator<float> const op(exec, measure, model, Loss::mse, 1, batch());
        return measure.largest() + 3 * (static_cast<std::size_t>(model.params()) * 4 + 256);
    }

    Exec exec;
    Model model;
    std::int64_t M;
    std::vector<float> x;
    std::vector<std::int32_t> labels;
    Arena arena;
    HessianOperator<float> hessian;
    View<float, 2> theta, v, Hv;
};

}  // namespace sg::bench
