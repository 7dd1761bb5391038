// SPDX-License-Identifier: MIT
// Rows, one for each network, that change places. The lists lie in the space of the Exec.
#pragma once

#include "cuda/exec/exec.hpp"
#include "cuda/exec/view.hpp"

namespace sg {

// Row s takes over row keep[s] ≥ s, for s < count.   keep: (count), ascending; rows: (N, P)
template <class T>
void move_rows(Exec const& exec, int const* keep, int count, View<T, 2> const& rows);

// A list of some of N networks may name one of them again, as ~n < 0: its row is there, but nothing comes back of it.
SG_FN inline int listed(int entry) { return entry < 0 ? ~entry : entry; }

// some(j) ← all(listed(list[j])), for j < count.   list: (count), some: (≥ count, P), all: (N, P)
template <class T>
void gather_rows(Exec const& exec, int const* list, int count, View<T, 2> const& some, View<T const, 2> const& all);

// all(list[j]) ← some(j), for j < count where list[j] ≥ 0; no network is in it twice.
template <class T>
void scatter_rows(Exec const& exec, int const* list, int count, View<T, 2> const& all, View<T const, 2> const& some);

}  // namespace sg
