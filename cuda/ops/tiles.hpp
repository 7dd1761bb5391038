// SPDX-License-Identifier: MIT
// Tiles of matrix products on the CPU. B is read in panels as wide as two vectors; A where it lies, an element for a whole
// row of a tile. A tile of C, 6 rows of a panel, stays in 12 of the 16 registers (Goto and van de Geijn 2008). For
// narrow_matmul.cpp and packed_matmul.cpp alone.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace sg::tiles {

inline constexpr int tile_rows = 6;

template <class T>
struct Lanes;
template <>
struct Lanes<float> {
    using Vector = float __attribute__((vector_size(32)));
    static void fill(Vector& v, float x) { v = Vector{x, x, x, x, x, x, x, x}; }
};
template <>
struct Lanes<double> {
    using Vector = double __attribute__((vector_size(32)));
    static void fill(Vector& v, double x) { v = Vector{x, x, x, x}; }
};
template <class T>
inline constexpr int lanes = 32 / sizeof(T);
template <class T>
inline constexpr int panel = 2 * lanes<T>;

// A block of op(A) for a tile: element (row, k) at data[row · row_stride + k · k_stride].
template <class T>
struct Left {
    T const* data;
    std::int64_t row_stride, k_stride;
};

template <class T>
struct Right {
    T const* data;
    std::int64_t k_stride;
};

// C ← beta · C + A · B for R rows of one panel.   B: (depth, panel); C: (R, panel)
template <class T, int R>
void tile(Left<T> const& A, Right<T> const& B, std::int64_t depth, T beta, T* C, std::int64_t ldc)
{
    using Vector = typename Lanes<T>::Vector;
    Vector c[R][2];
#pragma GCC unroll 6
    for (int r = 0; r < R; ++r) {
        Lanes<T>::fill(c[r][0], 0);
        c[r][1] = c[r][0];
        if (beta == 0) continue;
        std::memcpy(&c[r][0], C + r * ldc, sizeof(Vector));
        std::memcpy(&c[r][1], C + r * ldc + lanes<T>, sizeof(Vector));
        c[r][0] *= beta;
        c[r][1] *= beta;
    }
    for (std::int64_t k = 0; k < depth; ++k) {
        Vector b0, b1, a;
        std::memcpy(&b0, B.data + k * B.k_stride, sizeof(Vector));
        std::memcpy(&b1, B.data + k * B.k_stride + lanes<T>, sizeof(Vector));
#pragma GCC unroll 6
        for (int r = 0; r < R; ++r) {
            Lanes<T>::fill(a, A.data[r * A.row_stride + k * A.k_stride]);
            c[r][0] += a * b0;
            c[r][1] += a * b1;
        }
    }
#pragma GCC unroll 6
    for (int r = 0; r < R; ++r) {
        std::memcpy(C + r * ldc, &c[r][0], sizeof(Vector));
        std::memcpy(C + r * ldc + lanes<T>, &c[r][1], sizeof(Vector));
    }
}

template <class T>
void tile(int rows, Left<T> const& A, Right<T> const& B, std::int64_t depth, T beta, T* C,
          std::int64_t ldc)
{
    switch (rows) {
    case 1: return tile<T, 1>(A, B, depth, beta, C, ldc);
    case 2: return tile<T, 2>(A, B, depth, beta, C, ldc);
    case 3: return tile<T, 3>(A, B, depth, beta, C, ldc);
    case 4: return tile<T, 4>(A, B, depth, beta, C, ldc);
    case 5: return tile<T, 5>(A, B, depth, beta, C, ldc);
    default: return tile<T, 6>(A, B, depth, beta, C, ldc);
    }
}

// `columns` of one row, at most a panel; two vectors that overlap where there are enough of them.
template <class T>
void copy_row(T* to, T const* from, int columns)
{
    if (columns < lanes<T>) {
        std::copy_n(from, columns, to);
        return;
    }
    std::memcpy(to, from, lanes<T> * sizeof(T));
    std::memcpy(to + columns - lanes<T>, from + columns - lanes<T>, lanes<T> * sizeof(T));
}

// The same where the matrix ends inside the panel.   part: (tile_rows, panel) scratch
template <class T>
void edge(int rows, int columns, Left<T> const& A, Right<T> const& B, std::int64_t depth, T beta, T* C,
          std::int64_t ldc, T* part)
{
    for (int r = 0; r < rows && beta != 0; ++r) copy_row(part + r * panel<T>, C + r * ldc, columns);
    tile<T>(rows, A, B, depth, beta, part, panel<T>);
    for (int r = 0; r < rows; ++r) copy_row(C + r * ldc, part + r * panel<T>, columns);
}

// to(k, j) ← from(j, k) of eight rows and eight columns, rows of `to` a panel apart.
inline void transpose_eight(float const* from, std::int64_t stride, float* to)
{
    using Vector = Lanes<float>::Vector;
    Vector r[8], pair[8], four[8];
    for (int i = 0; i < 8; ++i) std::memcpy(&r[i], from + i * stride, sizeof(Vector));
    for (int i = 0; i < 8; i += 2) {
        pair[i] = __builtin_shufflevector(r[i], r[i + 1], 0, 8, 1, 9, 4, 12, 5, 13);
        pair[i + 1] = __builtin_shufflevector(r[i], r[i + 1], 2, 10, 3, 11, 6, 14, 7, 15);
    }
    for (int half = 0; half < 8; half += 4)
        for (int i = 0; i < 2; ++i) {
            auto const &a = pair[half + i], &b = pair[half + i + 2];
            four[half + 2 * i] = __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13);
            four[half + 2 * i + 1] = __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15);
        }
    for (int k = 0; k < 4; ++k) {
        Vector const low = __builtin_shufflevector(four[k], four[k + 4], 0, 1, 2, 3, 8, 9, 10, 11);
        Vector const high = __builtin_shufflevector(four[k], four[k + 4], 4, 5, 6, 7, 12, 13, 14, 15);
        std::memcpy(to + k * panel<float>, &low, sizeof(Vector));
        std::memcpy(to + (k + 4) * panel<float>, &high, sizeof(Vector));
    }
}

// to ← B(k, j) = from[j · stride + k] of `depth` rows and the `columns` of one panel
template <class T>
void pack_transposed(T const* from, std::int64_t stride, std::int64_t depth, int columns, T* to)
{
    std::int64_t whole = 0;  // the rows of k that are done eight at a time
    if constexpr (std::is_same_v<T, float>) {
        whole = columns == panel<float> ? depth / 8 * 8 : 0;
        for (std::int64_t k = 0; k < whole; k += 8)
            for (int j = 0; j < panel<float>; j += 8)
                transpose_eight(from + j * stride + k, stride, to + k * panel<float> + j);
    }
    for (int j = 0; j < columns; ++j)
        for (std::int64_t k = whole; k < depth; ++k) to[k * panel<T> + j] = from[j * stride + k];
}

// to ← alpha · B of `depth` rows and the `columns` of one panel, the rest 0.   B(k, j) at B[k · k_stride + j · stride]
template <class T>
void pack_panel(T const* B, std::int64_t k_stride, std::int64_t stride, std::int64_t depth, int columns,
                T alpha, T* to)
{
    if (columns < panel<T>) std::fill_n(to, depth * panel<T>, T{0});
    if (stride == 1)
        for (std::int64_t k = 0; k < depth; ++k) copy_row(to + k * panel<T>, B + k * k_stride, columns);
    else
        pack_transposed(B, stride, depth, columns, to);
    for (std::int64_t i = 0; i < depth * panel<T> && alpha != 1; ++i) to[i] *= alpha;
}

}  // namespace sg::tiles
