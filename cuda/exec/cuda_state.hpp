// SPDX-License-Identifier: MIT
// What an Exec of space cuda owns, and the check of every call and launch. For files of nvcc alone.
#pragma once

#include <cublasLt.h>
#include <cuda_runtime.h>
#include <nvtx3/nvToolsExt.h>

#include <array>

#include <memory>

#include "cuda/exec/exec.hpp"

namespace sg {

// Throws DeviceError "file:line: call: message"; out of memory is a ResourceError.
void check_cuda(cudaError_t status, char const* call, char const* file, int line);
void check_cublas(cublasStatus_t status, char const* call, char const* file, int line);

#define SG_TRY(call) ::sg::check_cuda((call), #call, __FILE__, __LINE__)
#define SG_TRY_BLAS(call) ::sg::check_cublas((call), #call, __FILE__, __LINE__)

// Pinned memory through which small arrays reach the device: `from` may change as soon as put returns.
class Staging {
public:
    static constexpr std::size_t capacity = std::size_t{4} << 20;

    ~Staging();
    // Copies in as many pieces as it takes; waits for the stream where the memory is still in use.
    void put(CudaState& device, void* to, void const* from, std::size_t bytes);
    void waited() { used_ = 0; }

private:
    char* memory_ = nullptr;
    std::size_t used_ = 0;
};

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
    static constexpr std::size_t sums_bytes = std::size_t{8} << 20;
    void* sums = nullptr;     // parts of long sums (cuda/exec/rows.hpp)
    void* columns = nullptr;  // of joined products (cuda/ops/joined.hpp), from the first on
    Staging staging;
    static constexpr std::uint64_t kept_moments = 8;
    std::array<cudaEvent_t, kept_moments> events{};
    std::uint64_t moments = 0;
    Exec::Counters counters;
    std::size_t scratch_limit = 0;  // bytes of shared memory that a block may opt in to
    std::shared_ptr<void> products;  // what cuda/ops/matmul_lt.hpp keeps for each shape
};

// Lets the blocks of a kernel ask for all the shared memory that the device has for one.
void allow_scratch(Exec const& exec, void const* kernel);

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
