// SPDX-License-Identifier: MIT
#include "cuda/exec/device.hpp"

#include "cuda/exec/error.hpp"

#ifndef SG_WITH_CUDA

namespace sg {

struct CudaState {};

int cuda_device_count(std::string* why)
{
    if (why) *why = "this build has no CUDA";
    return 0;
}

namespace device {

[[noreturn]] static void unreachable() { throw InternalError("a call of space cuda without CUDA"); }

std::shared_ptr<CudaState> open(int)
{
    throw DeviceError(
        "this build has no CUDA. Use --device cpu, or build again where nvcc is found "
        "(-DSG_CUDA=ON).");
}
void wait(CudaState&) { unreachable(); }
Exec::Moment moment(CudaState&) { unreachable(); }
void wait_for(CudaState&, Exec::Moment) { unreachable(); }
void* allocate(CudaState&, std::size_t) { unreachable(); }
void release(CudaState&, void*) noexcept {}
void* allocate_pinned(CudaState&, std::size_t) { unreachable(); }
void release_pinned(CudaState&, void*) noexcept {}
void copy_in(CudaState&, void*, void const*, std::size_t) { unreachable(); }
void copy_out(CudaState&, void*, void const*, std::size_t) { unreachable(); }
void fill(CudaState&, void*, unsigned char, std::size_t) { unreachable(); }
Exec::Counters counters(CudaState const&) { unreachable(); }
std::string describe(CudaState const&) { unreachable(); }
Exec::Memory memory(CudaState const&) { unreachable(); }

}  // namespace device
}  // namespace sg

#else

#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "cuda/exec/cuda_state.hpp"
#include "cuda/exec/environment.hpp"

