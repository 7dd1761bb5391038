// SPDX-License-Identifier: MIT
// Cooperative launches: one of the three launch sites of the project (each, rows, team).
// A kernel is a sequence of phases; the end of a phase is the barrier, so that a divergent barrier cannot
// be written. On the GPU the threads of a block stride over a phase, on the CPU it is a plain loop.
#pragma once

#include <algorithm>
#include <cstddef>

#include "cuda/exec/error.hpp"
#include "cuda/exec/exec.hpp"
#include "cuda/exec/fn.hpp"
#include "cuda/exec/order.hpp"

#ifdef __CUDACC__
#include "cuda/exec/cuda_state.hpp"
#endif

namespace sg {

inline constexpr std::size_t team_scratch_limit = 48 * 1024;  // bytes; of a block without opting in

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
__global__ void __launch_bounds__(64) team_kernel(Nets nets, int tiles, F f)
{
    extern __shared__ double team_scratch[];
    Team const team(team_scratch, 0);
    for (int net = blockIdx.y; net < nets.count; net += gridDim.y) {
        if (nets.skip && nets.skip[net]) continue;
        for (int tile = blockIdx.x; tile < tiles; tile += gridDim.x) f(team, net, tile);
    }
}
#endif

// f(team, net, tile) for every network and tile; `scratch` bytes are shared by the phases of one call.
template <class F>
void team(Exec const& exec, char const* name, Nets nets, int tiles, std::size_t scratch, F const& f)
{
    SG_EXPECT(scratch <= team_scratch_limit);
    if (nets.count <= 0 || tiles <= 0) return;
    if (exec.on_cpu()) {
        double memory[team_scratch_limit / sizeof(double)];
        Team const one(memory, exec.shuffle());
        for (int net = 0; net < nets.count; ++net) {
            if (nets.skip && nets.skip[net]) continue;
            for (int tile = 0; tile < tiles; ++tile) f(one, net, tile);
        }
        return;
    }
#ifdef __CUDACC__
    dim3 const grid(static_cast<unsigned>(tiles), static_cast<unsigned>(std::min(nets.count, 65535)));
    LaunchScope const scope(exec, name, grid, 64);
    team_kernel<<<grid, 64, scratch, exec.device().stream>>>(nets, tiles, f);
#else
    static_cast<void>(name);
    SG_EXPECT(!"a launch on a device in a file that the C++ compiler compiled");
#endif
}

}  // namespace sg
