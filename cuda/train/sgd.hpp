// SPDX-License-Identifier: MIT
// One step of stochastic gradient descent, and the judgement of divergence.
#pragma once

#include "cuda/exec/exec.hpp"
#include "cuda/exec/view.hpp"

namespace sg {

inline constexpr double divergence_threshold = 1e5;
inline bool has_diverged(double loss) { return !(loss <= divergence_threshold); }  // NaN has

// θ ← θ − η g.   theta, grad: (N, P), eta: (N)
template <class T>
void sgd_step(Exec const& exec, Nets nets, double const* eta, View<T const, 2> const& grad,
              View<T, 2> const& theta);

// v ← β v + g, θ ← θ − η v: heavy ball (Polyak 1964), without damping.   velocity: (N, P)
template <class T>
void momentum_step(Exec const& exec, Nets nets, double const* eta, double beta,
                   View<T const, 2> const& grad, View<T, 2> const& velocity, View<T, 2> const& theta);

// point ← (1 − s) a + s b, a point of the straight line from a to b.   a, b, point: (N, P), s: (N)
template <class T>
void line_point(Exec const& exec, Nets nets, double const* s, View<T const, 2> const& a,
                View<T const, 2> const& b, View<T, 2> const& point);

// dead(n) ← 1 where score(n, 0), a loss, is not finite or above the threshold.   score: (N, ≥ 1)
void mark_diverged(Exec const& exec, Nets nets, View<double const, 2> const& score,
                   unsigned char* dead);

}  // namespace sg
