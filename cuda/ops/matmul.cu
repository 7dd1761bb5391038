// SPDX-License-Identifier: MIT
#include "cuda/ops/matmul.hpp"

#include <cblas.h>

#include <limits>
#include <type_traits>

#include "cuda/exec/error.hpp"
#include "cuda/ops/narrow_matmul.hpp"

#ifdef SG_WITH_CUDA
#include "cuda/ops/matmul_lt.hpp"
#endif

namespace sg {

namespace {

CBLAS_TRANSPOSE cblas(Op op) { return op == Op::none ? CblasNoTrans : CblasTrans; }

int narrow(std::int64_t x)
{
    SG_EXPECT(x >= 0 && x <= std::numeric_limits<int>::max());
    return static_cast<int>(x);
}

template <class T>
void gemm(ProductShape const& s, T alpha, T const* A, std::int64_t lda, Op op_a, T const* B, std::int64_t ldb,
          Op op_b, T beta, T* C, std::int64_t ldc)
{
    auto const compute = [] {
        if constexpr (std::is_same_v<T, float>)
            return cblas_sgemm;
        else
            return cblas_dgemm;
    }();
    compute(CblasRowMajor, cblas(op_a), cblas(op_b), narrow(s.m), narrow(s.n), narrow(s.k), alpha, A,
            narrow(lda), B, narrow(ldb), beta, C, narrow(ldc));
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
    auto const product = narrow_is_fast(s) ? narrow_matmul<T> : gemm<T>;
    for (int net = 0; net < nets.count; ++net) {
        if (nets.skip && nets.skip[net]) continue;
        product(s, static_cast<T>(alpha), A.data + net * A.stride[0], A.stride[1], op_a,
                B.data + net * B.stride[0], B.stride[1], op_b, static_cast<T>(beta),
                C.data + net * C.stride[0], C.stride[1]);
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
    template void prepare_matmul(Exec const&, View<T const, 3> const&, Op,               \
                                 View<T const, 3> const&, Op, double, View<T, 3> const&, \
                                 Trial<T> const&);
SG_INSTANTIATE(float)
SG_INSTANTIATE(double)

}  // namespace sg
