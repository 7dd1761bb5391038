// SPDX-License-Identifier: MIT
// Which numerical libraries are loaded, and what a GPU is. Numbers alone: whoever prints them finds
// the words.
#pragma once

#include <string>
#include <string_view>

namespace sg {

struct CpuLibraries {
    std::string blas;    // configuration of OpenBLAS
    std::string core;    // the kernels that it chose
    std::string lapack;  // version that LAPACKE calls, e.g. "3.11.0"
};
CpuLibraries cpu_libraries();

// As each library counts: CUDA 13.2 is 13020, cuBLASLt 13.2.0 130200, cuSOLVER 12.0.4 12004. All 0
// in a build without CUDA; the driver 0 where there is none, and whatever else does not answer.
struct CudaLibraries {
    int compiled = 0;  // the runtime's header
    int driver = 0, runtime = 0, blas = 0, solver = 0;
};
CudaLibraries cuda_libraries();

struct GpuFacts {
    std::string name;
    int capability = 0;  // 90 is 9.0
    int processors = 0;  // SMs
};
GpuFacts gpu_facts(int ordinal);  // DeviceError

// Whether a driver's name is that of a model: "NVIDIA L4" is an L4, "NVIDIA L40S" is not.
bool is_model(std::string_view driver_name, std::string_view title);

}  // namespace sg
