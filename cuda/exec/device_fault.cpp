// SPDX-License-Identifier: MIT
#include "cuda/exec/device_fault.hpp"

namespace sg {

namespace {

std::string dotted(int major, int minor) { return std::to_string(major) + "." + std::to_string(minor); }

// The first driver of a major version of CUDA; every later one will do (NVIDIA, "CUDA Compatibility").
std::string first_driver(int cuda_major)
{
    return cuda_major == 13 ? "580" : "one of CUDA " + dotted(cuda_major, 0);
}

}  // namespace

std::string driver_fault(int driver, int runtime)
{
    int const major = runtime / 1000;
    std::string const wanted = first_driver(major) + " or newer";
    if (driver == 0)
        return "no NVIDIA driver is loaded: if there is a GPU, install driver " + wanted;
    return "the driver supports CUDA " + dotted(driver / 1000, driver % 1000 / 10) +
           ", this program needs " + dotted(major, 0) + ": update the driver to " + wanted;
}

std::string capability_fault(std::string const& device, int capability, int oldest)
{
    if (capability >= oldest) return "";
    return device + " has compute capability " + dotted(capability / 10, capability % 10) +
           ", this program was compiled for " + dotted(oldest / 10, oldest % 10) + " and newer";
}

}  // namespace sg
