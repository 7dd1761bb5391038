// SPDX-License-Identifier: MIT
#include "cuda/ops/team_matmul.hpp"

#include <limits>

#include "cuda/exec/team.hpp"

namespace sg {

namespace {

constexpr int side = 32;   // of a tile of C; and the terms of a sum that scratch holds at once
constexpr int micro = 4;   // side of the square of C that one index of a phase sums in registers
constexpr int across = 8;  // squares in a row of a tile
// In scratch, rows of a tile and squares of sums are this long: four numbers are then one load, which
// reads nobody else's, and squares that lie side by side are in different banks.
constexpr int row = side + 4, square = micro * micro + 4;
constexpr int squares = across * across, scratch_numbers = 2 * side * row + squares * square;

// C ← α op(A) op(B) + β C for one tile of 32 × 32 numbers.
// op(A): (N, m, k), op(B): (N, k, n), C: (N, m, n)
template <class T>
struct TileProduct {
    View<T const, 3> A;
    View<T const, 3> B;
    View<T, 3> C;
    Op op_a, op_b;
    T alpha, beta;
    int terms, tiles;  // k; tiles in a row of tiles

    SG_FN void operator()(Team const& team, int net, int tile) const
    {
        T* const a = team.scratch<T>();  // (32, 32) of op(A), the index of the sum first
        T* const b = a + side * row;     // (32, 32) of op(B)
        T* const sum = b + side * row;   // (64, 4, 4) of C
        std::int64_t const top = std::int64_t{tile / tiles} * side, left = tile % tiles * side;
        team.phase(squares * square, [&](int e) { sum[e] = 0; });
        for (int first = 0; first < terms; first += side) {
            team.phase(side * side, [&](int e) {
                load(A, op_a == Op::transpose, net, first, top, e, a);
                load(B, op_b == Op::none, net, first, left, e, b);
            });
            int const count = terms - first < side ? terms - first : side;
            team.phase(squares, [&](int e) { add(a, b, count, e, sum + e * square); });
        }
        team.phase(side * side, [&](int e) {
            int const y = e / side, x = e % side;
            if (top + y >= C.extent[1] || left + x >= C.extent[2]) return;
            T& c = C(net, top + y, left + x);
            T const product = alpha * sum[(y / micro * across + x / micro) * square +
                                          y % micro * micro + x % micro];
            c = beta == 0 ? product : product + beta * c;  // with β = 0 C may hold anything
        });
    }

private:
    // to(l, x) ← number x of `begin`... in term l of `first`...; beyond the matrix 0. Neighbours in
    // memory are read by neighbours: V is (terms, numbers) with terms_first, else (numbers, terms).
    SG_FN static void load(View<T const, 3> const& V, bool terms_first, int net, std::int64_t first,
                           std::int64_t begin, int e, T* to)
    {
        int const l = terms_first ? e / side : e % side, x = terms_first ? e % side : e / side;
        std::int64_t const i = terms_first ? first + l : begin + x,
                           j = terms_first ? begin + x : first + l;
        to[l * row + x] = i < V.extent[1] && j < V.extent[2] ? V(net, i, j) : T(0);
    }

    // sum(i, j) += Σ_{l < count} a(l, i) · b(l, j) for the 4 × 4 numbers of square e.   sum: (4, 4)
    SG_FN static void add(T const* a, T const* b, int count, int e, T* sum)
    {
        int const i = e / across * micro, j = e % across * micro;
        T s[micro][micro];
        for (int x = 0; x < micro; ++x)
            for (int y = 0; y < micro; ++y) s[x][y] = sum[x * micro + y];
        for (int l = 0; l < count; ++l)
            for (int x = 0; x < micro; ++x)
                for (int y = 0; y < micro; ++y) s[x][y] += a[l * row + i + x] * b[l * row + j + y];
        for (int x = 0; x < micro; ++x)
            for (int y = 0; y < micro; ++y) sum[x * micro + y] = s[x][y];
    }
};

}  // namespace

template <class T>
void team_matmul(Exec const& exec, Nets nets, double alpha, View<T const, 3> const& A, Op op_a,
                 View<T const, 3> const& B, Op op_b, double beta, View<T, 3> const& C)
{
    auto const s = shape_of(A, op_a, B, op_b, C);
    auto const wide = (s.n + side - 1) / side, tiles = (s.m + side - 1) / side * wide;
    SG_EXPECT(tiles <= std::numeric_limits<int>::max() &&
              s.k <= std::numeric_limits<int>::max() - side);
    team(exec, "team_matmul", nets, static_cast<int>(tiles), scratch_numbers * sizeof(T),
         TileProduct<T>{A, B, C, op_a, op_b, static_cast<T>(alpha), static_cast<T>(beta),
                        static_cast<int>(s.k), static_cast<int>(wide)});
}

#define SG_INSTANTIATE(T)                                                             \
    template void team_matmul(Exec const&, Nets, double, View<T const, 3> const&, Op, \
                              View<T const, 3> const&, Op, double, View<T, 3> const&);
SG_INSTANTIATE(float)
SG_INSTANTIATE(double)

}  // namespace sg
