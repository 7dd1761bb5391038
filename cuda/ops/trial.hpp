// SPDX-License-Identifier: MIT
// The trial of a batched matrix product: are the bits of each network the same, however many stand
// beside it?
#pragma once

#include <functional>
#include <vector>

#include "cuda/exec/exec.hpp"
#include "cuda/exec/view.hpp"
#include "cuda/ops/product.hpp"

namespace sg {

// Device memory that a trial takes at most.
inline constexpr std::int64_t trial_bytes = std::int64_t{512} << 20;

// Computes C for `count` networks.   A, B, C as in matmul
// Where the kind shares A, one with a network stride that is not 0 holds A.extent[0] matrices, of as many groups of
// equal size.
template <class T>
using ProductRun = std::function<void(int count, View<T const, 3> const& A,
                                      View<T const, 3> const& B, View<T, 3> const& C)>;

// A verdict on a way to compute products of one kind.
template <class T>
using Trial = std::function<bool(Exec const&, ProductKind const&, ProductRun<T> const&)>;

// How a trial of this kind is made; follows from the kind alone.
struct TrialPlan {
    // Of networks: 2, 7, 64 and 256. Where 256 C, twice, do not fit trial_bytes with the operands, those
    // that do, and the largest count that does; empty where not even two fit.
    std::vector<int> counts;
    // Operands that the networks do not share: one for each, or, where these are too large, one for all.
    bool own = false;
};
template <class T>
TrialPlan plan_trial(ProductKind const& kind);

// Runs each network alone, then all counts of the plan, on random operands of full mantissa with
// the row strides and the alignment of `kind`; and then in groups, where its products may be joined
// (ops/joined.hpp). False: a bit of some network's C, or of the gaps between its rows, differed. A
// kind of which not even two networks fit is not tried: true. Waits; frees what it took.
template <class T>
bool same_bits(Exec const& exec, ProductKind const& kind, ProductRun<T> const& run);

}  // namespace sg
