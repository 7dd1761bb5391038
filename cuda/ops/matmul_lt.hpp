// SPDX-License-Identifier: MIT
// Products of matrices on a GPU: cuBLASLt with one algorithm for each kind of product, or
// team_matmul. For matmul.cu alone, in a build with CUDA.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "cuda/exec/cuda_state.hpp"
#include "cuda/ops/team_matmul.hpp"
#include "cuda/ops/trial.hpp"

namespace sg {

struct LtAlgorithm {
    cublasLtMatmulAlgo_t it{};
    std::size_t workspace_bytes = 0;  // what a call may take: all, or, of an algorithm without, none
};

struct LtVerdict {
    LtAlgorithm algorithm;
    bool team = false;  // none of the candidates gives a network the same bits at every count
};

// How products of one kind are computed: descriptors, made once, and the algorithm. cuBLASLt is
// column-major: a row-major matrix is its transpose there, so C = A·B is computed as Cᵀ = Bᵀ·Aᵀ,
// and its a is our B.
class LtProduct {
public:
    explicit LtProduct(ProductKind const& kind) : kind_(kind)
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
    }

    // What the heuristic proposes for one network without split-K, best first; empty: nothing fits.
    std::vector<LtAlgorithm> candidates(CudaState& device);

    // Whether an algorithm is meant for 256 networks too; sets what it may take.
    bool serves_many(CudaState& device, LtAlgorithm& candidate);

    LtVerdict verdict;

    // Launches; the caller judges the status.
    template <class T>
    cublasStatus_t run(CudaState& device, int count, double alpha, View<T const, 3> const& A,
                       View<T const, 3> const& B, double beta, View<T, 3> const& C)
    {
        SG_EXPECT(count >= 1 && kind_.bytes == sizeof(T));
        a_.set(count, B.stride[0]);
        b_.set(count, A.stride[0]);
        c_.set(count, C.stride[0]);
        T const scale = static_cast<T>(alpha), keep = static_cast<T>(beta);
        return cublasLtMatmul(device.blas, call_.call, &scale, B.data, a_.layout, A.data, b_.layout,
                              &keep, C.data, c_.layout, C.data, c_.layout, &verdict.algorithm.it,
                              device.workspace, verdict.algorithm.workspace_bytes,
                              device.stream);
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
        std::int64_t stride = 0;

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

    ProductKind kind_;
    Call call_;
    Layout a_, b_, c_;
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

inline std::vector<LtAlgorithm> LtProduct::candidates(CudaState& device)
{
    LtPreference wanted;
    wanted.set(CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
               std::uint32_t{CUBLASLT_REDUCTION_SCHEME_NONE});
    wanted.set(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, std::uint64_t{device.workspace_bytes});
    // Without these it takes 256 bytes for granted; weights lie anywhere in the parameters.
    wanted.set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES,
               static_cast<std::uint32_t>(kind_.b.alignment));
    wanted.set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
               static_cast<std::uint32_t>(kind_.a.alignment));
    wanted.set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES,
               static_cast<std::uint32_t>(kind_.c.alignment));
    wanted.set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES,
               static_cast<std::uint32_t>(kind_.c.alignment));
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

inline bool LtProduct::serves_many(CudaState& device, LtAlgorithm& candidate)
{
    auto const dense = [](Operand const& o) { return o.shared ? 0 : o.rows * o.row_stride; };
    a_.set(256, dense(kind_.b));
    b_.set(256, dense(kind_.a));
    c_.set(256, dense(kind_.c));
    cublasLtMatmulHeuristicResult_t result{};
    auto const status =
        cublasLtMatmulAlgoCheck(device.blas, call_.call, a_.layout, b_.layout, c_.layout, c_.layout,
                                &candidate.it, &result);
    auto const needed = std::max(candidate.workspace_bytes, result.workspaceSize);
    candidate.workspace_bytes = needed == 0 ? 0 : device.workspace_bytes;
    return status == CUBLAS_STATUS_SUCCESS && needed <= device.workspace_bytes;
}

