// SPDX-License-Identifier: MIT
// Where work runs. An Exec is one stream of launches on one device, or one worker thread of the CPU.
// It is passed first to everything that computes; there are no globals.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace sg {

enum class Space { cpu, cuda };

struct CudaState;  // stream, cuBLASLt handle, workspace; known to files compiled by nvcc alone

// Which networks a launch covers: slots [0, count), without those whose `skip` byte is not zero.
// `skip` lives in the space of the launch.
struct Nets {
    int count = 0;
    unsigned char const* skip = nullptr;
};

class Exec {
public:
    // One CPU worker. With `shuffle` ≠ 0 the indices of every launch and phase run in an order drawn
    // from it: a result that changes would be a race on the GPU. For tests.
    static Exec cpu(std::uint64_t shuffle = 0);

    // One stream on device `ordinal`. DeviceError: it has a fault (below), or an environment variable
    // would change the arithmetic.
    static Exec cuda(int ordinal = 0);

    // Computes nothing: for an Arena that only measures what `space` would need.
    static Exec planning(Space space);

    Space space() const { return space_; }
    bool on_cpu() const { return space_ == Space::cpu; }
    std::uint64_t shuffle() const { return shuffle_; }
    CudaState& device() const;  // space cuda only

    // Blocks until everything that was launched is done.
    void wait() const;

    // Raw memory of this space; Buffer and Arena are its only callers.
    void* allocate(std::size_t bytes) const;
    void release(void* data) const noexcept;

    // Copies between the host and this space; the only ones. copy_out waits.
    void copy_in(void* to, void const* from, std::size_t bytes) const;
    void copy_out(void* to, void const* from, std::size_t bytes) const;
    void fill(void* data, unsigned char byte, std::size_t bytes) const;

    std::string describe() const;  // "cpu: AMD EPYC ..., OpenBLAS ...", "cuda:0: NVIDIA H200, ..."

    // Total and free memory of the device in bytes; for the CPU what this process may still take.
    struct Memory {
        std::size_t total, free;
    };
    Memory memory() const;

private:
    Exec() = default;
    Space space_ = Space::cpu;
    std::uint64_t shuffle_ = 0;
    std::shared_ptr<CudaState> device_;
};

// Number of CUDA devices; 0 without a driver or in a build without CUDA. `why` says why 0.
int cuda_device_count(std::string* why = nullptr);

// Why device `ordinal` cannot be used: no CUDA in this build, no driver or one too old, no such device, a
// device older than what the kernels were compiled for. Empty: it can.
std::string cuda_device_fault(int ordinal);

// Sets what must hold before any worker starts: one BLAS thread per call.
void prepare_process();

}  // namespace sg
