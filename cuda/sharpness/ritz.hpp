// SPDX-License-Identifier: MIT
// The projected eigenproblem: one small symmetric matrix per network, in double, the same in both spaces.
#pragma once

#include "cuda/exec/exec.hpp"
#include "cuda/exec/view.hpp"

namespace sg {

inline constexpr int ritz_limit = 48;  // largest Krylov dimension m: the scratch memory of a team
inline constexpr int ritz_pairs = 4;   // pairs that a thick restart of Lanczos keeps

// Of the leading k × k block of each T: the r largest eigenvalues θ, descending, and their vectors as rows
// of y, zero beyond entry k (and beyond pair k). Cyclic Jacobi in a round-robin order.
// T: (N, m, m), theta: (N, r), y: (N, r, ≥ k)
void solve_projected(Exec const& exec, Nets nets, View<double const, 3> const& T, int k,
                     View<double, 2> const& theta, View<double, 3> const& y);

}  // namespace sg
