// SPDX-License-Identifier: MIT
// Symmetric eigenproblems in double with plain loops: the oracle for spectra. Neither LAPACK nor
// anything of the engine is used, so that an agreement with either means something.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace sg::oracle {

struct Spectrum {
    std::vector<double> values;   // (n) ascending
    std::vector<double> vectors;  // (n, n) row k is the unit vector of values[k]
};

// Cyclic Jacobi (Golub & Van Loan, section 8.5).   a: (n, n), its lower triangle is not read.
// Seconds at n = 600. Throws std::invalid_argument when an entry is not finite.
Spectrum symmetric_eigen(std::span<double const> a, int n);

using Product = std::function<std::vector<double>(std::vector<double> const&)>;

struct TopEigenpair {
    double value = 0;            // largest algebraic eigenvalue of A
    double residual = 0;         // |A u - value u|, by one more product and not by the recurrence
    std::vector<double> vector;  // u, of norm one
    int steps = 0;               // dimension of the Krylov space
    bool converged = false;      // residual ≤ tolerance · (largest |Ritz value|)
};

struct LanczosLimits {
    double tolerance = 1e-10;
    int min_steps = 40;  // a small residual shows some eigenvalue; more steps show the top one
    int max_steps = 200;
    std::uint64_t seed = 1;  // of the start vector
};

// Lanczos with full reorthogonalisation from a random start, without restart. A repeated top is
// found with its value; where the Krylov space closes early, it goes on with a new random vector.
TopEigenpair lanczos_top(Product const& product, int n, LanczosLimits const& limits = {});

}  // namespace sg::oracle
