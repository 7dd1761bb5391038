// SPDX-License-Identifier: MIT
#include "cuda/ops/matmul.hpp"

#include <algorithm>

#include "cuda/exec/error.hpp"
#include "cuda/ops/blas_matmul.hpp"
#include "cuda/ops/narrow_matmul.hpp"

#ifdef SG_WITH_CUDA
#include "cuda/ops/matmul_lt.hpp"
#endif

namespace sg {

namespace {

// C of each network, in parts for the threads of `exec`.
template <class T>
void matmul_on_cpu(Exec const& exec, Nets nets, ProductShape const& s, T alpha, View<T const, 3> const& A, Op op_a,
                   View<T const, 3> const& B, Op op_b, T beta, View<T, 3> const& C)
{
    bool const narrow = narrow_is_fast(s);
    auto const product = narrow ? narrow_matmul<T> : blas_matmul<T>;
    // Rows of narrow_matmul are computed one like the other, six at a time.
    auto const least = narrow ? (1 << 16) / (s.n * s.k) + 1 : blas_rows<T>(exec, s, op_a, op_b, alpha, beta);
    exec.share(s.m, least, narrow ? 6 : row_grain, [&](std::int64_t begin, std::int64_t end) {
        ProductShape const part{end - begin, s.n, s.k};
        std::int64_t const skipped = begin * (op_a == Op::none ? A.stride[1] : 1);
        for (int net = 0; net < nets.count; ++net) {
            if (nets.skip && nets.skip[net]) continue;
            product(part, alpha, A.data + net * A.stride[0] + skipped, A.stride[1], op_a, B.data + net * B.stride[0],
                    B.stride[1], op_b, beta, C.data + net * C.stride[0] + begin * C.stride[1], C.stride[1]);
        }
    });
}

}  // namespace

template <class T>
void matmul(Exec const& exec, Nets nets, double alpha, View<T const, 3> const& A, Op op_a,
            View<T const, 3> const& B, Op op_b, double beta, View<T, 3> const& C)
{
    auto const s = shape_of(A, op_a, B, op_b, C);
    if (nets.count <= 0 || s.m == 0 || s.n == 0) return;
    if (!exec.on_cpu()) {
#ifdef SG_WITH_CUDA
        matmul_on_device(exec, nets, alpha, A, op_a, B, op_b, beta, C);
#endif
        return;
    }
    matmul_on_cpu<T>(exec, nets, s, static_cast<T>(alpha), A, op_a, B, op_b, static_cast<T>(beta), C);
}

template <class T>
void grouped_matmul(Exec const& exec, Nets nets, std::span<Group const> groups, double alpha, View<T const, 3> const& A,
                    Op op_a, View<T const, 3> const& B, Op op_b, double beta, View<T, 3> const& C)
{
    auto const s = shape_of(A, op_a, B, op_b, C);
    if (s.m == 0 || s.n == 0) return;
    while (!groups.empty()) {
        auto const& g = groups.front();
        auto const some = members(g, nets);
        std::size_t done = 0;
#ifdef SG_WITH_CUDA
        if (!exec.on_cpu()) done = joined_matmul(exec, nets, groups, alpha, A, op_a, B, op_b, beta, C);
#endif
        if (done == 0 && some.count > 0) {
            matmul<T>(exec, some, alpha, left_of(g, A), op_a, networks(B, g.first, some.count), op_b, beta,
                      networks(C, g.first, some.count));
        }
        groups = groups.subspan(std::max<std::size_t>(done, 1));
    }
}

template <class T>
void prepare_matmul(Exec const& exec, View<T const, 3> const& A, Op op_a, View<T const, 3> const& B,
                    Op op_b, double beta, View<T, 3> const& C, Trial<T> const& trial)
{
    auto const s = shape_of(A, op_a, B, op_b, C);
    if (exec.on_cpu() || s.m == 0 || s.n == 0) return;
#ifdef SG_WITH_CUDA
    product_of(exec, kind_of(A, op_a, B, op_b, beta, C, exec.arithmetic()), &trial);
#else
    static_cast<void>(beta);
    static_cast<void>(trial);
#endif
}

#define SG_INSTANTIATE(T)                                                                \
    template void matmul(Exec const&, Nets, double, View<T const, 3> const&, Op,         \
                         View<T const, 3> const&, Op, double, View<T, 3> const&);        \
    template void grouped_matmul(Exec const&, Nets, std::span<Group const>, double,      \
                                 View<T const, 3> const&, Op, View<T const, 3> const&,   \
                                 Op, double, View<T, 3> const&);                         \
    template void prepare_matmul(Exec const&, View<T const, 3> const&, Op,               \
                                 View<T const, 3> const&, Op, double, View<T, 3> const&, \
                                 Trial<T> const&);
SG_INSTANTIATE(float)
SG_INSTANTIATE(double)

}  // namespace sg
