// SPDX-License-Identifier: MIT
// The dense layer a = φ(s · x W) without bias, and its four passes. s is the multiplier of the
// parameterisation. N networks, B examples; W: (in, out) inside the parameter vector (N, P).
#pragma once

#include "cuda/exec/exec.hpp"
#include "cuda/exec/view.hpp"
#include "cuda/nets/batch.hpp"
#include "cuda/nets/spec.hpp"

namespace sg {

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

    // Ra ← φ'(z) · s (Rx W + x V), the derivative of a along V.   Rx: null for the first layer
    template <class T>
    void forward_tangent(Exec const& exec, Nets nets, View<T const, 2> const& theta,
                         View<T const, 2> const& v, LayerInput<T> const& x, View<T const, 3> const& Rx,
                         View<T const, 3> const& a, View<T, 3> const& Ra, View<T, 3> const& bend) const;

    // Ru (R{∂L/∂a} on entry) becomes Rδ; Hv (+)= s (xᵀRδ + Rxᵀδ); Ru_in ← s (Rδ Wᵀ + δ Vᵀ).
    template <class T>
    void backward_tangent(Exec const& exec, Nets nets, View<T const, 2> const& theta,
                          View<T const, 2> const& v, LayerInput<T> const& x,
                          View<T const, 3> const& Rx, View<T const, 3> const& a,
                          View<T const, 3> const& delta, View<T const, 3> const& bend,
                          View<T, 3> const& Ru, View<T, 2> const& Hv, bool accumulate,
                          View<T, 3> const& Ru_in) const;
};

}  // namespace sg
