// SPDX-License-Identifier: MIT
#include "cuda/exec/exec.hpp"

#include <cblas.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <new>

#include "cuda/exec/error.hpp"

#ifdef SG_WITH_CUDA
#include "cuda/exec/cuda_state.hpp"
#include "cuda/exec/device_fault.hpp"
#endif

namespace sg {

namespace {

// The value behind "key :" in a file of /proc, or an empty string.
std::string proc_value(char const* path, std::string const& key)
{
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        if (line.compare(0, key.size(), key) != 0) continue;
        auto const begin = line.find_first_not_of(" \t", line.find(':') + 1);
        return begin == std::string::npos ? "" : line.substr(begin);
    }
    return "";
}

std::size_t proc_kilobytes(char const* path, std::string const& key)
{
    auto const text = proc_value(path, key);
    return text.empty() ? 0 : std::strtoull(text.c_str(), nullptr, 10) * 1024;
}

// The limit of the control group (a container, a Slurm job), or no limit.
std::size_t group_limit()
{
    for (char const* path :
         {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
        std::size_t limit = 0;
        if (std::ifstream(path) >> limit) return limit;
    }
    return SIZE_MAX;
}

}  // namespace

Exec Exec::cpu(std::uint64_t shuffle)
{
    Exec exec;
    exec.shuffle_ = shuffle;
    return exec;
}

Exec Exec::planning(Space space)
{
    Exec exec;
    exec.space_ = space;
    return exec;
}

CudaState& Exec::device() const
{
    SG_EXPECT(device_ != nullptr);
    return *device_;
}

void prepare_process() { openblas_set_num_threads(1); }

static Exec::Memory cpu_memory()
{
    std::size_t const total = std::min(proc_kilobytes("/proc/meminfo", "MemTotal"), group_limit());
    std::size_t free = std::min(proc_kilobytes("/proc/meminfo", "MemAvailable"), total);
    rlimit address{};
    if (getrlimit(RLIMIT_AS, &address) == 0 && address.rlim_cur != RLIM_INFINITY) {
        std::size_t const taken = proc_kilobytes("/proc/self/status", "VmSize");
        free = std::min<std::size_t>(free, address.rlim_cur > taken ? address.rlim_cur - taken : 0);
    }
    return {total, free};
}

static std::string describe_cpu()
{
    return "cpu: " + proc_value("/proc/cpuinfo", "model name") + ", " + openblas_get_config() +
           " (kernels for " + openblas_get_corename() + ")";
}

static void* allocate_on_cpu(std::size_t bytes)
{
    // Cleared, and so touched: what was planned is taken at once, not in the middle of a run.
    void* data = std::aligned_alloc(256, (bytes + 255) / 256 * 256);
    if (data == nullptr && bytes > 0) {
        throw ResourceError("out of memory: " + std::to_string(bytes >> 20) +
                            " MiB were required. Ask `sharpgrid plan` what the study needs.");
    }
    if (bytes > 0) std::memset(data, 0, bytes);
    return data;
}

#ifndef SG_WITH_CUDA

struct CudaState {};

Exec Exec::cuda(int)
{
    throw DeviceError(
        "this build has no CUDA. Use --device cpu, or build again where nvcc is found "
        "(-DSG_CUDA=ON).");
}

std::string cuda_device_fault(int) { return "this build has no CUDA"; }

int cuda_device_count(std::string* why)
{
    if (why) *why = cuda_device_fault(0);
    return 0;
}

void Exec::wait() const {}
void* Exec::allocate(std::size_t bytes) const { return allocate_on_cpu(bytes); }
void Exec::release(void* data) const noexcept { std::free(data); }
void Exec::copy_in(void* to, void const* from, std::size_t bytes) const
{
    if (bytes > 0) std::memcpy(to, from, bytes);
}
void Exec::copy_out(void* to, void const* from, std::size_t bytes) const
{
    if (bytes > 0) std::memcpy(to, from, bytes);
}
void Exec::fill(void* data, unsigned char byte, std::size_t bytes) const
{
    if (bytes > 0) std::memset(data, byte, bytes);
}
std::string Exec::describe() const { return describe_cpu(); }
Exec::Memory Exec::memory() const { return cpu_memory(); }

#else

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

CudaState::CudaState(int which) : ordinal(which)
{
    SG_TRY(cudaSetDevice(ordinal));
    SG_TRY(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    SG_TRY_BLAS(cublasLtCreate(&blas));
    SG_TRY(cudaMalloc(&workspace, workspace_bytes));
}

CudaState::~CudaState()
{
    cudaSetDevice(ordinal);
    if (workspace) cudaFree(workspace);
    if (blas) cublasLtDestroy(blas);
    if (stream) cudaStreamDestroy(stream);
}

LaunchScope::~LaunchScope() noexcept(false)
{
    nvtxRangePop();
    auto status = cudaGetLastError();
#ifndef NDEBUG
    if (status == cudaSuccess) status = cudaStreamSynchronize(exec_.device().stream);
#endif
    if (status == cudaSuccess) return;
    throw DeviceError(std::string(name_) + ": " + cudaGetErrorString(status) + " (grid " +
                      std::to_string(grid_.x) + " x " + std::to_string(grid_.y) + " x " +
                      std::to_string(threads_) + ")");
}

namespace {

// They change the arithmetic behind the program's back.
void refuse_environment()
{
    for (char const* const* entry = environ; *entry; ++entry) {
        std::string const variable = *entry;
        if (variable.rfind("CUBLAS_EMULAT", 0) == 0 || variable.rfind("NVIDIA_TF32_OVERRIDE", 0) == 0) {
            throw DeviceError("the environment sets " + variable +
                              ", which changes the arithmetic of cuBLAS. Unset it.");
        }
    }
}

}  // namespace

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
        return "there is no device cuda:" + std::to_string(ordinal) + " (" + std::to_string(count) + " found)";
    cudaDeviceProp properties{};
    SG_TRY(cudaGetDeviceProperties(&properties, ordinal));
    return capability_fault(properties.name, 10 * properties.major + properties.minor, oldest);
}

Exec Exec::cuda(int ordinal)
{
    refuse_environment();
    auto const fault = cuda_device_fault(ordinal);
    if (!fault.empty())
        throw DeviceError("cuda:" + std::to_string(ordinal) + " cannot be used: " + fault +
                          ". Use --device cpu, or see nvidia-smi.");
    Exec exec;
    exec.space_ = Space::cuda;
    exec.device_ = std::make_shared<CudaState>(ordinal);
    return exec;
}

void Exec::wait() const
{
    if (!on_cpu()) SG_TRY(cudaStreamSynchronize(device_->stream));
}

void* Exec::allocate(std::size_t bytes) const
{
    if (on_cpu()) return allocate_on_cpu(bytes);
    void* data = nullptr;
    SG_TRY(cudaSetDevice(device_->ordinal));
    SG_TRY(cudaMalloc(&data, bytes));
    SG_TRY(cudaMemsetAsync(data, 0, bytes, device_->stream));
    return data;
}

void Exec::release(void* data) const noexcept
{
    if (on_cpu()) {
        std::free(data);
    } else {
        cudaSetDevice(device_->ordinal);
        cudaFree(data);
    }
}

void Exec::copy_in(void* to, void const* from, std::size_t bytes) const
{
    if (bytes == 0) return;
    if (on_cpu()) {
        std::memcpy(to, from, bytes);
    } else {
        SG_TRY(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, device_->stream));
        wait();  // `from` is pageable and may go away
    }
}