// Those of one device: what CudaState::products holds.
using LtProducts = std::map<ProductKind, std::unique_ptr<LtProduct>>;

inline LtProducts& products_of(CudaState& device)
{
    if (!device.products) device.products = std::make_shared<LtProducts>();
    return *static_cast<LtProducts*>(device.products.get());
}

// The first candidate that passes the trial, or the team.
template <class T>
LtVerdict choose(Exec const& exec, ProductKind const& kind, Trial<T> const& trial, LtProduct& product)
{
    auto& device = exec.device();
    double const keep = kind.keeps ? 1 : 0;
    for (auto candidate : product.candidates(device)) {
        if (!product.serves_many(device, candidate)) continue;
        product.verdict = {candidate, false};
        bool supported = true;  // at every count
        auto const run = [&](int count, View<T const, 3> const& A, View<T const, 3> const& B,
                             View<T, 3> const& C) {
            auto const status = product.run(device, count, 1, A, B, keep, C);
            if (status == CUBLAS_STATUS_NOT_SUPPORTED || status == CUBLAS_STATUS_INVALID_VALUE)
                supported = false;
            else
                SG_TRY_BLAS(status);
        };
        if (trial(exec, kind, run) && supported) return {candidate, false};
    }
    return {{}, true};
}

// The verdicts of this process. They depend on the kind and the device alone, so that its workers share
// them; one trial at a time, so that the memory of one is enough.
class LtVerdicts {
public:
    template <class F>
    LtVerdict find(int device, ProductKind const& kind, F const& decide)
    {
        std::lock_guard const lock(mutex_);
        auto const known = known_.find({device, kind});
        if (known != known_.end()) return known->second;
        return known_[{device, kind}] = decide();
    }
    static LtVerdicts& of_process()
    {
        static LtVerdicts all;
        return all;
    }

private:
    std::mutex mutex_;
    std::map<std::pair<int, ProductKind>, LtVerdict> known_;
};

// How products of a kind are computed, chosen at the first one: by the trial of this process, or by a
// `trial` of the caller's.
template <class T>
LtProduct& product_of(Exec const& exec, ProductKind const& kind, Trial<T> const* trial = nullptr)
{
    auto& device = exec.device();
    SG_TRY(cudaSetDevice(device.ordinal));
    auto& products = products_of(device);
    auto const known = products.find(kind);
    if (known != products.end()) return *known->second;
    cudaStreamCaptureStatus capture{};
    SG_TRY(cudaStreamIsCapturing(device.stream, &capture));
    if (capture != cudaStreamCaptureStatusNone) {
        auto const text = [](std::int64_t x) { return std::to_string(x); };
        throw InternalError(
            "a matmul of " + text(kind.shape.m) + " x " + text(kind.shape.n) + " x " +
            text(kind.shape.k) + " met a stream capture before its trial, which waits " +
            "and takes memory. Run the pass once without capture, or prepare_matmul.");
    }
    auto product = std::make_unique<LtProduct>(kind);
    if (trial)
        product->verdict = choose(exec, kind, *trial, *product);
    else
        product->verdict = LtVerdicts::of_process().find(device.ordinal, kind, [&] {
            return choose<T>(exec, kind, same_bits<T>, *product);
        });
    return *(products[kind] = std::move(product));
}

template <class T>
void matmul_on_device(Exec const& exec, Nets nets, double alpha, View<T const, 3> const& A, Op op_a,
                      View<T const, 3> const& B, Op op_b, double beta, View<T, 3> const& C)
{
    auto& product = product_of<T>(exec, kind_of(A, op_a, B, op_b, beta, C, exec.arithmetic()));
    if (product.verdict.team)
        return team_matmul(exec, nets, alpha, A, op_a, B, op_b, beta, C);
    exec.device().counters.launches += 1;
    SG_TRY_BLAS(product.run(exec.device(), nets.count, alpha, A, B, beta, C));
}

}  // namespace sg
