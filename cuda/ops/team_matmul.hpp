// SPDX-License-Identifier: MIT
// The project's own matrix product: slower than a library's, but its bits depend on the operands
// alone.
#pragma once

#include "cuda/exec/exec.hpp"
#include "cuda/ops/product.hpp"

namespace sg {

// As matmul, in either space; C of a skipped network keeps every bit. Each number of C is one sum
// over ascending k, whatever the strides, the alignment and the number of networks.
template <class T>
void team_matmul(Exec const& exec, Nets nets, double alpha, View<T const, 3> const& A, Op op_a,
                 View<T const, 3> const& B, Op op_b, double beta, View<T, 3> const& C);

}  // namespace sg
