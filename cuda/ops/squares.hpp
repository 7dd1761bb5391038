// SPDX-License-Identifier: MIT
// Squares of 4 × 4 sums that one index of a phase keeps in registers. Matrices lie in scratch with rows of
// `skewed` length; each load takes four numbers, which serve four of the square's rows or columns.
#pragma once

#include <cstdint>

#include "cuda/exec/fn.hpp"

// A loop over an array of registers, which have no index.
#ifdef __CUDA_ARCH__
#define SG_UNROLL SG_PRAGMA(unroll)
#else
#define SG_UNROLL
#endif

namespace sg {

inline constexpr int side = 4;  // of a square

template <class T>
struct alignas(16) Quad {
    T x[side];
};

SG_FN constexpr int to_side(int n) { return (n + side - 1) / side * side; }

// The length of rows of n numbers, a multiple of 4: one that is an odd number of quads puts the quads of eight
// rows that follow each other in different banks.
SG_FN constexpr int skewed(int n) { return n / side % 2 == 1 ? n : n + side; }

template <class T>
SG_FN Quad<T>& quad(T* p)
{
    return *reinterpret_cast<Quad<T>*>(p);
}
template <class T>
SG_FN Quad<T> const& quad(T const* p)
{
    return *reinterpret_cast<Quad<T> const*>(p);
}

// Numbers j ... j + 3 of a row in global memory, 0 beyond its `length`.
template <class T>
SG_FN Quad<T> read_quad(T const* row, int j, int length)
{
    if (j + side <= length && reinterpret_cast<std::uintptr_t>(row + j) % 16 == 0) return quad(row + j);
    Quad<T> q;
    for (int k = 0; k < side; ++k) q.x[k] = j + k < length ? row[j + k] : T(0);
    return q;
}

// The other way: what lies beyond the row is left out.
template <class T>
SG_FN void write_quad(T* row, int j, int length, Quad<T> const& q)
{
    if (j + side <= length && reinterpret_cast<std::uintptr_t>(row + j) % 16 == 0) {
        quad(row + j) = q;
    } else {
        for (int k = 0; k < side; ++k)
            if (j + k < length) row[j + k] = q.x[k];
    }
}

// Row x of a square's left operand is a + x · a_step, row or column y of its right one b + y · b_step; `count` is a
// multiple of 4.

// s(x, y) += Σ_l a(x, l) b(l, y)
template <class T>
SG_FN void add_product(T const* a, int a_step, T const* b, int b_step, int count, T (&s)[side][side])
{
    for (int l = 0; l < count; l += side) {
        Quad<T> left[side];
        for (int x = 0; x < side; ++x) left[x] = quad(a + x * a_step + l);
        for (int k = 0; k < side; ++k) {
            Quad<T> const right = quad(b + (l + k) * b_step);
            for (int x = 0; x < side; ++x)
                for (int y = 0; y < side; ++y) s[x][y] += left[x].x[k] * right.x[y];
        }
    }
}

// s(x, y) += Σ_l a(x, l) b(y, l)
template <class T>
SG_FN void add_product_by_rows(T const* a, int a_step, T const* b, int b_step, int count, T (&s)[side][side])
{
    for (int l = 0; l < count; l += side) {
        Quad<T> left[side], right[side];
        for (int x = 0; x < side; ++x) left[x] = quad(a + x * a_step + l);
        for (int y = 0; y < side; ++y) right[y] = quad(b + y * b_step + l);
        for (int k = 0; k < side; ++k)
            for (int x = 0; x < side; ++x)
                for (int y = 0; y < side; ++y) s[x][y] += left[x].x[k] * right[y].x[k];
    }
}

// s(x, y) += Σ_l a(l, x) b(l, y): rows l of both
template <class T>
SG_FN void add_product_by_columns(T const* a, T const* b, int step, int count, T (&s)[side][side])
{
    for (int l = 0; l < count; ++l) {
        Quad<T> const left = quad(a + l * step), right = quad(b + l * step);
        for (int x = 0; x < side; ++x)
            for (int y = 0; y < side; ++y) s[x][y] += left.x[x] * right.x[y];
    }
}

}  // namespace sg
