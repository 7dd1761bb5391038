// SPDX-License-Identifier: MIT
// Cooperative launches: one of the three launch sites of the project (each, rows, team).
// A kernel is a sequence of phases; the end of a phase is the barrier, so that a divergent barrier cannot
// be written. On the GPU the threads of a block stride over a phase, on the CPU it is a plain loop.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "cuda/exec/error.hpp"
#include "cuda/exec/exec.hpp"
#include "cuda/exec/fn.hpp"
#include "cuda/exec/order.hpp"

#ifdef __CUDACC__
#include "cuda/exec/cuda_state.hpp"
#endif

namespace sg {

// Bytes that a call shares on the stack of the CPU, or in a block of a GPU, without opting in to more.
inline constexpr std::size_t team_scratch_limit = 48 * 1024;

// Of a block: what the phases of one call share, at most Exec::scratch_limit; and its threads, at most F::most_threads.
struct TeamSize {
    TeamSize(std::size_t bytes, int count = 64) : scratch(bytes), threads(count) {}
    std::size_t scratch;
    int threads;
};

// The registers of a kernel are made to fit so many threads, 64 where it does not say, and so many blocks on a
// multiprocessor, which the compiler chooses where it does not say.
template <class F>
constexpr int most_threads()
{
    if constexpr (requires { F::most_threads; })
        return F::most_threads;
    else
        return 64;
}
template <class F>
constexpr int least_blocks()
{
    if constexpr (requires { F::least_blocks; })
        return F::least_blocks;
    else
        return 0;
}

class Team {
public:
    SG_FN Team(void* scratch, std::uint64_t shuffle) : scratch_(scratch), shuffle_(shuffle) {}

    // Scratch memory that the phases share; not initialised.
    template <class T>
    SG_FN T* scratch() const
    {
        return static_cast<T*>(scratch_);
    }

    // f(i) for 0 ≤ i < n in any order; all of it is done, and visible, when phase returns.
    template <class F>
    SG_FN void phase(int n, F const& f) const
    {
#ifdef __CUDA_ARCH__
        for (int i = static_cast<int>(threadIdx.x); i < n; i += static_cast<int>(blockDim.x)) f(i);
        __syncwarp();  // the barrier wants whole warps: lanes leave the loop at different times
        __syncthreads();
#else
        if (shuffle_) {
            for (auto const i : shuffled(shuffle_, n)) f(static_cast<int>(i));
        } else {
            for (int i = 0; i < n; ++i) f(i);
        }
#endif
    }

private:
    void* scratch_;
    std::uint64_t shuffle_;
};

#ifdef __CUDACC__
template <class F>
__global__ void __launch_bounds__(most_threads<F>(), least_blocks<F>()) team_kernel(Nets nets, int tiles, F f)
{
    extern __shared__ double2 team_scratch[];  // begins where a load of 16 bytes may
    Team const team(team_scratch, 0);
    for (int net = blockIdx.y; net < nets.count; net += gridDim.y) {
        if (nets.skip && nets.skip[net]) continue;
        for (int tile = blockIdx.x; tile < tiles; tile += gridDim.x) f(team, net, tile);
    }
}
#endif

template <class F>
void team_on_cpu(std::uint64_t shuffle, Nets nets, int tiles, std::size_t scratch, F const& f)
{
    alignas(16) double small[team_scratch_limit / sizeof(double)];
    std::vector<double> large(scratch > team_scratch_limit ? scratch / sizeof(double) + 1 : 0);
    Team const one(large.empty() ? small : large.data(), shuffle);
    auto const block = [&](std::int64_t i) {
        auto const net = static_cast<int>(i / tiles);
        if (!nets.skip || !nets.skip[net]) f(one, net, static_cast<int>(i % tiles));
    };
    std::int64_t const blocks = std::int64_t{nets.count} * tiles;
    if (!shuffle)
        for (std::int64_t i = 0; i < blocks; ++i) block(i);
    else
        for (auto const i : shuffled(shuffle, blocks)) block(i);
}

// f(team, net, tile) for every network and tile, each in a block of its own.
template <class F>
void team(Exec const& exec, char const* name, Nets nets, int tiles, TeamSize const& size, F const& f)
{
    SG_EXPECT(size.scratch <= exec.scratch_limit());
    SG_EXPECT(size.threads > 0 && size.threads % 32 == 0 && size.threads <= most_threads<F>());
    if (nets.count <= 0 || tiles <= 0) return;
    if (exec.on_cpu()) {
        team_on_cpu(exec.shuffle(), nets, tiles, size.scratch, f);
        return;
    }
#ifdef __CUDACC__
    dim3 const grid(static_cast<unsigned>(tiles), static_cast<unsigned>(std::min(nets.count, 65535)));
    if (size.scratch > team_scratch_limit) allow_scratch(exec, reinterpret_cast<void const*>(&team_kernel<F>));
    LaunchScope const scope(exec, name, grid, size.threads);
    team_kernel<<<grid, size.threads, size.scratch, exec.device().stream>>>(nets, tiles, f);
#else
    static_cast<void>(name);
    SG_EXPECT(!"a launch on a device in a file that the C++ compiler compiled");
#endif
}

}  // namespace sg
