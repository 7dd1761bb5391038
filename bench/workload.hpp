// SPDX-License-Identifier: MIT
// What the benchmarks run on: N networks of one shape on M random examples, as large as real ones.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "cuda/exec/buffer.hpp"
#include "cuda/nets/rotation.hpp"
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

// Examples that every network shares.
struct Shared {
    // x: (M, inputs), labels: (M)
    Shared(std::vector<float> values, std::vector<std::int32_t> numbers)
        : x(std::move(values)), labels(std::move(numbers)), M(static_cast<std::int64_t>(labels.size())),
          inputs(static_cast<std::int64_t>(x.size()) / M), r(rotated_inputs(M, inputs))
    {
        if (r > 0) rotated = rotate_examples(x, M, inputs);
    }
    Batch<float> batch() const
    {
        Batch<float> b;
        b.x = View<float const, 3>::dense(x.data(), 1, M, inputs);
        b.labels.labels = View<std::int32_t const, 2>::dense(labels.data(), 1, M);
        b.rotated = View<float const, 3>::dense(rotated.data(), 1, M, r);
        return b;
    }

    std::vector<float> x;
    std::vector<std::int32_t> labels;
    std::int64_t M, inputs, r;
    std::vector<float> rotated;  // (M, r)
};

// One network with its Hessian operator, linearised, and a direction.
struct Workload {
    Workload(int depth, int width, std::int64_t examples)
        : exec(Exec::cpu()), model(make_model(depth, width)), M(examples),
          shared(random_values(M * model.inputs, 1), every_class(M)), arena(exec, arena_bytes()),
          hessian(exec, arena, model, Loss::mse, 1, shared.batch())
    {
        std::int64_t const P = hessian.coordinates().params();
        theta = arena.take<float, 2>(1, model.params());
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
    static std::vector<std::int32_t> every_class(std::int64_t examples)
    {
        std::vector<std::int32_t> labels;
        for (std::int64_t i = 0; i < examples; ++i) labels.push_back(static_cast<std::int32_t>(i % 10));
        return labels;
    }
    std::size_t arena_bytes() const
    {
        Arena measure;
        HessianOperator<float> const op(exec, measure, model, Loss::mse, 1, shared.batch());
        return measure.largest() + 3 * (static_cast<std::size_t>(model.params()) * 4 + 256);
    }

    Exec exec;
    Model model;
    std::int64_t M;
    Shared shared;
    Arena arena;
    HessianOperator<float> hessian;
    View<float, 2> theta, v, Hv;
};

}  // namespace sg::bench
