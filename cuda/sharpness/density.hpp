// SPDX-License-Identifier: MIT
// The spectral density of the Hessian of each network by stochastic Lanczos quadrature (Ubaru, Chen and Saad
// 2017; Ghorbani, Krishnan and Xiao 2019): from a probe v of norm one, m products give m nodes and weights with
// Σ weight · f(node) = vᵀ f(H) v for every polynomial f of degree below 2m, whose mean over random signs is tr f(H) / P.
#pragma once

#include <vector>

#include "cuda/sharpness/krylov.hpp"

namespace sg {

struct Quadrature {
    std::vector<double> node, weight;  // (≤ m) nodes ascend, weights sum to 1
    int products = 0;
    EigenStatus status = EigenStatus::skipped;  // not_converged: the products are not finite, no nodes
};

// Of the symmetric tridiagonal matrix with this diagonal and, from its first entry on up to a 0, these entries
// beside it (Golub and Welsch 1969).   alpha: (m), beta: (≥ m - 1)
Quadrature quadrature_of(std::vector<double> alpha, std::vector<double> beta);

template <class T>
class Density {
public:
    // Nodes of `order` products at most; `krylov` has so many vectors, or all that there are.
    Density(Exec const& exec, Arena& arena, Model const& model, int nets, int order, Krylov<T>& krylov);

    // From probe number `probe`, at the θ at which `hessian` was linearised. Where the Krylov space ends, fewer
    // nodes are exact. A collapsed network has the node 0 without a product.
    std::vector<Quadrature> run(HessianOperator<T> const& hessian, Nets nets, std::uint64_t const* seed,
                                int probe, int step);

private:
    Exec exec_;
    int order_;
    Krylov<T>& krylov_;
    View<double, 2> band_;  // (N, 2m) diagonal, then the entries beside it
};

}  // namespace sg
