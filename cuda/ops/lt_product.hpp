// SPDX-License-Identifier: MIT
// One kind of product by cuBLASLt: descriptors, what its heuristic proposes, and a call. For matmul.cu alone, in a build
// with CUDA.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "cuda/exec/cuda_state.hpp"
#include "cuda/exec/device.hpp"
#include "cuda/ops/joined.hpp"

namespace sg {

struct LtAlgorithm {
    cublasLtMatmulAlgo_t it{};
    std::size_t workspace_bytes = 0;  // what a call may take: all, or, of an algorithm without, none
};

struct LtVerdict {
    LtAlgorithm algorithm;
    bool team = false;    // none of the candidates gives a network the same bits at every count
    bool joined = false;  // ops/joined.hpp
};

// A preference of the heuristic, destroyed with its scope.
class LtPreference {
public:
    LtPreference() { SG_TRY_BLAS(cublasLtMatmulPreferenceCreate(&preference)); }
    ~LtPreference() { cublasLtMatmulPreferenceDestroy(preference); }
    LtPreference(LtPreference const&) = delete;
    LtPreference& operator=(LtPreference const&) = delete;

    template <class V>
    void set(cublasLtMatmulPreferenceAttributes_t which, V const& value)
    {
        SG_TRY_BLAS(cublasLtMatmulPreferenceSetAttribute(preference, which, &value, sizeof value));
    }
    cublasLtMatmulPreference_t preference = nullptr;
};

// How products of one kind are computed: descriptors, made once, and the algorithm. cuBLASLt is
// column-major: a row-major matrix is its transpose there, so C = A·B is computed as Cᵀ = Bᵀ·Aᵀ,
// and its a is our B.
class LtProduct {
public:
    LtProduct(CudaState& device, ProductKind const& kind) : kind_(kind), shape_(JoinedShape::of(kind))
    {
        SG_EXPECT(kind.bytes == 4 || kind.bytes == 8);
        // Pedantic: neither TF32, unless it is asked for, nor BF16x9 nor fixed point may take the place of
        // float or double.
        bool const wide = kind.bytes == 8, tensor = kind.arithmetic == Arithmetic::tf32;
        SG_EXPECT(!(wide && tensor));
        auto const type = wide ? CUDA_R_64F : CUDA_R_32F;
        call_.create(wide     ? CUBLAS_COMPUTE_64F_PEDANTIC
                     : tensor ? CUBLAS_COMPUTE_32F_FAST_TF32
                              : CUBLAS_COMPUTE_32F_PEDANTIC,
                     type);
        call_.set(CUBLASLT_MATMUL_DESC_TRANSA, kind.op_b);
        call_.set(CUBLASLT_MATMUL_DESC_TRANSB, kind.op_a);
        a_.create(type, kind.b);
        b_.create(type, kind.a);
        c_.create(type, kind.c);
        if (shape_ && !device.columns) device.columns = device::allocate(device, JoinedShape::bytes);  // not in a capture
    }

    // What the heuristic proposes for 256 networks without split-K, best first; empty: nothing fits. Asked for one
    // network it proposes small tiles, which would leave half of the rate to hundreds (bench/RESULTS.md).
    std::vector<LtAlgorithm> candidates(CudaState& device);

    // Whether an algorithm is meant for one network too; sets what it may take.
    bool serves_one(CudaState& device, LtAlgorithm& candidate);

    bool may_be_joined() const { return shape_.has_value(); }

    // To be set before candidates are asked for, and for every call.
    LtVerdict verdict;

    // Launches; the caller judges the status.
    template <class T>
    cublasStatus_t run(Exec const& exec, int count, double alpha, View<T const, 3> const& A,
                       View<T const, 3> const& B, double beta, View<T, 3> const& C)
    {
        SG_EXPECT(count >= 1 && kind_.bytes == sizeof(T));
        if (verdict.joined) return run(exec, JoinedGroups::one(count), alpha, A, B, beta, C);
        set_rows(kind_.b.columns, kind_.b.row_stride, kind_.c.columns, kind_.c.row_stride);
        a_.set(count, B.stride[0]);
        b_.set(count, A.stride[0]);
        c_.set(count, C.stride[0]);
        return multiply<T>(exec.device(), alpha, A.data, B.data, beta, C.data);
    }

