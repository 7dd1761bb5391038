// SPDX-License-Identifier: MIT
#include "cuda/ops/matmul.hpp"

#include <cblas.h>

#include <limits>

#include "cuda/exec/error.hpp"

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

void gemm(ProductShape s, float alpha, float const* A, int lda, Op op_a, float const* B, int ldb,
          Op op_b, float beta, float* C, int ldc)
{
    cblas_sgemm(CblasRowMajor, cblas(op_a), cblas(op_b), narrow(s.m), narrow(s.n), narrow(s.k),
                alpha, A, lda, B, ldb, beta, C, ldc);
}

void gemm(ProductShape s, double alpha, double const* A, int lda, Op op_a, double const* B, int ldb,
          Op op_b, double beta, double* C, int ldc)
{
    cblas_dgemm(CblasRowMajor, cblas(op_a), cblas(op_b), narrow(s.m), narrow(s.n), narrow(s.k),
                alpha, A, lda, B, ldb, beta, C, ldc);
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
    for (int net = 0; net < nets.count; ++net) {
        if (nets.skip && nets.skip[net]) continue;
        gemm(s, static_cast<T>(alpha), A.data + net * A.stride[0], narrow(A.stride[1]), op_a,
             B.data + net * B.stride[0], narrow(B.stride[1]), op_b, static_cast<T>(beta),
             C.data + net * C.stride[0], narrow(C.stride[1]));
    }
}

template <class T>
void prepare_matmul(Exec const& exec, View<T const, 3> const& A, Op op_a, View<T const, 3> const& B,
                    Op op_b, double beta, View<T, 3> const& C, Trial<T> const& trial)
{
    auto const s = shape_of(A, op_a, B, op_b, C);
    if (exec.on_cpu() || s.m == 0 || s.n == 0) return;
#ifdef SG_WITH_CUDA
    product_of(exec, kind_of(A, op_a, B, op_b, beta, C), &trial);
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
