// SPDX-License-Identifier: MIT
// The matmuls of one Hessian-vector product and nothing else: what a product is measured against.
#pragma once

#include <vector>

#include "bench/workload.hpp"
#include "cuda/ops/matmul.hpp"

namespace sg::bench {

class Matmuls {
public:
    explicit Matmuls(Workload const& work) : w_(work)
    {
        for (auto const& t : tensors()) {
            activations_.emplace_back(w_.exec, random_values(w_.N * w_.M * t.fan_in, 3));
            weights_.emplace_back(w_.exec, random_values(w_.N * t.size(), 4));
        }
        activations_.emplace_back(w_.exec, random_values(w_.N * w_.M * w_.model.classes, 5));
    }

    // 2 of the first layer, in the chunks in which a CPU reads its inputs; 6 of each other, all examples at once.
    void run() const
    {
        auto const& layers = tensors();
        Nets const nets{w_.N};
        first();
        for (std::size_t l = 1; l < layers.size(); ++l) {
            auto const in = activation(l, layers[l].fan_in), out = activation(l + 1, layers[l].fan_out);
            auto const W = weights(l);
            for (int i = 0; i < 2; ++i) {
                matmul<float>(w_.exec, nets, 1e-3, in, Op::none, W, Op::none, 0, out);
                matmul<float>(w_.exec, nets, 1e-3, in, Op::transpose, out, Op::none, 0, W);
                matmul<float>(w_.exec, nets, 1e-3, out, Op::none, W, Op::transpose, 0, in);
            }
        }
    }

private:
    std::vector<Tensor> const& tensors() const { return w_.hessian.coordinates().tensors.all(); }

    void first() const
    {
        auto const batch = w_.shared.batch();
        auto const r = w_.shared.r;
        bool const rotated = r > 0;
        auto const part = chunk_examples(w_.model, w_.exec.space(), w_.M, rotated);
        auto const out = activation(1, tensors()[0].fan_out);
        for (std::int64_t i = 0; i < w_.M; i += part) {
            auto const count = std::min(part, w_.M - i);
            auto x = examples(rotated ? batch.rotated : batch.x, i, count);
            auto W = weights(0);
            if (rotated) x.extent[2] = W.extent[1] = std::min(i + count, r);
            x.extent[0] = w_.N;  // all networks read the same examples
            x.stride[0] = 0;
            auto const z = examples(out, i, count);
            matmul<float>(w_.exec, Nets{w_.N}, 1e-3, x, Op::none, W, Op::none, 0, z);
            matmul<float>(w_.exec, Nets{w_.N}, 1e-3, x, Op::transpose, z, Op::none, i > 0 ? 1 : 0, W);
        }
    }

    // (N, M, units)
    View<float, 3> activation(std::size_t l, std::int64_t units) const
    {
        return View<float, 3>::dense(activations_[l].data(), w_.N, w_.M, units);
    }
    View<float, 3> weights(std::size_t l) const
    {
        return View<float, 3>::dense(weights_[l].data(), w_.N, tensors()[l].fan_in, tensors()[l].fan_out);
    }

    Workload const& w_;
    std::vector<Buffer<float>> activations_, weights_;
};

}  // namespace sg::bench
