// SPDX-License-Identifier: MIT
// Losses on one-hot targets. N networks, B examples, K classes; f: (N, B, K) are the outputs.
// `total` is the number of examples of the mean: B may be a chunk of them.
//   mse             ½ Σ (f − y)² / (total K)
//   cross_entropy   − Σ log softmax(f)[label] / total
#pragma once

#include <cmath>

#include "cuda/exec/exec.hpp"
#include "cuda/exec/fn.hpp"
#include "cuda/exec/view.hpp"
#include "cuda/nets/spec.hpp"

namespace sg {

// Labels by group of networks: network n reads labels(group[n], b).   group null: group 0 for all
// A label of −1 is no class: all targets are 0 (mse alone).
struct Labels {
    View<std::int32_t const, 2> labels;  // (groups, B)
    int const* group = nullptr;          // (N), in the space of the launch

    SG_FN std::int32_t operator()(int n, std::int64_t b) const
    {
        return labels(group ? group[n] : 0, b);
    }
};

// score(n, 0) = loss, score(n, 1) = share of examples whose largest output (the first of equals) is right.
template <class T>
void loss_and_accuracy(Exec const& exec, Nets nets, Loss loss, View<T const, 3> const& f,
                       Labels const& labels, View<double, 2> const& score);

// delta = ∂L/∂f.   delta: (N, B, K)
template <class T>
void loss_gradient(Exec const& exec, Nets nets, Loss loss, std::int64_t total,
                   View<T const, 3> const& f, Labels const& labels, View<T, 3> const& delta);

// Largest output of one example, the first of equals.   f: (K)
template <class T>
SG_FN int largest_output(T const* f, std::int64_t K)
{
    int best = 0;
    for (int k = 1; k < K; ++k)
        if (f[k] > f[best]) best = k;
    return best;
}

// Of one example: Rf ← p (Rf − Σ p Rf) · scale,   p = softmax(f).   f, Rf: (K)
template <class T>
SG_FN void softmax_tangent(T const* f, T* Rf, int K, T scale)
{
    T const top = f[largest_output(f, K)];
    T sum = 0, mean = 0;
    for (int k = 0; k < K; ++k) {
        T const p = exp(f[k] - top);
        sum += p;
        mean += p * Rf[k];
    }
    mean /= sum;
    T const normalise = scale / sum;
    for (int k = 0; k < K; ++k) Rf[k] = exp(f[k] - top) * (Rf[k] - mean) * normalise;
}

// Rf ← Rδ = (∂²L/∂f²) Rf.   Rf: (N, B, K)
template <class T>
void loss_gradient_tangent(Exec const& exec, Nets nets, Loss loss, std::int64_t total,
                           View<T const, 3> const& f, View<T, 3> const& Rf);

}  // namespace sg
