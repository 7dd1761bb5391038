// SPDX-License-Identifier: MIT
#ifdef SG_WITH_CUDA

#include "cuda/exec/cuda_state.hpp"

#include <algorithm>
#include <cstring>

#include "cuda/exec/device.hpp"
#include "cuda/exec/device_fault.hpp"
#include "cuda/exec/error.hpp"

namespace sg {

void check_cuda(cudaError_t status, char const* call, char const* file, int line)
{
    if (status == cudaSuccess) return;
    auto const text = std::string(call) + ": " + cudaGetErrorString(status) + ", " + file + ":" +
                      std::to_string(line);
    if (status == cudaErrorMemoryAllocation) throw OutOfDeviceMemory("out of device memory: " + text);
    throw DeviceError(text);
}

void check_cublas(cublasStatus_t status, char const* call, char const* file, int line)
{
    if (status == CUBLAS_STATUS_SUCCESS) return;
    auto const text = std::string(call) + ": " + cublasLtGetStatusString(status) + ", " + file + ":" +
                      std::to_string(line);
    if (status == CUBLAS_STATUS_ALLOC_FAILED) throw OutOfDeviceMemory("out of device memory: " + text);
    throw DeviceError(text);
}

Staging::~Staging()
{
    if (memory_) cudaFreeHost(memory_);
}

void Staging::put(CudaState& device, void* to, void const* from, std::size_t bytes)
{
    if (!memory_) memory_ = static_cast<char*>(device::allocate_pinned(device, capacity));
    for (std::size_t done = 0; done < bytes;) {
        if (used_ == capacity) device::wait(device);  // and so waited()
        std::size_t const part = std::min(bytes - done, capacity - used_);
        std::memcpy(memory_ + used_, static_cast<char const*>(from) + done, part);
        SG_TRY(cudaMemcpyAsync(static_cast<char*>(to) + done, memory_ + used_, part,
                               cudaMemcpyHostToDevice, device.stream));
        used_ += part;
        done += part;
    }
}

CudaState::CudaState(int which) : ordinal(which)
{
    SG_TRY(cudaSetDevice(ordinal));
    SG_TRY(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    SG_TRY_BLAS(cublasLtCreate(&blas));
    workspace = device::allocate(*this, workspace_bytes);
    sums = device::allocate(*this, sums_bytes);
    int limit = 0;
    SG_TRY(cudaDeviceGetAttribute(&limit, cudaDevAttrMaxSharedMemoryPerBlockOptin, ordinal));
    scratch_limit = static_cast<std::size_t>(limit);
    for (auto& event : events) SG_TRY(cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
}

CudaState::~CudaState()
{
    cudaSetDevice(ordinal);
    if (stream) cudaStreamSynchronize(stream);  // the staging memory may still be read
    products.reset();
    for (auto& event : events)
        if (event) cudaEventDestroy(event);
    if (columns) cudaFree(columns);
    if (sums) cudaFree(sums);
    if (workspace) cudaFree(workspace);
    if (blas) cublasLtDestroy(blas);
    if (stream) cudaStreamDestroy(stream);
}

void allow_scratch(Exec const& exec, void const* kernel)
{
    auto const& device = exec.device();
    SG_TRY(cudaSetDevice(device.ordinal));
    SG_TRY(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                static_cast<int>(device.scratch_limit)));
}

LaunchScope::~LaunchScope() noexcept(false)
{
    nvtxRangePop();
    exec_.device().counters.launches += 1;
    auto status = cudaGetLastError();
#ifndef NDEBUG
    auto capturing = cudaStreamCaptureStatusNone;
    if (status == cudaSuccess) status = cudaStreamIsCapturing(exec_.device().stream, &capturing);
    if (status == cudaSuccess && capturing == cudaStreamCaptureStatusNone)
        status = cudaStreamSynchronize(exec_.device().stream);
#endif
    if (status == cudaSuccess) return;
    throw DeviceError(std::string(name_) + ": " + cudaGetErrorString(status) + " (grid " +
                      std::to_string(grid_.x) + " x " + std::to_string(grid_.y) + " x " +
                      std::to_string(threads_) + ")");
}

}  // namespace sg

#endif