    // For groups that have a matrix A each: in as few batches as the memory for columns allows, or one after the other
    // where they are not joined.   A: (G, m, k) before op_a
    template <class T>
    cublasStatus_t run(Exec const& exec, JoinedGroups const& groups, double alpha, View<T const, 3> const& A,
                       View<T const, 3> const& B, double beta, View<T, 3> const& C)
    {
        auto status = CUBLAS_STATUS_SUCCESS;
        for (int g = 0, net = groups.first[0]; net < groups.end() && status == CUBLAS_STATUS_SUCCESS;) {
            while (net >= groups.first[g + 1]) ++g;
            auto left = networks(A, g, 1);
            if (verdict.joined) {
                auto const part = groups.part(g, net, shape_->most_networks(kind_));
                status = multiply_joined(exec, part, alpha, left, B, beta, C);
                net = part.end();
            } else {
                int const count = groups.first[g + 1] - net;
                left.stride[0] = 0;
                status = run(exec, count, alpha, left, networks(B, net, count), beta, networks(C, net, count));
                net += count;
            }
        }
        return status;
    }

private:
    struct Call {
        cublasLtMatmulDesc_t call = nullptr;

        Call() = default;
        Call(Call const&) = delete;
        Call& operator=(Call const&) = delete;
        ~Call()
        {
            if (call) cublasLtMatmulDescDestroy(call);
        }
        void create(cublasComputeType_t compute, cudaDataType_t scale)
        {
            SG_TRY_BLAS(cublasLtMatmulDescCreate(&call, compute, scale));
        }
        void set(cublasLtMatmulDescAttributes_t which, Op op)
        {
            cublasOperation_t const value = op == Op::none ? CUBLAS_OP_N : CUBLAS_OP_T;
            SG_TRY_BLAS(cublasLtMatmulDescSetAttribute(call, which, &value, sizeof value));
        }
    };

    // The layout of one operand. Count and network stride belong to the call: they change in place,
    // so that there is one layout, whatever comes.
    struct Layout {
        cublasLtMatrixLayout_t layout = nullptr;
        int count = 1;
        std::int64_t stride = 0, columns = 0, row_stride = 0;  // columns 0: as created

        Layout() = default;
        Layout(Layout const&) = delete;
        Layout& operator=(Layout const&) = delete;
        ~Layout()
        {
            if (layout) cublasLtMatrixLayoutDestroy(layout);
        }
        void create(cudaDataType_t type, Operand const& o)
        {
            SG_TRY_BLAS(
                cublasLtMatrixLayoutCreate(&layout, type, static_cast<std::uint64_t>(o.columns),
                                           static_cast<std::uint64_t>(o.rows), o.row_stride));
        }
        // Of the matrix as we store it; and from row to row.
        void set_columns(std::int64_t n, std::int64_t step)
        {
            if (columns == n && row_stride == step) return;
            auto const rows = static_cast<std::uint64_t>(n);
            SG_TRY_BLAS(cublasLtMatrixLayoutSetAttribute(layout, CUBLASLT_MATRIX_LAYOUT_ROWS, &rows, sizeof rows));
            SG_TRY_BLAS(cublasLtMatrixLayoutSetAttribute(layout, CUBLASLT_MATRIX_LAYOUT_LD, &step, sizeof step));
            columns = n;
            row_stride = step;
        }
        void set(int networks, std::int64_t step)
        {
            if (count != networks) {
                SG_TRY_BLAS(cublasLtMatrixLayoutSetAttribute(
                    layout, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &networks, sizeof networks));
                count = networks;
            }
            if (stride != step) {
                SG_TRY_BLAS(cublasLtMatrixLayoutSetAttribute(
                    layout, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &step, sizeof step));
                stride = step;
            }
        }
    };

    template <class T>
    cublasStatus_t multiply(CudaState& device, double alpha, T const* A, T const* B, double beta, T* C)
    {
        T const scale = static_cast<T>(alpha), keep = static_cast<T>(beta);
        device.counters.launches += 1;
        return cublasLtMatmul(device.blas, call_.call, &scale, B, a_.layout, A, b_.layout, &keep, C, c_.layout, C,
                              c_.layout, &verdict.algorithm.it, device.workspace, verdict.algorithm.workspace_bytes,
                              device.stream);
    }

