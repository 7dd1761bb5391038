// SPDX-License-Identifier: MIT
// Elementwise launches: one of the three launch sites of the project (each, rows, team).
#pragma once

#include <algorithm>

#include "cuda/exec/bind.hpp"
#include "cuda/exec/error.hpp"
#include "cuda/exec/exec.hpp"
#include "cuda/exec/fn.hpp"
#include "cuda/exec/order.hpp"

#ifdef __CUDACC__
#include "cuda/exec/cuda_state.hpp"
#endif

namespace sg {

#ifdef __CUDACC__
template <class F>
__global__ void each_kernel(Nets nets, std::int64_t n, F f)
{
    for (int net = blockIdx.y; net < nets.count; net += gridDim.y) {
        if (nets.skip && nets.skip[net]) continue;
        auto const g = bind(f, net);
        std::int64_t const stride = std::int64_t{blockDim.x} * gridDim.x;
        for (std::int64_t i = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < n; i += stride)
            g(i);
    }
}
#endif

// The grid of `each` on a GPU. A block has no warp without an index, as scalar decisions (n = 1) would have
// seven of eight; and where 8192 blocks and more would come, a thread takes up to eight indices: what bind
// loads for the network is then loaded once for all of them.
struct EachGrid {
    int threads;
    std::int64_t blocks;  // for each network
};
inline EachGrid each_grid(std::int64_t n, int nets)
{
    std::int64_t const enough = 4096;  // blocks that fill any GPU, several times over
    auto const threads = static_cast<int>(std::min<std::int64_t>((n + 31) / 32 * 32, 256));
    auto const blocks = (n + threads - 1) / threads;
    auto const indices = std::clamp<std::int64_t>(blocks * nets / enough, 1, 8);
    return {threads, std::min<std::int64_t>((blocks + indices - 1) / indices, 1024)};
}

template <class F>
void each_on_cpu(Nets nets, std::int64_t begin, std::int64_t end, F const& f)
{
    for (int net = 0; net < nets.count; ++net) {
        if (nets.skip && nets.skip[net]) continue;
        auto const g = bind(f, net);  // a local copy: its members stay in registers
        SG_INDEPENDENT
        for (std::int64_t i = begin; i < end; ++i) g(i);
    }
}

// f(net, i) for every network and every 0 ≤ i < n, in any order. f writes only what belongs to (net, i).
template <class F>
void each(Exec const& exec, char const* name, Nets nets, std::int64_t n, F const& f)
{
    if (nets.count <= 0 || n <= 0) return;
    if (exec.on_cpu()) {
        if (exec.shuffle()) {
            for_each_shuffled(exec.shuffle(), nets, n, f);
        } else {
            // Where a part begins, a vector of the loop begins, and a cache line.
            exec.share(n, 4096, 64,
                       [&](std::int64_t begin, std::int64_t end) { each_on_cpu(nets, begin, end, f); });
        }
        return;
    }
#ifdef __CUDACC__
    auto const [threads, blocks] = each_grid(n, nets.count);
    dim3 const grid(static_cast<unsigned>(blocks), static_cast<unsigned>(std::min(nets.count, 65535)));
    LaunchScope const scope(exec, name, grid, threads);
    each_kernel<<<grid, threads, 0, exec.device().stream>>>(nets, n, f);
#else
    static_cast<void>(name);
    SG_EXPECT(!"a launch on a device in a file that the C++ compiler compiled");
#endif
}

}  // namespace sg
