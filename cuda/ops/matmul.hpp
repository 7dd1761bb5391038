// SPDX-License-Identifier: MIT
// Matrix products batched over networks. N networks; any operand may be shared (network stride 0).
#pragma once

#include "cuda/exec/exec.hpp"
#include "cuda/exec/view.hpp"

namespace sg {

enum class Op { none, transpose };

// C = alpha · op(A) · op(B) + beta · C for each network of `nets`.
// op(A): (N, m, k), op(B): (N, k, n), C: (N, m, n); rows dense, network strides free, C not shared.
// With beta = 0, C need not be initialised. On the CPU skipped networks keep every bit of C and cost
// nothing; on the GPU they are computed with the others (their results are never read).
template <class T>
void matmul(Exec const& exec, Nets nets, double alpha, View<T const, 3> const& A, Op op_a,
            View<T const, 3> const& B, Op op_b, double beta, View<T, 3> const& C);

}  // namespace sg
