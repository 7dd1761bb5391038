// SPDX-License-Identifier: MIT
#include "cuda/ops/joined.hpp"

#include <algorithm>

#include "cuda/exec/each.hpp"

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

namespace {

// Rows and columns of an index of one network: 32 bits are enough, and divide faster.
struct Place {
    unsigned i, j;
    SG_FN Place(std::int64_t index, unsigned columns)
        : i(static_cast<unsigned>(index) / columns), j(static_cast<unsigned>(index) % columns)
    {
    }
};

// to(i, n · pad + j) ← B(n, i, j), or 0.   B: (N, k, columns), to: (k, N · pad)
template <class T>
struct Join {
    View<T const, 3> B;
    T* to;
    std::int64_t row;  // numbers
    unsigned pad;

    struct OfNet {
        T const* B;
        std::int64_t step;
        T* to;
        std::int64_t row;
        unsigned pad, columns;
        SG_FN void operator()(std::int64_t index) const
        {
            Place const p(index, pad);
            to[p.i * row + p.j] = p.j < columns ? B[p.i * step + p.j] : T(0);
        }
    };
    SG_FN OfNet bind(int n) const
    {
        return {&B(n, 0, 0), B.stride[1], to + n * std::int64_t{pad}, row, pad, static_cast<unsigned>(B.extent[2])};
    }
};

// C(n, i, j) ← from(i, n · pad + j) + keep C(n, i, j).   from: (m, N · pad), C: (N, m, columns)
template <class T>
struct Split {
    T const* from;
    std::int64_t row, pad;
    T keep;
    View<T, 3> C;

    struct OfNet {
        T const* from;
        std::int64_t row;
        T* C;
        std::int64_t step;
        unsigned columns;
        T keep;
        SG_FN void operator()(std::int64_t index) const
        {
            Place const p(index, columns);
            T& c = C[p.i * step + p.j];
            T const x = from[p.i * row + p.j];
            c = keep == T(0) ? x : x + keep * c;
        }
    };
    SG_FN OfNet bind(int n) const
    {
        return {from + n * pad, row, &C(n, 0, 0), C.stride[1], static_cast<unsigned>(C.extent[2]), keep};
    }
};

}  // namespace

template <class T>
void join_columns(Exec const& exec, View<T const, 3> const& B, T* to, std::int64_t pad)
{
    auto const count = static_cast<int>(B.extent[0]);
    each(exec, "join_columns", {count}, B.extent[1] * pad, Join<T>{B, to, count * pad, static_cast<unsigned>(pad)});
}

template <class T>
void split_columns(Exec const& exec, T const* from, std::int64_t pad, double keep, View<T, 3> const& C)
{
    auto const count = static_cast<int>(C.extent[0]);
    each(exec, "split_columns", {count}, C.extent[1] * C.extent[2], Split<T>{from, count * pad, pad, static_cast<T>(keep), C});
}

#define SG_INSTANTIATE(T)                                                               \
    template void join_columns(Exec const&, View<T const, 3> const&, T*, std::int64_t); \
    template void split_columns(Exec const&, T const*, std::int64_t, double, View<T, 3> const&);
SG_INSTANTIATE(float)
SG_INSTANTIATE(double)

}  // namespace sg
