// SPDX-License-Identifier: MIT
#include "cuda/ops/matmul.hpp"

#include <cblas.h>

#include "cuda/exec/error.hpp"

#ifdef SG_WITH_CUDA
#include "cuda/exec/cuda_state.hpp"
#endif

namespace sg {

namespace {

struct Shape {
    std::int64_t m, n, k;
};

template <class T>
Shape shape_of(View<T const, 3> const& A, Op op_a, View<T const, 3> const& B, Op op_b,
               View<T, 3> const& C)
{
    std::int64_t const m = A.extent[op_a == Op::none ? 1 : 2];
    std::int64_t const k = A.extent[op_a == Op::none ? 2 : 1];
    std::int64_t const n = B.extent[op_b == Op::none ? 2 : 1];
    SG_EXPECT(B.extent[op_b == Op::none ? 1 : 2] == k);
    SG_EXPECT(C.extent[1] == m && C.extent[2] == n);
    return {m, n, k};
}

CBLAS_TRANSPOSE cblas(Op op) { return op == Op::none ? CblasNoTrans : CblasTrans; }

void gemm(Shape s, float alpha, float const* A, int lda, Op op_a, float const* B, int ldb, Op op_b,
          float beta, float* C, int ldc)
{
    cblas_sgemm(CblasRowMajor, cblas(op_a), cblas(op_b), static_cast<int>(s.m),
                static_cast<int>(s.n), static_cast<int>(s.k), alpha, A, lda, B, ldb, beta, C, ldc);
}

void gemm(Shape s, double alpha, double const* A, int lda, Op op_a, double const* B, int ldb, Op op_b,
          double beta, double* C, int ldc)
{
    cblas_dgemm(CblasRowMajor, cblas(op_a), cblas(op_b), static_cast<int>(s.m),
                static_cast<int>(s.n), static_cast<int>(s.k), alpha, A, lda, B, ldb, beta, C, ldc);
}

#ifdef SG_WITH_CUDA

template <class T>
constexpr cudaDataType_t data_type = sizeof(T) == 4 ? CUDA_R_32F : CUDA_R_64F;
template <class T>
constexpr cublasComputeType_t compute_type = sizeof(T) == 4 ? CUBLAS_COMPUTE_32F : CUBLAS_COMPUTE_64F;

// Owns what one call of cuBLASLt describes. cuBLASLt is column-major: a row-major matrix is its
// transpose there, so C = A·B is computed as Cᵀ = Bᵀ·Aᵀ.
template <class T>
class LtCall {
public:
    LtCall(Shape s, View<T const, 3> const& A, Op op_a, View<T const, 3> const& B, Op op_b,
           View<T, 3> const& C, int networks)
    {
        SG_TRY_BLAS(cublasLtMatmulDescCreate(&call, compute_type<T>, data_type<T>));
        set_op(CUBLASLT_MATMUL_DESC_TRANSA, op_b);
        set_op(CUBLASLT_MATMUL_DESC_TRANSB, op_a);
        a = layout(B.extent[2], B.extent[1], B.stride[1], B.stride[0], networks);
        b = layout(A.extent[2], A.extent[1], A.stride[1], A.stride[0], networks);
        c = layout(s.n, s.m, C.stride[1], C.stride[0], networks);
    }
    ~LtCall()
    {
        for (auto* l : {a, b, c})
            if (l) cublasLtMatrixLayoutDestroy(l);
        if (call) cublasLtMatmulDescDestroy(call);
    }
    LtCall(LtCall const&) = delete;
    LtCall& operator=(LtCall const&) = delete;

