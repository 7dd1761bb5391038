// SPDX-License-Identifier: MIT
#include "cuda/exec/device.hpp"

#include "cuda/exec/error.hpp"

#ifndef SG_WITH_CUDA

namespace sg {

struct CudaState {};

std::string cuda_device_fault(int) { return "this build has no CUDA"; }

int cuda_device_count(std::string* why)
{
    if (why) *why = cuda_device_fault(0);
    return 0;
}

namespace device {

[[noreturn]] static void unreachable() { throw InternalError("a call of space cuda without CUDA"); }

std::shared_ptr<CudaState> open(int ordinal)
{
    throw DeviceError("cuda:" + std::to_string(ordinal) + " cannot be used: " +
                      cuda_device_fault(ordinal) +
                      ". Use --device cpu, or build again where nvcc is found (-DSG_CUDA=ON).");
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
std::string model(CudaState const&) { unreachable(); }
std::size_t scratch_limit(CudaState const&) { unreachable(); }

}  // namespace device
}  // namespace sg

#else

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <iterator>

#include "cuda/exec/cuda_state.hpp"
#include "cuda/exec/device_fault.hpp"
#include "cuda/exec/environment.hpp"

namespace sg {

int cuda_device_count(std::string* why)
{
    int count = 0, driver = 0, runtime = 0;
    auto const status = cudaGetDeviceCount(&count);
    static_cast<void>(cudaGetLastError());
    if (status == cudaSuccess && count > 0) return count;
    if (!why) return 0;
    *why = status == cudaSuccess ? "no device" : cudaGetErrorString(status);
    // Also what a machine without a driver answers.
    if (status == cudaErrorInsufficientDriver && cudaDriverGetVersion(&driver) == cudaSuccess &&
        cudaRuntimeGetVersion(&runtime) == cudaSuccess)
        *why = driver_fault(driver, runtime);
    return 0;
}

std::string cuda_device_fault(int ordinal)
{
    constexpr int compiled_for[] = {__CUDA_ARCH_LIST__};  // 800, 900, ...
    constexpr int oldest = *std::min_element(std::begin(compiled_for), std::end(compiled_for)) / 10;
    std::string why;
    int const count = cuda_device_count(&why);
    if (count == 0) return why;
    if (ordinal < 0 || ordinal >= count)
        return "there is no device cuda:" + std::to_string(ordinal) + " (" + std::to_string(count) +
               " found)";
    cudaDeviceProp properties{};
    SG_TRY(cudaGetDeviceProperties(&properties, ordinal));
    return capability_fault(properties.name, 10 * properties.major + properties.minor, oldest);
}

namespace device {

std::shared_ptr<CudaState> open(int ordinal)
{
    refuse_environment(environ);
    auto const fault = cuda_device_fault(ordinal);
    if (!fault.empty())
        throw DeviceError("cuda:" + std::to_string(ordinal) + " cannot be used: " + fault +
                          ". Use --device cpu, or see nvidia-smi.");
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
    device.staging.put(device, to, from, bytes);
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

std::string model(CudaState const& device)
{
    cudaDeviceProp properties{};
    SG_TRY(cudaGetDeviceProperties(&properties, device.ordinal));
    return properties.name;
}

std::size_t scratch_limit(CudaState const& device) { return device.scratch_limit; }

}  // namespace device
}  // namespace sg

#endif
