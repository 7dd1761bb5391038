// SPDX-License-Identifier: MIT
// Narrow networks that share the left factor, as those of the first layer do: C_n = op(A) B_n of all of them is one
// product with the columns of every B_n side by side. It reaches twice the rate of a batch of products with 16 columns.
// For files of nvcc alone.
#pragma once

#include <cstdint>
#include <optional>

#include "cuda/exec/exec.hpp"
#include "cuda/exec/view.hpp"
#include "cuda/ops/product.hpp"

namespace sg {

struct JoinedShape {
    static constexpr std::size_t bytes = std::size_t{64} << 20;  // of the columns, for each worker
    static constexpr int alignment = 16;
    static constexpr std::int64_t widest = 32;  // wider ones lose as much to the copies

    std::int64_t pad = 0;  // columns of a network, with those that stay zero: rows are aligned at every count

    // Nothing where a kind is not joined. From the kind alone, so that a network has the same bits at every count.
    static std::optional<JoinedShape> of(ProductKind const& kind);

    // Of `rows` rows of so many networks, made up so that a second array may stand behind them.
    std::int64_t numbers(std::int64_t rows, int networks, std::size_t element) const;
    int most_networks(ProductKind const& kind) const;  // of one product
};

// to(i, n · pad + j) ← B(n, i, j), 0 for the columns that stay zero.   B: (N, k, columns), to: (k, N · pad)
template <class T>
void join_columns(Exec const& exec, View<T const, 3> const& B, T* to, std::int64_t pad);

// C(n, i, j) ← from(i, n · pad + j) + keep C(n, i, j).   from: (m, N · pad), C: (N, m, columns)
template <class T>
void split_columns(Exec const& exec, T const* from, std::int64_t pad, double keep, View<T, 3> const& C);

}  // namespace sg
