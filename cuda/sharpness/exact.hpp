// SPDX-License-Identifier: MIT
// The whole spectrum of small networks: the dense Hessian from P products, then LAPACK or cuSOLVER.
#pragma once

#include <vector>

#include "cuda/sharpness/hessian.hpp"
#include "cuda/sharpness/result.hpp"

namespace sg {

inline constexpr std::int64_t exact_limit = 4096;  // most parameters

template <class T>
class ExactSpectrum {
public:
    // UserError above exact_limit parameters.
    ExactSpectrum(Exec const& exec, Arena& arena, Model const& model, int nets);

    // λ is the largest algebraic eigenvalue; P + 1 products, the last one for the residual.
    void run(HessianOperator<T> const& hessian, Nets nets);

    EigenResult const* results() const { return results_.data; }  // (N), in the space of the Exec
    // Eigenvalues of network n of the last run, ascending.   (P)
    std::vector<double> eigenvalues(int n) const;

private:
    void solve(int n);

    Exec exec_;
    View<T, 2> v_, Hv_;                    // (N, P)
    View<double, 3> hessian_;              // (N, P, P) in double, symmetrised; then its eigenvectors
    View<double, 2> values_, square_;      // (N, P), (N, 1)
    View<double, 2> one_, minus_;          // (N, 1)
    View<double, 1> work_;                 // of LAPACK
    View<int, 1> integer_work_;
    View<unsigned char, 1> done_;
    View<EigenResult, 1> results_;
};

}  // namespace sg
