// SPDX-License-Identifier: MIT
#include "cuda/ops/row_moves.hpp"

#include "cuda/exec/each.hpp"

namespace sg {

// Entry i of all rows, in ascending order: a row is read before it is overwritten.   rows: (N, P)
template <class T>
struct MoveRows {
    int const* keep;
    int count;
    View<T, 2> rows;
    SG_FN void operator()(int, std::int64_t i) const
    {
        for (int s = 0; s < count; ++s) rows(s, i) = rows(keep[s], i);
    }
};

// some(j, i) ← all(listed(list[j]), i).   some, all: (count, P), (N, P)
template <class T>
struct GatherRows {
    int const* list;
    View<T, 2> some;
    View<T const, 2> all;
    SG_FN void operator()(int j, std::int64_t i) const { some(j, i) = all(listed(list[j]), i); }
};

// all(list[j], i) ← some(j, i).   all, some: (N, P), (count, P)
template <class T>
struct ScatterRows {
    int const* list;
    View<T, 2> all;
    View<T const, 2> some;
    SG_FN void operator()(int j, std::int64_t i) const
    {
        if (list[j] >= 0) all(list[j], i) = some(j, i);
    }
};

template <class T>
void move_rows(Exec const& exec, int const* keep, int count, View<T, 2> const& rows)
{
    each(exec, "move_rows", Nets{1}, rows.extent[1], MoveRows<T>{keep, count, rows});
}

template <class T>
void gather_rows(Exec const& exec, int const* list, int count, View<T, 2> const& some, View<T const, 2> const& all)
{
    SG_EXPECT(some.extent[1] == all.extent[1] && count <= some.extent[0]);
    each(exec, "gather_rows", Nets{count}, all.extent[1], GatherRows<T>{list, some, all});
}

template <class T>
void scatter_rows(Exec const& exec, int const* list, int count, View<T, 2> const& all, View<T const, 2> const& some)
{
    SG_EXPECT(some.extent[1] == all.extent[1] && count <= some.extent[0]);
    each(exec, "scatter_rows", Nets{count}, all.extent[1], ScatterRows<T>{list, all, some});
}

#define SG_INSTANTIATE(T)                                                                                 \
    template void gather_rows(Exec const&, int const*, int, View<T, 2> const&, View<T const, 2> const&);  \
    template void scatter_rows(Exec const&, int const*, int, View<T, 2> const&, View<T const, 2> const&); \
    SG_MOVE_ROWS(T)
#define SG_MOVE_ROWS(T) template void move_rows(Exec const&, int const*, int, View<T, 2> const&);
SG_INSTANTIATE(float)
SG_INSTANTIATE(double)
SG_MOVE_ROWS(unsigned char)
SG_MOVE_ROWS(int)
SG_MOVE_ROWS(std::uint64_t)

}  // namespace sg
