// SPDX-License-Identifier: MIT
// What an Exec of space cuda owns, and the check of every call and launch. For files of nvcc alone.
#pragma once

#include <cublasLt.h>
#include <cuda_runtime.h>
#include <nvtx3/nvToolsExt.h>

#include <memory>

#include "cuda/exec/exec.hpp"

namespace sg {

// Throws DeviceError "file:line: call: message"; out of memory is a ResourceError.
void check_cuda(cudaError_t status, char const* call, char const* file, int line);
void check_cublas(cublasStatus_t status, char const* call, char const* file, int line);

#define SG_TRY(call) ::sg::check_cuda((call), #call, __FILE__, __LINE__)
#define SG_TRY_BLAS(call) ::sg::check_cublas((call), #call, __FILE__, __LINE__)

struct CudaState {
    explicit CudaState(int ordinal);
    ~CudaState();
    CudaState(CudaState const&) = delete;
    CudaState& operator=(CudaState const&) = delete;

    int ordinal;
    cudaStream_t stream = nullptr;
    cublasLtHandle_t blas = nullptr;
    void* workspace = nullptr;  // of cuBLASLt
    std::size_t workspace_bytes = std::size_t{32} << 20;
    std::shared_ptr<void> products;  // what cuda/ops/matmul_lt.hpp keeps for each shape
};

// Around each launch: a named range for profilers, and the check of the launch.
class LaunchScope {
public:
    LaunchScope(Exec const& exec, char const* name, dim3 grid, int threads)
        : exec_(exec), name_(name), grid_(grid), threads_(threads)
    {
        SG_TRY(cudaSetDevice(exec.device().ordinal));
        nvtxRangePushA(name);
    }
    ~LaunchScope() noexcept(false);
    LaunchScope(LaunchScope const&) = delete;
    LaunchScope& operator=(LaunchScope const&) = delete;

private:
    Exec const& exec_;
    char const* name_;
    dim3 grid_;
    int threads_;
};

}  // namespace sg
