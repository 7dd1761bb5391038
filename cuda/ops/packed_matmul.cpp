// SPDX-License-Identifier: MIT
// Panels outside, rows inside: a panel of one block of rows, 16 KiB, stays in the first-level cache, and the chunk of A in
// the second. Meanwhile the next panel is asked for: a tenth of the time would be waits for its beginning.
#include "cuda/ops/packed_matmul.hpp"

#include "cuda/ops/tiles.hpp"

namespace sg {

namespace {

using namespace tiles;

constexpr std::int64_t k_block = 256;
constexpr int lines_ahead = 13;  // cache lines for each tile: a panel in the 21 tiles of 128 rows

template <class T>
std::int64_t up(std::int64_t n)
{
    return (n + panel<T> - 1) / panel<T> * panel<T>;
}

bool packing_pays([[maybe_unused]] std::int64_t k, [[maybe_unused]] std::int64_t n)
{
#if defined(__AVX2__) && defined(__FMA__)
    return k > 0 && n > 64;  // narrower ones stay in the cache as they are
#else
    return false;
#endif
}

template <class T>
int columns_at(std::int64_t n, std::int64_t j)
{
    return static_cast<int>(std::min<std::int64_t>(panel<T>, n - j));
}

// Panels [first, last) of one network.   B(k, j) at B[k · k_stride + j · stride]
template <class T>
void pack_panels(PackedFactor<T> const& to, T alpha, T const* B, std::int64_t k_stride, std::int64_t stride, T* data,
                 std::int64_t first, std::int64_t last)
{
    for (std::int64_t k = 0; k < to.k; k += k_block) {
        std::int64_t const depth = std::min(k_block, to.k - k);
        for (std::int64_t j = first * panel<T>; j < std::min(last * panel<T>, to.n); j += panel<T>)
            pack_panel<T>(B + k * k_stride + j * stride, k_stride, stride, depth, columns_at<T>(to.n, j), alpha,
                          data + k * up<T>(to.n) + j * depth);
    }
}

// Rows of A and C of one network.
template <class T>
void multiply(ProductShape const& s, T const* A, std::int64_t lda, T const* B, std::int64_t rows_of_B, T beta, T* C,
              std::int64_t ldc)
{
    alignas(64) T part[tile_rows * panel<T>] = {};
    for (std::int64_t k = 0; k < s.k; k += k_block) {
        std::int64_t const depth = std::min(k_block, s.k - k), packed = std::min(k_block, rows_of_B - k);
        T const scale = k == 0 ? beta : T{1};
        for (std::int64_t j = 0; j < s.n; j += panel<T>) {
            Right<T> const right{B + k * up<T>(s.n) + j * packed, panel<T>};
            int const columns = columns_at<T>(s.n, j);
            T const* next = right.data + packed * panel<T>;
            T const* const end = next + packed * panel<T>;
            for (std::int64_t i = 0; i < s.m; i += tile_rows) {
                for (int l = 0; l < lines_ahead && next < end; ++l, next += 64 / sizeof(T)) __builtin_prefetch(next);
                int const rows = static_cast<int>(std::min<std::int64_t>(tile_rows, s.m - i));
                Left<T> const left{A + i * lda + k, lda, 1};
                if (columns == panel<T>)
                    tile<T>(rows, left, right, depth, scale, C + i * ldc + j, ldc);
                else
                    edge<T>(rows, columns, left, right, depth, scale, C + i * ldc + j, ldc, part);
            }
        }
    }
}

}  // namespace

template <class T>
PackedFactor<T> PackedFactor<T>::take(Exec const& exec, Arena& arena, int nets, std::int64_t k, std::int64_t n)
{
    if (!exec.on_cpu() || !packing_pays(k, n)) return {};
    return {arena.take_rows<T, 2>(nets, k * up<T>(n))};
}

template <class T>
void pack(Exec const& exec, Nets nets, double alpha, View<T const, 3> const& B, Op op_b, PackedFactor<T>& to)
{
    bool const plain = op_b == Op::none;
    to.k = B.extent[plain ? 1 : 2];
    to.n = B.extent[plain ? 2 : 1];
    SG_EXPECT(to && to.k * up<T>(to.n) <= to.data.extent[1]);
    std::int64_t const k_stride = plain ? B.stride[1] : 1, stride = plain ? 1 : B.stride[1];
    exec.share(up<T>(to.n) / panel<T>, least_rows(to.k * panel<T>), 1, [&](std::int64_t first, std::int64_t last) {
        for (int n = 0; n < nets.count; ++n) {
            if (nets.skip && nets.skip[n]) continue;
            pack_panels(to, static_cast<T>(alpha), B.data + n * B.stride[0], k_stride, stride, &to.data(n, 0), first, last);
        }
    });
}

template <class T>
void matmul(Exec const& exec, Nets nets, View<T const, 3> const& A, PackedFactor<T> const& B, double beta,
            View<T, 3> const& C)
{
    ProductShape const s{A.extent[1], B.n, A.extent[2]};
    SG_EXPECT(B && s.k <= B.k && C.extent[1] == s.m && C.extent[2] == s.n);
    exec.share(s.m, least_rows(s.n * s.k), tile_rows, [&](std::int64_t first, std::int64_t last) {
        for (int n = 0; n < nets.count; ++n) {
            if (nets.skip && nets.skip[n]) continue;
            multiply({last - first, s.n, s.k}, A.data + n * A.stride[0] + first * A.stride[1], A.stride[1], &B.data(n, 0), B.k,
                     static_cast<T>(beta), C.data + n * C.stride[0] + first * C.stride[1], C.stride[1]);
        }
    });
}

#define SG_INSTANTIATE(T)                                                                                        \
    template struct PackedFactor<T>;                                                                             \
    template void pack(Exec const&, Nets, double, View<T const, 3> const&, Op, PackedFactor<T>&);                \
    template void matmul(Exec const&, Nets, View<T const, 3> const&, PackedFactor<T> const&, double, View<T, 3> const&);
SG_INSTANTIATE(float)
SG_INSTANTIATE(double)

}  // namespace sg
