// SPDX-License-Identifier: MIT
// The words of matrix products, and what the choice of an algorithm for one may depend on.
// C = α op(A) op(B) + β C for N networks, op(A): (N, m, k), op(B): (N, k, n), C: (N, m, n).
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>

#include "cuda/exec/error.hpp"
#include "cuda/exec/exec.hpp"
#include "cuda/exec/view.hpp"

namespace sg {

enum class Op { none, transpose };

struct ProductShape {
    std::int64_t m = 0, n = 0, k = 0;
    auto operator<=>(ProductShape const&) const = default;
};

// InternalError where the operands do not fit each other.
template <class T>
ProductShape shape_of(View<T const, 3> const& A, Op op_a, View<T const, 3> const& B, Op op_b,
                      View<T, 3> const& C)
{
    std::int64_t const m = A.extent[op_a == Op::none ? 1 : 2];
    std::int64_t const k = A.extent[op_a == Op::none ? 2 : 1];
    std::int64_t const n = B.extent[op_b == Op::none ? 2 : 1];
    SG_EXPECT(B.extent[op_b == Op::none ? 1 : 2] == k);
    SG_EXPECT(C.extent[1] == m && C.extent[2] == n);
    return {m, n, k};
}

// Networks [first, first + count) share the left factor `batch` of a stack.
struct Group {
    int first, count, batch;
};

// The networks of a group that are among `nets`; count ≤ 0: none.
inline Nets members(Group const& g, Nets nets)
{
    return {std::min(g.count, nets.count - g.first), nets.skip ? nets.skip + g.first : nullptr};
}

// Rows of so many multiplications that are worth a thread of the CPU: some twenty microseconds.
inline std::int64_t least_rows(std::int64_t of_one)
{
    return (std::int64_t{1} << 20) / std::max<std::int64_t>(of_one, 1) + 1;
}

// The left factor of a group, shared by its networks.   (G, rows, columns) → (N, rows, columns)
template <class T>
View<T, 3> left_of(Group const& g, View<T, 3> const& A)
{
    auto shared = networks(A, g.batch, g.count);
    shared.stride[0] = 0;
    return shared;
}

// How one operand lies in memory, as far as every network, alone or among others, sees the same.
struct Operand {
    std::int64_t rows = 0, columns = 0, row_stride = 0;  // of its matrix as it is stored
    int alignment = 0;    // bytes, of every network's matrix; at most 16
    bool shared = false;  // one matrix for all networks
    auto operator<=>(Operand const&) const = default;
};

// What a choice may depend on. Never how many networks there are, nor which of them.
struct ProductKind {
    ProductShape shape;
    Op op_a = Op::none, op_b = Op::none;
    Operand a, b, c;
    bool keeps = false;  // β ≠ 0
    int bytes = 0;       // of one number
    Arithmetic arithmetic = Arithmetic::pedantic;  // of doubles always
    auto operator<=>(ProductKind const&) const = default;
};

// The largest power of two, up to 16 (no load is wider), that divides the address and the step of a
// matrix. With step = the network stride it is the same for every range of networks: where the step
// has the smaller power, it decides; where not, each address has the power of the first. A shared
// matrix stands somewhere in a stack of rows, at a place that depends on the neighbours: there the
// step is one row.
template <class T>
int alignment_of(View<T, 3> const& v)
{
    auto const step = static_cast<std::uint64_t>(v.stride[0] != 0 ? v.stride[0] : v.stride[1]);
    auto const bits = reinterpret_cast<std::uintptr_t>(v.data) | step * sizeof(T) | 16;
    return static_cast<int>(bits & (~bits + 1));
}

template <class T>
Operand operand_of(View<T, 3> const& v)
{
    SG_EXPECT(v.stride[2] == 1 && v.stride[1] >= v.extent[2]);
    SG_EXPECT(reinterpret_cast<std::uintptr_t>(v.data) % sizeof(T) == 0);
    return {v.extent[1], v.extent[2], v.stride[1], alignment_of(v), v.stride[0] == 0};
}

template <class T>
ProductKind kind_of(View<T const, 3> const& A, Op op_a, View<T const, 3> const& B, Op op_b,
                    double beta, View<T, 3> const& C,
                    Arithmetic arithmetic = Arithmetic::pedantic)
{
    SG_EXPECT(C.stride[0] != 0);
    return {shape_of(A, op_a, B, op_b, C),
            op_a,
            op_b,
            operand_of(A),
            operand_of(B),
            operand_of(C),
            beta != 0,
            sizeof(T),
            sizeof(T) == sizeof(float) ? arithmetic : Arithmetic::pedantic};
}

}  // namespace sg
