// SPDX-License-Identifier: MIT
// Panels of B are copied only where rows of B do not lie as a tile reads them, a block of k at a time.
#include "cuda/ops/narrow_matmul.hpp"

#include "cuda/ops/tiles.hpp"

namespace sg {

namespace {

using namespace tiles;

constexpr std::int64_t k_block = 128;

// C = alpha · op(A) · op(B) + beta · C with at most narrow_columns columns.
template <class T>
void multiply_columns(ProductShape const& s, T alpha, T const* A, std::int64_t lda, Op op_a, T const* B, std::int64_t ldb,
                      Op op_b, T beta, T* C, std::int64_t ldc)
{
    SG_EXPECT(s.n <= narrow_columns && s.k > 0);
    alignas(64) T packed[k_block * narrow_columns];
    alignas(64) T part[tile_rows * panel<T>] = {};
    bool const a_rows = op_a == Op::none, b_rows = op_b == Op::none;
    std::int64_t const row_stride = a_rows ? lda : 1, step = a_rows ? 1 : lda;
    std::int64_t const k_stride = b_rows ? ldb : 1, stride = b_rows ? 1 : ldb;
    Right<T> panels[narrow_columns / panel<T>];
    bool const copies = alpha != 1 || !b_rows || (s.m > 128 && s.n > 32);  // the last: read often, from far apart
    for (std::int64_t k = 0; k < s.k; k += k_block) {
        std::int64_t const depth = std::min(k_block, s.k - k);
        auto const columns_at = [&](std::int64_t j) {
            return static_cast<int>(std::min<std::int64_t>(panel<T>, s.n - j));
        };
        for (std::int64_t j = 0; j < s.n; j += panel<T>) {
            T const* const from = B + k * k_stride + j * stride;
            auto& right = panels[j / panel<T>];
            right = {from, k_stride};
            if (!copies && columns_at(j) == panel<T>) continue;
            right = {packed + j * k_block, panel<T>};
            pack_panel<T>(from, k_stride, stride, depth, columns_at(j), alpha, packed + j * k_block);
        }
        T const scale = k == 0 ? beta : T{1};
        for (std::int64_t i = 0; i < s.m; i += tile_rows) {
            int const rows = static_cast<int>(std::min<std::int64_t>(tile_rows, s.m - i));
            Left<T> const left{A + i * row_stride + k * step, row_stride, step};
            for (std::int64_t j = 0; j < s.n; j += panel<T>) {
                auto const& right = panels[j / panel<T>];
                if (columns_at(j) == panel<T>)
                    tile<T>(rows, left, right, depth, scale, C + i * ldc + j, ldc);
                else
                    edge<T>(rows, columns_at(j), left, right, depth, scale, C + i * ldc + j, ldc, part);
            }
        }
    }
}

}  // namespace

bool narrow_is_fast([[maybe_unused]] ProductShape const& s)
{
#if defined(__AVX2__) && defined(__FMA__)
    return s.n <= 2 * narrow_columns && s.k > 0;
#else
    return false;
#endif
}

template <class T>
void narrow_matmul(ProductShape const& s, T alpha, T const* A, std::int64_t lda, Op op_a, T const* B,
                   std::int64_t ldb, Op op_b, T beta, T* C, std::int64_t ldc)
{
    SG_EXPECT(lda >= (op_a == Op::none ? s.k : s.m));
    SG_EXPECT(ldb >= (op_b == Op::none ? s.n : s.k));
    SG_EXPECT(ldc >= s.n);
    for (std::int64_t j = 0; j < s.n; j += narrow_columns) {
        ProductShape const part{s.m, std::min(narrow_columns, s.n - j), s.k};
        multiply_columns(part, alpha, A, lda, op_a, B + j * (op_b == Op::none ? 1 : ldb), ldb, op_b, beta, C + j, ldc);
    }
}

template void narrow_matmul(ProductShape const&, float, float const*, std::int64_t, Op, float const*,
                            std::int64_t, Op, float, float*, std::int64_t);
template void narrow_matmul(ProductShape const&, double, double const*, std::int64_t, Op, double const*,
                            std::int64_t, Op, double, double*, std::int64_t);

}  // namespace sg
