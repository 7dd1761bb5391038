// SPDX-License-Identifier: MIT
// The first layer in fewer coordinates. M examples factor as X = L Q with orthonormal rows of Q and L lower
// trapezoidal, so the loss depends on the first weights W (D, w) through W' = Q W (r, w) alone, r = min(M, D): its Hessian
// has the eigenvalues of that of the network with inputs L and weights W', and zeros. A product with L reads
// half of it, and r numbers of an example in place of D.
#pragma once

#include "cuda/nets/model.hpp"

namespace sg {

// r, or 0 where so little of L is zero that X may as well be read.
std::int64_t rotated_inputs(std::int64_t examples, std::int64_t inputs);

// L of the LQ factorisation (LAPACK, in double).   x: (M, D) → (M, min(M, D))
template <class T>
std::vector<T> rotate_examples(std::vector<T> const& x, std::int64_t examples, std::int64_t inputs);

// The model of the coordinates (W', the other weights): as many units of each layer, `inputs` inputs.
Model rotated(Model model, std::int64_t inputs);

}  // namespace sg
