// SPDX-License-Identifier: MIT
// Products of wide matrices on the CPU whose right factor stays the same for many left ones, as weights do for the chunks
// of examples: it is copied once into the order in which tiles read it. OpenBLAS copies it for each chunk.
#pragma once

#include "cuda/exec/buffer.hpp"
#include "cuda/exec/exec.hpp"
#include "cuda/exec/view.hpp"
#include "cuda/ops/product.hpp"

namespace sg {

// alpha · op(B), (N, k, n): blocks of rows, in each the panels of a tile one after the other.
template <class T>
struct PackedFactor {
    View<T, 2> data;  // (N, size); null: not packed
    std::int64_t k = 0, n = 0;  // of what was packed

    // Memory for k x n, or for less; nothing on a GPU, and where packing gains nothing.
    static PackedFactor take(Exec const& exec, Arena& arena, int nets, std::int64_t k, std::int64_t n);
    explicit operator bool() const { return static_cast<bool>(data); }
};

template <class T>
PackedFactor<T> networks(PackedFactor<T> factor, std::int64_t first, std::int64_t count)
{
    factor.data = networks(factor.data, first, count);
    return factor;
}

// Into the memory of `to`, which has room for it.   op(B): (N, k, n)
template <class T>
void pack(Exec const& exec, Nets nets, double alpha, View<T const, 3> const& B, Op op_b, PackedFactor<T>& to);

// C = A · B + beta · C for each network that is not skipped.   A: (N, m, k), B: its first k rows, C: (N, m, n)
// Every element is one sum over k in order, whatever m and n are.
template <class T>
void matmul(Exec const& exec, Nets nets, View<T const, 3> const& A, PackedFactor<T> const& B, double beta,
            View<T, 3> const& C);

}  // namespace sg
