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
        auto const& tensors = w_.model.tensors.all();
        for (auto const& t : tensors) {
            std::int64_t const nets = activations_.empty() ? 1 : w_.N;  // all networks read the same examples
            activations_.emplace_back(w_.exec, random_values(nets * w_.M * t.fan_in, 3));
            weights_.emplace_back(w_.exec, random_values(w_.N * t.size(), 4));
        }
        activations_.emplace_back(w_.exec, random_values(w_.N * w_.M * w_.model.classes, 5));
    }

    // 2 of the first layer, 6 of each other, for every network, all examples at once.
    void run() const
    {
        auto const& tensors = w_.model.tensors.all();
        Nets const nets{w_.N};
        for (std::size_t l = 0; l < tensors.size(); ++l) {
            auto const& t = tensors[l];
            auto const in = activation(l, t.fan_in), out = activation(l + 1, t.fan_out);
            auto const W = View<float, 3>::dense(weights_[l].data(), w_.N, t.fan_in, t.fan_out);
            for (int i = 0; i < (l == 0 ? 1 : 2); ++i) {
                matmul<float>(w_.exec, nets, 1e-3, in, Op::none, W, Op::none, 0, out);
                matmul<float>(w_.exec, nets, 1e-3, in, Op::transpose, out, Op::none, 0, W);
                if (l > 0) matmul<float>(w_.exec, nets, 1e-3, out, Op::none, W, Op::transpose, 0, in);
            }
        }
    }

private:
    // (N, M, units)
    View<float, 3> activation(std::size_t l, std::int64_t units) const
    {
        auto view = View<float, 3>::dense(activations_[l].data(), w_.N, w_.M, units);
        if (l == 0) view.stride[0] = 0;
        return view;
    }

    Workload const& w_;
    std::vector<Buffer<float>> activations_, weights_;
};

}  // namespace sg::bench
