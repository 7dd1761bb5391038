// SPDX-License-Identifier: MIT
#include "cuda/exec/exec.hpp"

#include <cblas.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <new>
#include <vector>

#include "cuda/exec/crew.hpp"
#include "cuda/exec/device.hpp"
#include "cuda/exec/environment.hpp"
#include "cuda/exec/error.hpp"

// Exported by OpenBLAS, in no header of it.
extern "C" {
void* blas_memory_alloc(int position);
void blas_memory_free(void* buffer);
}

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

Exec Exec::cpu(std::uint64_t shuffle, int threads)
{
    SG_EXPECT(threads == 1 || (threads > 1 && shuffle == 0));
    Exec exec;
    exec.shuffle_ = shuffle;
    if (threads > 1) exec.crew_ = std::make_shared<Crew>(threads);
    exec.threads_ = threads;
    return exec;
}

Exec Exec::planning(Space space, std::string const& model)
{
    Exec exec;
    exec.space_ = space;
    exec.model_ = model;
    return exec;
}

void Exec::run_crew(Work work, void const* what) const
{
    SG_EXPECT(crew_ != nullptr);
    crew_->run(work, what);
}

CudaState& Exec::device() const
{
    SG_EXPECT(device_ != nullptr);
    return *device_;
}

static std::string_view better_kernels()
{
#ifdef __x86_64__
    bool const avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    bool const avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
    if (!std::getenv("OPENBLAS_CORETYPE")) return better_blas_kernels(openblas_get_corename(), avx2, avx512);
#endif
    return {};
}

// Only the environment is read when the library is loaded, which is before main.
void set_up_blas(char** arguments)
{
    constexpr char const* name = "OPENBLAS_NUM_THREADS";
    char const* const set = std::getenv(name);
    auto const kernels = better_kernels();
    if (set && std::strcmp(set, "1") == 0 && kernels.empty()) return;
    char path[4096];
    auto const size = readlink("/proc/self/exe", path, sizeof path - 1);
    if (size < 0 || setenv(name, "1", 1) != 0) return;
    if (!kernels.empty() && setenv("OPENBLAS_CORETYPE", kernels.data(), 1) != 0) return;
    path[size] = 0;
    execv(path, arguments);  // returns where it fails: then the threads stay, and idle
}

void prepare_process() { openblas_set_num_threads(1); }

bool can_take(std::size_t bytes)
{
    void* const data = std::malloc(bytes);
    std::free(data);
    return data != nullptr;
}

// The largest buffer that OpenBLAS is built with; only what it uses of it is ever touched.
constexpr std::size_t blas_buffer_bytes = std::size_t{130} << 20;

void prepare_workers(int workers)
{
    std::vector<void*> buffers;
    bool enough = true;
    while (enough && buffers.size() < static_cast<std::size_t>(workers)) {
        enough = can_take(blas_buffer_bytes);
        if (enough) buffers.push_back(blas_memory_alloc(0));
    }
    for (void* const buffer : buffers) blas_memory_free(buffer);
    if (enough) return;
    throw ResourceError("out of memory: OpenBLAS keeps " + std::to_string(blas_buffer_bytes >> 20) +
                        " MiB of address space for each of " + std::to_string(workers) +
                        " workers. Raise the limit (ulimit -v), or take fewer workers (--workers).");
}

// Of a team on the CPU, and in plans: that of the largest GPUs, so that the same shapes fit.
constexpr std::size_t largest_scratch_limit = std::size_t{227} << 10;

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

Exec Exec::cuda(int ordinal)
{
    Exec exec;
    exec.space_ = Space::cuda;
    exec.device_ = device::open(ordinal);
    exec.model_ = device::model(*exec.device_);
    return exec;
}

void Exec::wait() const
{
    if (!on_cpu()) device::wait(*device_);
}

Exec::Moment Exec::moment() const { return on_cpu() ? 0 : device::moment(*device_); }

void Exec::wait_for(Moment moment) const
{
    if (!on_cpu()) device::wait_for(*device_, moment);
}

void* Exec::allocate(std::size_t bytes) const
{
    return on_cpu() ? allocate_on_cpu(bytes) : device::allocate(*device_, bytes);
}

void Exec::release(void* data) const noexcept
{
    if (on_cpu())
        std::free(data);
    else
        device::release(*device_, data);
}

void* Exec::allocate_pinned(std::size_t bytes) const
{
    return on_cpu() ? allocate_on_cpu(bytes) : device::allocate_pinned(*device_, bytes);
}

void Exec::release_pinned(void* data) const noexcept
{
    if (on_cpu())
        std::free(data);
    else
        device::release_pinned(*device_, data);
}

void Exec::copy_in(void* to, void const* from, std::size_t bytes) const
{
    if (bytes == 0) return;
    if (on_cpu())
        std::memcpy(to, from, bytes);
    else
        device::copy_in(*device_, to, from, bytes);
}

void Exec::copy_out(void* to, void const* from, std::size_t bytes) const
{
    if (bytes == 0) return;
    fetch(to, from, bytes);
    wait();
}

void Exec::fetch(void* to, void const* from, std::size_t bytes) const
{
    if (bytes == 0) return;
    if (on_cpu())
        std::memcpy(to, from, bytes);
    else
        device::copy_out(*device_, to, from, bytes);
}

void Exec::fill(void* data, unsigned char byte, std::size_t bytes) const
{
    if (bytes == 0) return;
    if (on_cpu())
        std::memset(data, byte, bytes);
    else
        device::fill(*device_, data, byte, bytes);
}

std::size_t Exec::scratch_limit() const { return device_ ? device::scratch_limit(*device_) : largest_scratch_limit; }

Exec::Counters Exec::counters() const { return on_cpu() ? Counters{} : device::counters(*device_); }

std::string Exec::describe() const
{
    return on_cpu() ? describe_cpu() : device::describe(*device_);
}

Exec::Memory Exec::memory() const { return on_cpu() ? cpu_memory() : device::memory(*device_); }

}  // namespace sg
