// SPDX-License-Identifier: MIT
// Where work runs. An Exec is one stream of launches on one device, or one worker thread of the CPU.
// It is passed first to everything that computes; there are no globals.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace sg {

enum class Space { cpu, cuda };

// How a GPU multiplies matrices of floats: pedantically, or on tensor cores with factors that are rounded to TF32, which
// has 11 significant bits. Sums are in float. Matrices of doubles, and the CPU, know the first alone.
enum class Arithmetic : std::uint8_t { pedantic, tf32 };

class Crew;
struct CudaState;  // stream, cuBLASLt handle, workspace; known to files compiled by nvcc alone

// Which networks a launch covers: slots [0, count), without those whose `skip` byte is not zero.
// `skip` lives in the space of the launch.
struct Nets {
    int count = 0;
    unsigned char const* skip = nullptr;
};

class Exec {
public:
    // One CPU worker, whose launches are shared by `threads`. With `shuffle` ≠ 0 the indices of every launch and
    // phase run in an order drawn from it: a result that changes would be a race on the GPU. For tests.
    static Exec cpu(std::uint64_t shuffle = 0, int threads = 1);

    // One stream on device `ordinal`. DeviceError: it has a fault (below), or an environment variable
    // would change the arithmetic.
    static Exec cuda(int ordinal = 0);

    // Computes nothing: for an Arena that only measures what `space` would need, on a device of this model.
    static Exec planning(Space space, std::string const& model = "");

    // The same stream, with other arithmetic of its matmuls.
    Exec with(Arithmetic arithmetic) const
    {
        Exec same = *this;
        same.arithmetic_ = arithmetic;
        return same;
    }
    Arithmetic arithmetic() const { return arithmetic_; }

    Space space() const { return space_; }
    bool on_cpu() const { return space_ == Space::cpu; }
    std::uint64_t shuffle() const { return shuffle_; }
    int threads() const { return threads_; }  // that share a launch; 1 on a GPU
    CudaState& device() const;  // space cuda only

    // f(first, last) for parts of 0 ≤ i < n, cut at multiples of `grain`, at least `least` indices each: one for each
    // thread of the CPU worker, or all of them in one where that would be fewer. Returns when all are done.
    template <class F>
    void share(std::int64_t n, std::int64_t least, std::int64_t grain, F const& f) const;

    // Blocks until everything that was launched is done.
    void wait() const;

    // A moment in the stream: wait_for blocks until what was launched before it is done, and lets what was
    // launched after it go on. Only the last few moments can be waited for.
    using Moment = std::uint64_t;
    Moment moment() const;
    void wait_for(Moment moment) const;

    // Raw memory of this space, and of the host where copies from this space go (pinned on a GPU); Buffer,
    // Arena and Pinned are the only callers.
    void* allocate(std::size_t bytes) const;
    void release(void* data) const noexcept;
    void* allocate_pinned(std::size_t bytes) const;
    void release_pinned(void* data) const noexcept;

    // Copies between the host and this space; the only ones. copy_in stages what it copies and returns at
    // once; copy_out waits; fetch, into pinned memory, is done when a later moment is.
    void copy_in(void* to, void const* from, std::size_t bytes) const;
    void copy_out(void* to, void const* from, std::size_t bytes) const;
    void fetch(void* to, void const* from, std::size_t bytes) const;
    void fill(void* data, unsigned char byte, std::size_t bytes) const;

    // What a GPU was asked for since the Exec was made; zero on the CPU.
    struct Counters {
        std::int64_t launches = 0;  // kernels and matmuls, one by one or captured; not replayed
        std::int64_t waits = 0;     // of the host
        std::int64_t captures = 0, replays = 0;
    };
    Counters counters() const;

    std::string describe() const;  // "cpu: AMD EPYC ..., OpenBLAS ...", "cuda:0: NVIDIA H200, ..."
    std::string const& model() const { return model_; }  // of the GPU, as its driver says it; else empty
    std::size_t scratch_limit() const;  // bytes that the phases of a team may share

    // Total and free memory of the device in bytes; for the CPU what this process may still take.
    struct Memory {
        std::size_t total, free;
    };
    Memory memory() const;

private:
    using Work = void (*)(void const* what, int part);
    void run_crew(Work work, void const* what) const;

    Exec() = default;
    Space space_ = Space::cpu;
    std::uint64_t shuffle_ = 0;
    Arithmetic arithmetic_ = Arithmetic::pedantic;
    int threads_ = 1;
    std::shared_ptr<Crew> crew_;  // none: the caller is alone
    std::string model_;
    std::shared_ptr<CudaState> device_;
};

template <class F>
void Exec::share(std::int64_t n, std::int64_t least, std::int64_t grain, F const& f) const
{
    auto const parts = threads_ > 1 ? std::min<std::int64_t>(threads_, n / std::max(least, grain)) : 1;
    if (parts <= 1) return f(std::int64_t{0}, n);
    auto const range = [&](int part) {
        std::int64_t const size = n / parts / grain * grain;
        if (part < parts) f(part * size, part + 1 == parts ? n : (part + 1) * size);
    };
    run_crew([](void const* g, int part) { (*static_cast<decltype(range)*>(g))(part); }, &range);
}

// Number of CUDA devices; 0 without a driver or in a build without CUDA. `why` says why 0.
int cuda_device_count(std::string* why = nullptr);

// Why device `ordinal` cannot be used: no CUDA in this build, no driver or one too old, no such device, a
// device older than what the kernels were compiled for. Empty: it can.
std::string cuda_device_fault(int ordinal);

// Begins the program anew, with the same arguments, unless OpenBLAS was loaded without threads of its own (they wait for
// memory for ever where it is short, and the end of the process waits for them) and has the kernels of the processor.
void set_up_blas(char** arguments);

// Sets what must hold before any worker starts: one BLAS thread per call.
void prepare_process();

// Whether the process could take so much memory more at this moment.
bool can_take(std::size_t bytes);

// Takes what OpenBLAS keeps for each worker on the CPU, once and beforehand: it would wait for ever for memory
// that it does not get. ResourceError: there is too little.
void prepare_workers(int workers);

}  // namespace sg
