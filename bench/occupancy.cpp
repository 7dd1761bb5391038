// SPDX-License-Identifier: MIT
// Occupancy of kernels by NVIDIA's own calculator (cuda_occupancy.h), without a GPU. For bench/kernels.py:
//   input    a line "architecture registers static-shared dynamic-shared threads" for each kernel
//   output   the share of the multiprocessor's warps that are active, a line each
#include <cuda_occupancy.h>

#include <cstdio>

namespace {

// What cudaGetDeviceProperties says of an A100, an H200 and a B200 (CUDA C++ Programming Guide, table of compute
// capabilities). 0 multiprocessors: an architecture that is not known.
cudaOccDeviceProp properties(int architecture)
{
    constexpr std::size_t KiB = 1024;
    cudaOccDeviceProp p;
    p.computeMajor = architecture / 10;
    p.computeMinor = architecture % 10;
    p.maxThreadsPerBlock = 1024;
    p.maxThreadsPerMultiprocessor = 2048;
    p.regsPerBlock = p.regsPerMultiprocessor = 65536;
    p.warpSize = 32;
    p.sharedMemPerBlock = 48 * KiB;
    p.sharedMemPerMultiprocessor = (architecture == 80 ? 164 : 228) * KiB;
    p.sharedMemPerBlockOptin = p.sharedMemPerMultiprocessor - KiB;
    p.reservedSharedMemPerBlock = KiB;
    p.numSms = architecture == 80 ? 108 : architecture == 90 ? 132 : architecture == 100 ? 148 : 0;
    return p;
}

}  // namespace

int main()
{
    int architecture = 0, registers = 0, threads = 0;
    std::size_t fixed = 0, dynamic = 0;
    while (std::scanf("%d %d %zu %zu %d", &architecture, &registers, &fixed, &dynamic, &threads) == 5) {
        auto const device = properties(architecture);
        cudaOccFuncAttributes kernel;
        kernel.maxThreadsPerBlock = threads;
        kernel.numRegs = registers;
        kernel.sharedSizeBytes = fixed;
        kernel.maxDynamicSharedSizeBytes = device.sharedMemPerBlockOptin;
        kernel.shmemLimitConfig = FUNC_SHMEM_LIMIT_OPTIN;  // else 48 KiB are the limit
        cudaOccDeviceState const state;
        cudaOccResult result{};
        auto const status = cudaOccMaxActiveBlocksPerMultiprocessor(&result, &device, &kernel, &state, threads, dynamic);
        if (device.numSms == 0 || status != CUDA_OCC_SUCCESS) {
            std::fprintf(stderr, "occupancy: no result for sm_%d, %d threads\n", architecture, threads);
            return 1;
        }
        int const warps = result.activeBlocksPerMultiprocessor * ((threads + 31) / 32);
        std::printf("%.4f\n", warps / (device.maxThreadsPerMultiprocessor / 32.0));
    }
}