    cublasLtMatmulDesc_t call = nullptr;
    cublasLtMatrixLayout_t a = nullptr, b = nullptr, c = nullptr;

private:
    void set_op(cublasLtMatmulDescAttributes_t which, Op op)
    {
        cublasOperation_t const value = op == Op::none ? CUBLAS_OP_N : CUBLAS_OP_T;
        SG_TRY_BLAS(cublasLtMatmulDescSetAttribute(call, which, &value, sizeof value));
    }
    static cublasLtMatrixLayout_t layout(std::int64_t rows, std::int64_t columns, std::int64_t leading,
                                         std::int64_t stride, int networks)
    {
        cublasLtMatrixLayout_t l = nullptr;
        SG_TRY_BLAS(cublasLtMatrixLayoutCreate(&l, data_type<T>, rows, columns, leading));
        SG_TRY_BLAS(cublasLtMatrixLayoutSetAttribute(l, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &networks,
                                                     sizeof networks));
        SG_TRY_BLAS(cublasLtMatrixLayoutSetAttribute(
            l, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &stride, sizeof stride));
        return l;
    }
};

// The algorithm is chosen for one network and without split-K, so that it depends on the shape alone.
template <class T>
cublasLtMatmulAlgo_t choose_algorithm(CudaState& device, LtCall<T> const& one)
{
    cublasLtMatmulPreference_t preference = nullptr;
    SG_TRY_BLAS(cublasLtMatmulPreferenceCreate(&preference));
    std::uint32_t const no_split = CUBLASLT_REDUCTION_SCHEME_NONE;
    SG_TRY_BLAS(cublasLtMatmulPreferenceSetAttribute(
        preference, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, &no_split, sizeof no_split));
    SG_TRY_BLAS(cublasLtMatmulPreferenceSetAttribute(preference,
                                                     CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES,
                                                     &device.workspace_bytes,
                                                     sizeof device.workspace_bytes));
    cublasLtMatmulHeuristicResult_t result{};
    int found = 0;
    auto const status = cublasLtMatmulAlgoGetHeuristic(device.blas, one.call, one.a, one.b, one.c,
                                                       one.c, preference, 1, &result, &found);
    cublasLtMatmulPreferenceDestroy(preference);
    SG_TRY_BLAS(status);
    if (found == 0) throw DeviceError("cuBLASLt has no algorithm for a matmul of this shape");
    return result.algo;
}

template <class T>
void matmul_on_device(Exec const& exec, Nets nets, Shape s, double alpha, View<T const, 3> const& A,
                      Op op_a, View<T const, 3> const& B, Op op_b, double beta, View<T, 3> const& C)
{
    auto& device = exec.device();
    SG_TRY(cudaSetDevice(device.ordinal));
    std::array<std::int64_t, 10> const key{s.m,         s.n,
                                           s.k,         static_cast<int>(op_a),
                                           static_cast<int>(op_b), A.stride[1],
                                           B.stride[1], C.stride[1],
                                           sizeof(T),   beta != 0};
    auto algorithm = device.algorithms.find(key);
    if (algorithm == device.algorithms.end()) {
        LtCall<T> const one(s, A, op_a, B, op_b, C, 1);
        algorithm = device.algorithms.emplace(key, choose_algorithm(device, one)).first;
    }
    LtCall<T> const all(s, A, op_a, B, op_b, C, nets.count);
    T const scale = static_cast<T>(alpha), keep = static_cast<T>(beta);
    SG_TRY_BLAS(cublasLtMatmul(device.blas, all.call, &scale, B.data, all.a, A.data, all.b, &keep,
                               C.data, all.c, C.data, all.c, &algorithm->second, device.workspace,
                               device.workspace_bytes, device.stream));
}

#endif

}  // namespace

template <class T>
void matmul(Exec const& exec, Nets nets, double alpha, View<T const, 3> const& A, Op op_a,
            View<T const, 3> const& B, Op op_b, double beta, View<T, 3> const& C)
{
    auto const s = shape_of(A, op_a, B, op_b, C);
    if (nets.count <= 0 || s.m == 0 || s.n == 0) return;
    if (!exec.on_cpu()) {
#ifdef SG_WITH_CUDA
        matmul_on_device(exec, nets, s, alpha, A, op_a, B, op_b, beta, C);
#endif
        return;
    }
    for (int net = 0; net < nets.count; ++net) {
        if (nets.skip && nets.skip[net]) continue;
        gemm(s, static_cast<T>(alpha), A.data + net * A.stride[0], static_cast<int>(A.stride[1]), op_a,
             B.data + net * B.stride[0], static_cast<int>(B.stride[1]), op_b, static_cast<T>(beta),
             C.data + net * C.stride[0], static_cast<int>(C.stride[1]));
    }
}

#define SG_INSTANTIATE(T)                                                                          \
    template void matmul(Exec const&, Nets, double, View<T const, 3> const&, Op,                   \
                         View<T const, 3> const&, Op, double, View<T, 3> const&);
SG_INSTANTIATE(float)
SG_INSTANTIATE(double)

}  // namespace sg
