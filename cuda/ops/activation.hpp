// SPDX-License-Identifier: MIT
// Activations φ and their derivatives, written in terms of the output a = φ(z): for relu, tanh and
// linear, a alone determines φ'(z) and φ''(z), so z need not be kept.
#pragma once

#include <cmath>

#include "cuda/exec/exec.hpp"
#include "cuda/exec/fn.hpp"
#include "cuda/exec/view.hpp"
#include "cuda/nets/spec.hpp"

namespace sg {

struct Relu {
    static constexpr bool curved = false;  // φ'' ≠ 0
    template <class T>
    SG_FN static T value(T z) { return z <= T(0) ? T(0) : z; }  // a NaN passes through
    template <class T>
    SG_FN static T slope(T a) { return a > T(0) ? T(1) : T(0); }  // relu'(0) = 0
    template <class T>
    SG_FN static T curvature(T) { return T(0); }
};
struct Tanh {
    static constexpr bool curved = true;
    template <class T>
    SG_FN static T value(T z) { return tanh(z); }
    template <class T>
    SG_FN static T slope(T a) { return T(1) - a * a; }
    template <class T>
    SG_FN static T curvature(T a) { return T(-2) * a * (T(1) - a * a); }
    template <class T>
    SG_FN static T bend(T a) { return T(-2) * a; }  // φ''/φ'
};
struct Linear {
    static constexpr bool curved = false;
    template <class T>
    SG_FN static T value(T z) { return z; }
    template <class T>
    SG_FN static T slope(T) { return T(1); }
    template <class T>
    SG_FN static T curvature(T) { return T(0); }
};

// All arrays: (N, B, w), dense rows. N networks, B examples, w units.

// z ← φ(z)
template <class T>
void activate(Exec const& exec, Nets nets, Activation f, View<T, 3> const& z);

// u ← φ'(z) · u,   a = φ(z)
template <class T>
void multiply_by_slope(Exec const& exec, Nets nets, Activation f, View<T const, 3> const& a,
                       View<T, 3> const& u);

// Whether the second pass of Pearlmutter (1994) has a φ'' term, and so needs Rz beside Ra.
inline bool has_curvature(Activation f) { return f == Activation::tanh; }

// Rz ← φ'(z) · Rz, which is Ra; where φ'' ≠ 0, `bend` ← φ''(z) / φ'(z) · Rz, which is −2 a Rz for tanh.
template <class T>
void activate_tangent(Exec const& exec, Nets nets, Activation f, View<T const, 3> const& a,
                      View<T, 3> const& Rz, View<T, 3> const& bend);

// Ru ← Rδ = φ'(z) · Ru + bend · δ,   δ = φ'(z) · u
template <class T>
void slope_tangent(Exec const& exec, Nets nets, Activation f, View<T const, 3> const& a,
                   View<T const, 3> const& delta, View<T const, 3> const& bend, View<T, 3> const& Ru);

}  // namespace sg
