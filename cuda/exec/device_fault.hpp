// SPDX-License-Identifier: MIT
// Why a GPU cannot be used, in one message: the problem, what is required, what to do.
#pragma once

#include <string>

#include "cuda/exec/error.hpp"

namespace sg {

// A driver that is older than the runtime wants. Versions as the CUDA runtime counts them: 13020 is 13.2;
// a driver of version 0 is none.
std::string driver_fault(int driver, int runtime);

// A device of compute capability `capability`, e.g. 75 for 7.5, where the kernels were compiled for
// `oldest` and newer. Empty where it can be used.
std::string capability_fault(std::string const& device, int capability, int oldest);

// Told apart from a full disk: a run may go on with smaller slices.
class OutOfDeviceMemory : public ResourceError {
public:
    using ResourceError::ResourceError;
};

}  // namespace sg