void Exec::copy_out(void* to, void const* from, std::size_t bytes) const
{
    if (bytes == 0) return;
    if (on_cpu()) {
        std::memcpy(to, from, bytes);
    } else {
        SG_TRY(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, device_->stream));
        wait();
    }
}

void Exec::fill(void* data, unsigned char byte, std::size_t bytes) const
{
    if (bytes == 0) return;
    if (on_cpu()) {
        std::memset(data, byte, bytes);
    } else {
        SG_TRY(cudaMemsetAsync(data, byte, bytes, device_->stream));
    }
}

std::string Exec::describe() const
{
    if (on_cpu()) return describe_cpu();
    cudaDeviceProp properties{};
    SG_TRY(cudaGetDeviceProperties(&properties, device_->ordinal));
    int driver = 0, runtime = 0;
    SG_TRY(cudaDriverGetVersion(&driver));
    SG_TRY(cudaRuntimeGetVersion(&runtime));
    return "cuda:" + std::to_string(device_->ordinal) + ": " + properties.name + ", " +
           std::to_string(properties.multiProcessorCount) + " SMs, driver " + std::to_string(driver) +
           ", runtime " + std::to_string(runtime) + ", cuBLASLt " +
           std::to_string(cublasLtGetVersion());
}

Exec::Memory Exec::memory() const
{
    if (on_cpu()) return cpu_memory();
    Memory m{};
    SG_TRY(cudaSetDevice(device_->ordinal));
    SG_TRY(cudaMemGetInfo(&m.free, &m.total));
    return m;
}

#endif

}  // namespace sg
