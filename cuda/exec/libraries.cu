// SPDX-License-Identifier: MIT
#include "cuda/exec/libraries.hpp"

#include <cblas.h>
#include <lapacke.h>

#include "cuda/exec/error.hpp"

#ifdef SG_WITH_CUDA
#include <cusolver_common.h>

#include "cuda/exec/cuda_state.hpp"
#endif

namespace sg {

CpuLibraries cpu_libraries() {
    lapack_int major = 0, minor = 0, patch = 0;
    LAPACKE_ilaver(&major, &minor, &patch);
    return {openblas_get_config(), openblas_get_corename(),
            std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch)};
}

bool is_model(std::string_view driver_name, std::string_view title) {
    auto const at = driver_name.find(title);
    return at != std::string_view::npos &&
           driver_name.substr(at + title.size()).find_first_of("0123456789") != 0;
}

#ifndef SG_WITH_CUDA

CudaLibraries cuda_libraries() { return {}; }

GpuFacts gpu_facts(int) { throw DeviceError("this build has no CUDA"); }

#else

CudaLibraries cuda_libraries() {
    CudaLibraries found;
    found.compiled = CUDART_VERSION;
    // What does not answer stays 0: the device that it spoils says more.
    static_cast<void>(cudaDriverGetVersion(&found.driver));
    static_cast<void>(cudaRuntimeGetVersion(&found.runtime));
    static_cast<void>(cudaGetLastError());
    static_cast<void>(cusolverGetVersion(&found.solver));
    found.blas = static_cast<int>(cublasLtGetVersion());
    return found;
}

GpuFacts gpu_facts(int ordinal) {
    cudaDeviceProp properties{};
    SG_TRY(cudaGetDeviceProperties(&properties, ordinal));
    return {properties.name, 10 * properties.major + properties.minor,
            properties.multiProcessorCount};
}

#endif

}  // namespace sg
