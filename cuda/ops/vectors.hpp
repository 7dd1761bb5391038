// SPDX-License-Identifier: MIT
// Arithmetic on the parameter vectors of each network. N networks, P parameters; coefficients are double,
// in the space of the launch, one or a few per network.
#pragma once

#include "cuda/exec/exec.hpp"
#include "cuda/exec/random.hpp"
#include "cuda/exec/view.hpp"

namespace sg {

// out(n, j) = V_j · w for j < count.   V: (N, ≥ count, P), w: (N, P), out: (N, ≥ count)
// With `square`, also out(n, count) = w · w.
template <class T>
void dots(Exec const& exec, Nets nets, View<T const, 3> const& V, int count,
          View<T const, 2> const& w, bool square, View<double, 2> const& out);

// Coefficients of `combine`, one row per network; null views are left out.
struct Coefficients {
    View<double const, 2> keep;  // (N, 1) factor of what `to` holds; null: `to` is not read
    View<double const, 2> a;     // (N, ≥ count) of V
    View<double const, 2> b;     // (N, ≥ count) of U
    int const* used = nullptr;   // (N) vectors that this network has, if fewer than count
};

// to ← keep · to + Σ_{j < count} (a_j V_j + b_j U_j).   V, U: (N, ≥ count, P), to: (N, P)
template <class T>
void combine(Exec const& exec, Nets nets, View<T, 2> const& to, View<T const, 3> const& V,
             View<T const, 3> const& U, Coefficients const& by, int count);

// w ← factor(n) · w.   factor: (N, 1)
template <class T>
void scale(Exec const& exec, Nets nets, View<T, 2> const& w, View<double const, 2> const& factor);

// v ← e_j.   (N, P)
template <class T>
void unit_vector(Exec const& exec, Nets nets, std::int64_t j, View<T, 2> const& v);

// to ← from.   (N, P); either may be shared
template <class T>
void copy(Exec const& exec, Nets nets, View<T, 2> const& to, View<T const, 2> const& from);

// V_j ← Σ_i y(n, j, i) V_i for j < r, i < count, in place.   V: (N, ≥ count, P), y: (N, r, ≥ count), r = 4, 8,
// 12 or 16
template <class T>
void rotate(Exec const& exec, Nets nets, View<T, 3> const& V, View<double const, 3> const& y, int count);

// w ← keep · w + size · s, s = ±1 from Philox, keyed by seed(n), the purpose and step of `key`, and `vector`.
// w: (N, P), seed: (N), key: (1), both in the space of the Exec, so that a replayed graph reads them anew
template <class T>
void random_signs(Exec const& exec, Nets nets, bool keep, double size, std::uint64_t const* seed,
                  RandomKey const* key, int vector, View<T, 2> const& w);

}  // namespace sg