    // One launch for all groups, between those that join B and split C.
    template <class T>
    cublasStatus_t multiply_joined(Exec const& exec, JoinedGroups const& groups, double alpha, View<T const, 3> const& A,
                                   View<T const, 3> const& B, double beta, View<T, 3> const& C)
    {
        auto& device = exec.device();
        auto* const of_B = static_cast<T*>(device.columns);
        auto* const of_C = of_B + shape_->numbers(kind_.b.rows, groups.slots(), sizeof(T));
        join_columns<T>(exec, groups, B, of_B, shape_->pad);
        lay_out_joined(groups.count, groups.most, A.stride[0]);
        auto const status = multiply<T>(device, alpha, A.data, of_B, 0, of_C);
        if (status == CUBLAS_STATUS_SUCCESS) split_columns<T>(exec, groups, of_C, shape_->pad, beta, C);
        return status;
    }

    // Columns and row strides of B and C.
    void set_rows(std::int64_t of_B, std::int64_t step_B, std::int64_t of_C, std::int64_t step_C)
    {
        a_.set_columns(of_B, step_B);
        c_.set_columns(of_C, step_C);
    }

    // A batch of groups with so many networks side by side, from one A to the next `step` numbers.
    void lay_out_joined(int groups, int most, std::int64_t step)
    {
        std::int64_t const columns = most * shape_->pad;
        set_rows(columns, columns, columns, columns);
        a_.set(groups, groups > 1 ? kind_.b.rows * columns : 0);
        b_.set(groups, groups > 1 ? step : 0);
        c_.set(groups, groups > 1 ? kind_.c.rows * columns : 0);
    }

    // As joined products are, or for the heuristic: dense from network to network, as operands mostly are.
    void lay_out(int count)
    {
        if (verdict.joined) return lay_out_joined(1, count, 0);
        set_rows(kind_.b.columns, kind_.b.row_stride, kind_.c.columns, kind_.c.row_stride);
        auto const dense = [](Operand const& o) { return o.shared ? 0 : o.rows * o.row_stride; };
        a_.set(count, dense(kind_.b));
        b_.set(count, dense(kind_.a));
        c_.set(count, dense(kind_.c));
    }

    ProductKind kind_;
    std::optional<JoinedShape> shape_;  // where networks may be joined
    Call call_;
    Layout a_, b_, c_;
};

inline std::vector<LtAlgorithm> LtProduct::candidates(CudaState& device)
{
    LtPreference wanted;
    wanted.set(CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
               std::uint32_t{CUBLASLT_REDUCTION_SCHEME_NONE});
    wanted.set(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, std::uint64_t{device.workspace_bytes});
    // Without these it takes 256 bytes for granted; weights lie anywhere in the parameters.
    auto const alignment = [&](Operand const& o) {
        return static_cast<std::uint32_t>(verdict.joined ? JoinedShape::alignment : o.alignment);
    };
    wanted.set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, alignment(kind_.b));
    wanted.set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, static_cast<std::uint32_t>(kind_.a.alignment));
    wanted.set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, alignment(kind_.c));
    wanted.set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, alignment(kind_.c));
    lay_out(256);
    constexpr int most = 4;
    cublasLtMatmulHeuristicResult_t result[most] = {};
    int found = 0;
    auto const status =
        cublasLtMatmulAlgoGetHeuristic(device.blas, call_.call, a_.layout, b_.layout, c_.layout,
                                       c_.layout, wanted.preference, most, result, &found);
    if (status != CUBLAS_STATUS_NOT_SUPPORTED) SG_TRY_BLAS(status);
    std::vector<LtAlgorithm> algorithms;
    for (int i = 0; i < found; ++i)
        if (result[i].state == CUBLAS_STATUS_SUCCESS)
            algorithms.push_back({result[i].algo, result[i].workspaceSize});
    return algorithms;
}

inline bool LtProduct::serves_one(CudaState& device, LtAlgorithm& candidate)
{
    lay_out(1);
    cublasLtMatmulHeuristicResult_t result{};
    auto const status =
        cublasLtMatmulAlgoCheck(device.blas, call_.call, a_.layout, b_.layout, c_.layout, c_.layout,
                                &candidate.it, &result);
    auto const needed = std::max(candidate.workspace_bytes, result.workspaceSize);
    candidate.workspace_bytes = needed == 0 ? 0 : device.workspace_bytes;
    return status == CUBLAS_STATUS_SUCCESS && needed <= device.workspace_bytes;
}

}  // namespace sg