namespace sg {

void check_cuda(cudaError_t status, char const* call, char const* file, int line)
{
    if (status == cudaSuccess) return;
    auto const text = std::string(call) + ": " + cudaGetErrorString(status) + ", " + file + ":" +
                      std::to_string(line);
    if (status == cudaErrorMemoryAllocation) throw ResourceError("out of device memory: " + text);
    throw DeviceError(text);
}

void check_cublas(cublasStatus_t status, char const* call, char const* file, int line)
{
    if (status == CUBLAS_STATUS_SUCCESS) return;
    throw DeviceError(std::string(call) + ": " + cublasLtGetStatusString(status) + ", " + file + ":" +
                      std::to_string(line));
}

Staging::~Staging()
{
    if (memory_) cudaFreeHost(memory_);
}

int Staging::put(cudaStream_t stream, void* to, void const* from, std::size_t bytes)
{
    if (!memory_) SG_TRY(cudaMallocHost(&memory_, capacity));
    int waits = 0;
    for (std::size_t done = 0; done < bytes;) {
        if (used_ == capacity) {
            SG_TRY(cudaStreamSynchronize(stream));
            used_ = 0;
            ++waits;
        }
        std::size_t const part = std::min(bytes - done, capacity - used_);
        std::memcpy(memory_ + used_, static_cast<char const*>(from) + done, part);
        SG_TRY(cudaMemcpyAsync(static_cast<char*>(to) + done, memory_ + used_, part,
                               cudaMemcpyHostToDevice, stream));
        used_ += part;
        done += part;
    }
    return waits;
}

CudaState::CudaState(int which) : ordinal(which)
{
    SG_TRY(cudaSetDevice(ordinal));
    SG_TRY(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    SG_TRY_BLAS(cublasLtCreate(&blas));
    SG_TRY(cudaMalloc(&workspace, workspace_bytes));
    for (auto& event : events) SG_TRY(cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
}

CudaState::~CudaState()
{
    cudaSetDevice(ordinal);
    if (stream) cudaStreamSynchronize(stream);  // the staging memory may still be read
    products.reset();
    for (auto& event : events)
        if (event) cudaEventDestroy(event);
    if (workspace) cudaFree(workspace);
    if (blas) cublasLtDestroy(blas);
    if (stream) cudaStreamDestroy(stream);
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

int cuda_device_count(std::string* why)
{
    int count = 0;
    auto const status = cudaGetDeviceCount(&count);
    static_cast<void>(cudaGetLastError());
    if (status != cudaSuccess) count = 0;
    if (why && count == 0) *why = status == cudaSuccess ? "no device" : cudaGetErrorString(status);
    return count;
}

namespace device {

std::shared_ptr<CudaState> open(int ordinal)
{
    refuse_environment(environ);
    std::string why;
    int const count = cuda_device_count(&why);
    if (ordinal < 0 || ordinal >= count) {
        throw DeviceError("there is no device cuda:" + std::to_string(ordinal) + " (" +
                          (count == 0 ? why : std::to_string(count) + " found") +
                          "). Use --device cpu, or see nvidia-smi.");
    }
    return std::make_shared<CudaState>(ordinal);
}

void wait(CudaState& device)
{
    SG_TRY(cudaStreamSynchronize(device.stream));
    device.counters.waits += 1;
    device.staging.waited();
}

Exec::Moment moment(CudaState& device)
{
    SG_TRY(cudaEventRecord(device.events[device.moments % CudaState::kept_moments], device.stream));
    return device.moments++;
}

void wait_for(CudaState& device, Exec::Moment moment)
{
    SG_EXPECT(moment < device.moments && moment + CudaState::kept_moments >= device.moments);
    SG_TRY(cudaEventSynchronize(device.events[moment % CudaState::kept_moments]));
    device.counters.waits += 1;
}

void* allocate(CudaState& device, std::size_t bytes)
{
    void* data = nullptr;
    SG_TRY(cudaSetDevice(device.ordinal));
    SG_TRY(cudaMalloc(&data, bytes));  // not cleared: what is read before it is written shall be found
    return data;
}

void release(CudaState& device, void* data) noexcept
{
    cudaSetDevice(device.ordinal);
    cudaFree(data);
}

void* allocate_pinned(CudaState& device, std::size_t bytes)
{
    void* data = nullptr;
    SG_TRY(cudaSetDevice(device.ordinal));
    SG_TRY(cudaMallocHost(&data, std::max<std::size_t>(bytes, 1)));
    std::memset(data, 0, bytes);
    return data;
}

void release_pinned(CudaState& device, void* data) noexcept
{
    cudaSetDevice(device.ordinal);
    cudaFreeHost(data);
}

void copy_in(CudaState& device, void* to, void const* from, std::size_t bytes)
{
    device.counters.waits += device.staging.put(device.stream, to, from, bytes);
}

void copy_out(CudaState& device, void* to, void const* from, std::size_t bytes)
{
    SG_TRY(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, device.stream));
}

void fill(CudaState& device, void* data, unsigned char byte, std::size_t bytes)
{
    SG_TRY(cudaMemsetAsync(data, byte, bytes, device.stream));
}

Exec::Counters counters(CudaState const& device) { return device.counters; }

std::string describe(CudaState const& device)
{
    cudaDeviceProp properties{};
    SG_TRY(cudaGetDeviceProperties(&properties, device.ordinal));
    int driver = 0, runtime = 0;
    SG_TRY(cudaDriverGetVersion(&driver));
    SG_TRY(cudaRuntimeGetVersion(&runtime));
    return "cuda:" + std::to_string(device.ordinal) + ": " + properties.name + ", " +
           std::to_string(properties.multiProcessorCount) + " SMs, driver " + std::to_string(driver) +
           ", runtime " + std::to_string(runtime) + ", cuBLASLt " +
           std::to_string(cublasLtGetVersion());
}

Exec::Memory memory(CudaState const& device)
{
    Exec::Memory m{};
    SG_TRY(cudaSetDevice(device.ordinal));
    SG_TRY(cudaMemGetInfo(&m.free, &m.total));
    return m;
}

}  // namespace device
}  // namespace sg

#endif
