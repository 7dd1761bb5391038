// SPDX-License-Identifier: MIT
// Matrix products on the CPU with few columns: what networks of width 64 and less need most. OpenBLAS copies both
// operands of each product into an order of its own, which then takes up to a third of the time.
#pragma once

#include "cuda/ops/product.hpp"

namespace sg {

// Whether narrow_matmul is the faster one here: it needs AVX2 and FMA, at compile time.
bool narrow_is_fast(ProductShape const& s);

// C = alpha · op(A) · op(B) + beta · C of one network.   Row strides lda, ldb, ldc; n ≤ narrow_columns, k > 0.
// Every element is one sum over k in order, whatever m and n are, in blocks of 128.
template <class T>
void narrow_matmul(ProductShape const& s, T alpha, T const* A, std::int64_t lda, Op op_a, T const* B,
                   std::int64_t ldb, Op op_b, T beta, T* C, std::int64_t ldc);

inline constexpr std::int64_t narrow_columns = 64;

}  // namespace sg
