// SPDX-License-Identifier: MIT
#include "cuda/ops/joined.hpp"

#include <algorithm>

#include "cuda/exec/each.hpp"
#include "cuda/exec/error.hpp"

namespace sg {

std::optional<JoinedShape> JoinedShape::of(ProductKind const& kind)
{
    if (!kind.a.shared || kind.b.shared || kind.op_b != Op::none || kind.shape.n > widest) return {};
    JoinedShape const shape{(kind.shape.n + 3) / 4 * 4};
    if (shape.most_networks(kind) < 64) return {};  // parts of fewer do not fill a GPU
    return shape;
}

std::int64_t JoinedShape::numbers(std::int64_t rows, int networks, std::size_t element) const
{
    auto const unit = static_cast<std::int64_t>(256 / element);
    return (rows * networks * pad + unit - 1) / unit * unit;
}

int JoinedShape::most_networks(ProductKind const& kind) const
{
    auto const room = static_cast<std::int64_t>(bytes - 512) / kind.bytes;
    return static_cast<int>(std::min<std::int64_t>(room / ((kind.b.rows + kind.shape.m) * pad), 65535));
}

JoinedGroups JoinedGroups::one(int networks)
{
    JoinedGroups all(0);
    all.add(networks);
    return all;
}

void JoinedGroups::add(int networks)
{
    SG_EXPECT(networks > 0 && count < limit);
    first[count + 1] = first[count] + networks;
    most = std::max(most, networks);
    count += 1;
}

JoinedGroups JoinedGroups::part(int g, int n, int room) const
{
    JoinedGroups some(n);
    for (; g < count; ++g) {
        int const size = first[g + 1] - some.end();
        if (some.count > 0 && (some.count + 1) * std::max(some.most, size) > room) break;
        some.add(std::min(size, room));
    }
    return some;
}

namespace {

// Rows and columns of an index of one network: 32 bits are enough, and divide faster.
struct Place {
    unsigned i, j;
    SG_FN Place(std::int64_t index, unsigned columns)
        : i(static_cast<unsigned>(index) / columns), j(static_cast<unsigned>(index) % columns)
    {
    }
};

// Where the columns of a slot begin, and the length of the rows that they stand in: 32 bits hold both, as all columns
// are within JoinedShape::bytes.   (G, rows, most · pad)
struct Columns {
    unsigned begin, row;
    SG_FN Columns(JoinedGroups const& groups, int slot, std::int64_t rows, unsigned pad)
    {
        auto const most = static_cast<unsigned>(groups.most), g = static_cast<unsigned>(slot) / most;
        row = most * pad;
        begin = g * static_cast<unsigned>(rows) * row + (static_cast<unsigned>(slot) - g * most) * pad;
    }
};

// to(g, i, r · pad + j) ← B(n, i, j), or 0.   B: (N, k, columns), to: (G, k, most · pad)
template <class T>
struct Join {
    JoinedGroups groups;
    View<T const, 3> B;
    T* to;
    unsigned pad;

    struct OfSlot {
        T const* B;
        std::int64_t step;
        T* to;
        unsigned row, pad, columns;
        SG_FN void operator()(std::int64_t index) const
        {
            Place const p(index, pad);
            to[p.i * row + p.j] = p.j < columns ? B[p.i * step + p.j] : T(0);
        }
    };
    SG_FN OfSlot bind(int slot) const
    {
        int const n = groups.network(slot);
        Columns const at(groups, slot, B.extent[1], pad);
        return {n < 0 ? nullptr : &B(n, 0, 0), B.stride[1], to + at.begin, at.row, pad,
                n < 0 ? 0 : static_cast<unsigned>(B.extent[2])};
    }
};

// C(n, i, j) ← from(g, i, r · pad + j) + keep C(n, i, j).   from: (G, m, most · pad), C: (N, m, columns)
template <class T>
struct Split {
    JoinedGroups groups;
    T const* from;
    unsigned pad;
    T keep;
    View<T, 3> C;

    struct OfSlot {
        T const* from;
        unsigned row;
        T* C;  // null: the slot has no network
        std::int64_t step;
        unsigned columns;
        T keep;
        SG_FN void operator()(std::int64_t index) const
        {
            if (!C) return;
            Place const p(index, columns);
            T& c = C[p.i * step + p.j];
            T const x = from[p.i * row + p.j];
            c = keep == T(0) ? x : x + keep * c;
        }
    };
    SG_FN OfSlot bind(int slot) const
    {
        int const n = groups.network(slot);
        Columns const at(groups, slot, C.extent[1], pad);
        return {from + at.begin, at.row, n < 0 ? nullptr : &C(n, 0, 0), C.stride[1], static_cast<unsigned>(C.extent[2]),
                keep};
    }
};

}  // namespace

template <class T>
void join_columns(Exec const& exec, JoinedGroups const& groups, View<T const, 3> const& B, T* to, std::int64_t pad)
{
    SG_EXPECT(groups.end() <= B.extent[0]);
    each(exec, "join_columns", {groups.slots()}, B.extent[1] * pad, Join<T>{groups, B, to, static_cast<unsigned>(pad)});
}

template <class T>
void split_columns(Exec const& exec, JoinedGroups const& groups, T const* from, std::int64_t pad, double keep,
                   View<T, 3> const& C)
{
    SG_EXPECT(groups.end() <= C.extent[0]);
    each(exec, "split_columns", {groups.slots()}, C.extent[1] * C.extent[2],
         Split<T>{groups, from, static_cast<unsigned>(pad), static_cast<T>(keep), C});
}

#define SG_INSTANTIATE(T)                                                                                            \
    template void join_columns(Exec const&, JoinedGroups const&, View<T const, 3> const&, T*, std::int64_t);         \
    template void split_columns(Exec const&, JoinedGroups const&, T const*, std::int64_t, double, View<T, 3> const&);
SG_INSTANTIATE(float)
SG_INSTANTIATE(double)

}  // namespace sg
