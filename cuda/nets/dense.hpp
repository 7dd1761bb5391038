// SPDX-License-Identifier: MIT
// The dense layer a = φ(s · x W) without bias, and its four passes. s is the multiplier of the
// parameterisation. N networks, B examples; W: (in, out) inside the parameter vector (N, P).
#pragma once

#include "cuda/exec/exec.hpp"
#include "cuda/exec/view.hpp"
#include "cuda/nets/batch.hpp"
#include "cuda/nets/spec.hpp"
#include "cuda/ops/packed_matmul.hpp"

namespace sg {

// Copies of s W for the tangent passes, which read it for each chunk of examples; null where that gains nothing.
template <class T>
struct PackedWeights {
    PackedFactor<T> plain, transposed;  // for x W and for δ Wᵀ
};

// Those of the weights and of a direction V.
template <class T>
struct PackedLayer {
    PackedWeights<T> W, V;
};

struct Dense {
    std::int64_t in = 0, out = 0;
    std::int64_t offset = 0;  // of W
    double multiplier = 1;    // s
    Activation activation = Activation::linear;

    std::int64_t output_size() const { return out; }
    // Whether the tangent passes need `bend` (see ops/activation.hpp).
    bool bends() const;

    // a ← φ(s x W).   x: input, a: (N, B, out)
    template <class T>
    void forward(Exec const& exec, Nets nets, View<T const, 2> const& theta, LayerInput<T> const& x,
                 View<T, 3> const& a) const;

    // u (∂L/∂a on entry) becomes δ = ∂L/∂z; grad (+)= s xᵀδ; u_in ← s δ Wᵀ. Null views are left out.
    template <class T>
    void backward(Exec const& exec, Nets nets, View<T const, 2> const& theta, LayerInput<T> const& x,
                  View<T const, 3> const& a, View<T, 3> const& u, View<T, 2> const& grad,
                  bool accumulate, View<T, 3> const& u_in) const;

    // Memory for the copies that the tangent passes read; `first`: of the first layer, which reads neither W nor Vᵀ.
    template <class T>
    PackedLayer<T> take_packed(Exec const& exec, Arena& arena, int nets, bool first) const;
    // The weights of `params`, (N, P), into those that there is memory for.
    template <class T>
    void pack(Exec const& exec, Nets nets, View<T const, 2> const& params, PackedWeights<T>& to) const;

    // Ra ← φ'(z) · s (Rx W + x V), the derivative of a along V.   Rx: null for the first layer
    template <class T>
    void forward_tangent(Exec const& exec, Nets nets, View<T const, 2> const& theta,
                         View<T const, 2> const& v, PackedLayer<T> const& packed, LayerInput<T> const& x,
                         View<T const, 3> const& Rx, View<T const, 3> const& a, View<T, 3> const& Ra,
                         View<T, 3> const& bend) const;

    // Ru (R{∂L/∂a} on entry) becomes Rδ; Hv (+)= s (xᵀRδ + Rxᵀδ); Ru_in ← s (Rδ Wᵀ + δ Vᵀ).
    template <class T>
    void backward_tangent(Exec const& exec, Nets nets, View<T const, 2> const& theta,
                          View<T const, 2> const& v, PackedLayer<T> const& packed, LayerInput<T> const& x,
                          View<T const, 3> const& Rx, View<T const, 3> const& a,
                          View<T const, 3> const& delta, View<T const, 3> const& bend,
                          View<T, 3> const& Ru, View<T, 2> const& Hv, bool accumulate,
                          View<T, 3> const& Ru_in) const;
};

}  // namespace sg
