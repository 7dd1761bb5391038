// SPDX-License-Identifier: MIT
// Narrow networks that share the left factor, as those of the first layer do: C_n = op(A) B_n of all of them is one
// product with the columns of every B_n side by side. It reaches twice the rate of a batch of products with 16 columns.
// Groups of networks with a left factor each are a batch of such products, in one launch.
// For files of nvcc alone.
#pragma once

#include <cstdint>
#include <optional>

#include "cuda/exec/exec.hpp"
#include "cuda/exec/fn.hpp"
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
    int most_networks(ProductKind const& kind) const;  // of one product, or one batch
};

// Groups of networks that follow each other: those of group g are [first[g], first[g + 1]). Each has the slots of the
// largest group. An argument of kernels, so that a graph keeps it and nothing is copied.
struct JoinedGroups {
    static constexpr int limit = 256;  // a kilobyte
    int count = 0;                     // of groups
    int most = 0;                      // networks of the largest
    int first[limit + 1] = {};

    explicit JoinedGroups(int begin) { first[0] = begin; }
    static JoinedGroups one(int networks);
    void add(int networks);
    int end() const { return first[count]; }
    int slots() const { return count * most; }
    // From network n, of group g, on as many groups as `room` slots hold; or, of one that is larger, as many networks.
    JoinedGroups part(int g, int n, int room) const;

    // The network of a slot, or -1: a slot of a group that is smaller than the largest.
    SG_FN int network(int slot) const
    {
        auto const s = static_cast<unsigned>(slot), g = s / static_cast<unsigned>(most);
        int const n = first[g] + static_cast<int>(s - g * static_cast<unsigned>(most));
        return n < first[g + 1] ? n : -1;
    }
};

// G groups with s networks in the largest; network n is number r of group g.

// to(g, i, r · pad + j) ← B(n, i, j), 0 for columns and slots of no network.   B: (N, k, columns), to: (G, k, s · pad)
template <class T>
void join_columns(Exec const& exec, JoinedGroups const& groups, View<T const, 3> const& B, T* to, std::int64_t pad);

// C(n, i, j) ← from(g, i, r · pad + j) + keep C(n, i, j).   from: (G, m, s · pad), C: (N, m, columns)
template <class T>
void split_columns(Exec const& exec, JoinedGroups const& groups, T const* from, std::int64_t pad, double keep,
                   View<T, 3> const& C);

}  // namespace sg
