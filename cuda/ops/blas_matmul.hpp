// SPDX-License-Identifier: MIT
// Products by OpenBLAS, for matmul.cu alone.
#pragma once

#include "cuda/exec/exec.hpp"
#include "cuda/ops/product.hpp"

namespace sg {

// C = alpha · op(A) · op(B) + beta · C; dense rows, `ld` numbers from one to the next.
template <class T>
void blas_matmul(ProductShape const& s, T alpha, T const* A, std::int64_t lda, Op op_a, T const* B, std::int64_t ldb,
                 Op op_b, T beta, T* C, std::int64_t ldc);

// The fewest rows of C that a thread takes, for Exec::share with this grain, which is a panel of its kernels. OpenBLAS
// chooses kernels by size, and differently on each processor, so a row need not have the bits in a part that it has in
// the whole: that is tried on random numbers at the first use of a shape, as on GPUs (ops/trial.hpp), and where they
// differ all rows stay together.
inline constexpr std::int64_t row_grain = 12;
template <class T>
std::int64_t blas_rows(Exec const& exec, ProductShape const& s, Op op_a, Op op_b, T alpha, T beta);

}  // namespace sg
