// SPDX-License-Identifier: MIT
// Sums per network: one of the three launch sites of the project (each, rows, team).
#pragma once

#include <algorithm>

#include "cuda/exec/bind.hpp"
#include "cuda/exec/each.hpp"
#include "cuda/exec/exec.hpp"
#include "cuda/exec/fn.hpp"
#include "cuda/exec/view.hpp"

#ifdef __CUDACC__
#include "cuda/exec/cuda_state.hpp"
#endif

namespace sg {

inline constexpr int rows_limit = 64;  // most sums of one launch

// Summands of a block on a GPU. The sum of a long vector is that of its parts: one block for each of a few networks would leave the
// device idle.
inline constexpr std::int64_t rows_part = 1 << 16;

#ifdef __CUDACC__
// One block for each (k, part, network), of networks first + n: the order of the sum depends on the length alone.
// out: (N, k · parts + part)
template <class F>
__global__ void rows_kernel(Nets nets, int first, std::int64_t length, int parts, F f, View<double, 2> out)
{
    __shared__ double partial[256];
    int const k = static_cast<int>(blockIdx.x) / parts, part = static_cast<int>(blockIdx.x) % parts;
    std::int64_t const begin = part * rows_part;
    std::int64_t const end = part + 1 < parts ? begin + rows_part : length;
    for (int net = blockIdx.y; net < nets.count; net += gridDim.y) {
        if (nets.skip && nets.skip[net]) continue;
        auto const g = bind_sum(f, first + net, k);
        double sum = 0;
        for (std::int64_t i = begin + threadIdx.x; i < end; i += blockDim.x) sum += g(i);
        partial[threadIdx.x] = sum;
        __syncthreads();
        for (unsigned half = blockDim.x / 2; half > 0; half /= 2) {
            if (threadIdx.x < half) partial[threadIdx.x] += partial[threadIdx.x + half];
            __syncthreads();
        }
        if (threadIdx.x == 0) out(net, blockIdx.x) = partial[0];
        __syncthreads();
    }
}

// out(net, k) = Σ parts(net, k · count + p)
struct AddParts {
    View<double const, 2> parts;
    int count;
    View<double, 2> out;
    SG_FN void operator()(int net, std::int64_t k) const
    {
        double sum = 0;
        for (int p = 0; p < count; ++p) sum += parts(net, k * count + p);
        out(net, k) = sum;
    }
};

template <class F>
void rows_on_device(Exec const& exec, char const* name, Nets nets, std::int64_t n, int sums, F const& f, View<double, 2> const& out)
{
    int const threads = 256;
    auto& device = exec.device();
    auto const parts = std::max<std::int64_t>((n + rows_part - 1) / rows_part, 1), all = parts * sums;
    SG_EXPECT(parts == 1 || static_cast<std::size_t>(all) * sizeof(double) <= CudaState::sums_bytes);
    std::int64_t const enough = 1 << 17;  // blocks of a launch, whose parts have room there
    int const most = static_cast<int>(std::min<std::int64_t>(parts == 1 ? nets.count : std::max(enough / all, std::int64_t{1}), 65535));
    for (int first = 0; first < nets.count; first += most) {
        Nets const some{std::min(most, nets.count - first), nets.skip ? nets.skip + first : nullptr};
        auto const there = networks(out, first, some.count);
        auto const to = parts == 1 ? there : View<double, 2>::dense(static_cast<double*>(device.sums), some.count, all);
        {
            dim3 const grid(static_cast<unsigned>(all), static_cast<unsigned>(some.count));
            LaunchScope const scope(exec, name, grid, threads);
            rows_kernel<<<grid, threads, 0, device.stream>>>(some, first, n, static_cast<int>(parts), f, to);
        }
        if (parts > 1) each(exec, "add_parts", some, sums, AddParts{to, static_cast<int>(parts), there});
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
    rows_on_device(exec, name, nets, n, sums, f, out);
#else
    static_cast<void>(name);
    SG_EXPECT(!"a launch on a device in a file that the C++ compiler compiled");
#endif
}

}  // namespace sg
