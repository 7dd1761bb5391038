// SPDX-License-Identifier: MIT
// Orthonormal vectors of each network, built one by one: Gram-Schmidt, twice.
#pragma once

#include "cuda/exec/exec.hpp"
#include "cuda/exec/random.hpp"
#include "cuda/exec/view.hpp"

namespace sg {

// What the vectors of a basis of at most m need; (N, ...) each.
struct BasisScalars {
    View<double, 2> dots;      // (N, m + 2)
    View<double, 2> a, b;      // (N, m + 1)
    View<double, 2> one;       // (N, 1) the factor of the last scaling
    unsigned char* no_refill;  // (N) 0: nothing was left of the last vector
};

// w ← w − V Vᵀ w, twice, for w = V_k; dots(n, 0) ← w · w.   V: (N, > k, P)
template <class T>
void project_out(Exec const& exec, Nets nets, View<T, 3> const& V, int k, BasisScalars const& s);

// The same, then w ← w / |w|; where what is left of w is rounding, w ← 0 and no_refill(n) ← 0.
template <class T>
void orthonormalise(Exec const& exec, Nets nets, View<T, 3> const& V, int k, BasisScalars const& s);

// Random signs that make up a vector; all in the space of the Exec.
struct RandomSource {
    std::uint64_t const* seed;  // (N)
    RandomKey const* key;       // (1)
};

// Vector k of the networks whose no_refill byte is 0 ← random signs, keyed by `vector`, made orthonormal.
template <class T>
void refill(Exec const& exec, int count, View<T, 3> const& V, int k, BasisScalars const& s,
            RandomSource const& random, int vector);

}  // namespace sg
