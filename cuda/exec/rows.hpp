// SPDX-License-Identifier: MIT
// Sums per network: one of the three launch sites of the project (each, rows, team).
#pragma once

#include <algorithm>

#include "cuda/exec/bind.hpp"
#include "cuda/exec/exec.hpp"
#include "cuda/exec/fn.hpp"
#include "cuda/exec/view.hpp"

#ifdef __CUDACC__
#include "cuda/exec/cuda_state.hpp"
#endif

namespace sg {

inline constexpr int rows_limit = 64;  // most sums of one launch

#ifdef __CUDACC__
// One block for each (k, network): the order of the sum depends on n alone.
template <class F>
__global__ void rows_kernel(Nets nets, std::int64_t n, F f, View<double, 2> out)
{
    __shared__ double partial[256];
    int const k = blockIdx.x;
    for (int net = blockIdx.y; net < nets.count; net += gridDim.y) {
        if (nets.skip && nets.skip[net]) continue;
        auto const g = bind_sum(f, net, k);
        double sum = 0;
        for (std::int64_t i = threadIdx.x; i < n; i += blockDim.x) sum += g(i);
        partial[threadIdx.x] = sum;
        __syncthreads();
        for (unsigned half = blockDim.x / 2; half > 0; half /= 2) {
            if (threadIdx.x < half) partial[threadIdx.x] += partial[threadIdx.x + half];
            __syncthreads();
        }
        if (threadIdx.x == 0) out(net, k) = partial[0];
        __syncthreads();
    }
}
#endif

// Sums begin ≤ k < end. 16 partial sums, so that the loop vectorises; tiles of i, so that they make one pass over
// memory.
template <class F>
void rows_on_cpu(Nets nets, std::int64_t n, int begin, int end, F const& f, View<double, 2> const& out)
{
    constexpr int lanes = 16;
    constexpr std::int64_t tile = 2048;
    for (int net = 0; net < nets.count; ++net) {
        if (nets.skip && nets.skip[net]) continue;
        double partial[rows_limit][lanes] = {};
        for (std::int64_t first = 0; first < n; first += tile) {
            std::int64_t const last = std::min(n, first + tile);
            for (int k = begin; k < end; ++k) {
                auto const g = bind_sum(f, net, k);
                double s[lanes];
                for (int l = 0; l < lanes; ++l) s[l] = partial[k][l];
                std::int64_t i = first;
                for (; i + lanes <= last; i += lanes)
                    for (int l = 0; l < lanes; ++l) s[l] += g(i + l);
                for (int l = 0; i < last; ++i, ++l) s[l] += g(i);
                for (int l = 0; l < lanes; ++l) partial[k][l] = s[l];
            }
        }
        for (int k = begin; k < end; ++k) {
            for (int half = lanes / 2; half > 0; half /= 2)
                for (int l = 0; l < half; ++l) partial[k][l] += partial[k][l + half];
            out(net, k) = partial[k][0];
        }
    }
}

// out(net, k) = Σ_i f(net, i, k) in double, in an order that depends on n alone.   out: (N, sums)
template <class F>
void rows(Exec const& exec, char const* name, Nets nets, std::int64_t n, int sums, F const& f,
          View<double, 2> const& out)
{
    SG_EXPECT(sums >= 1 && sums <= rows_limit && sums <= out.extent[1]);
    if (nets.count <= 0) return;
    if (exec.on_cpu()) {
        exec.share(sums, 8192 / std::max<std::int64_t>(n, 1), 1, [&](std::int64_t begin, std::int64_t end) {
            rows_on_cpu(nets, n, static_cast<int>(begin), static_cast<int>(end), f, out);
        });
        return;
    }
#ifdef __CUDACC__
    int const threads = 256;
    dim3 const grid(static_cast<unsigned>(sums), static_cast<unsigned>(std::min(nets.count, 65535)));
    LaunchScope const scope(exec, name, grid, threads);
    rows_kernel<<<grid, threads, 0, exec.device().stream>>>(nets, n, f, out);
#else
    static_cast<void>(name);
    SG_EXPECT(!"a launch on a device in a file that the C++ compiler compiled");
#endif
}

}  // namespace sg
