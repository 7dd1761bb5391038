// SPDX-License-Identifier: MIT
// What an Exec of space cuda does, one function for each of its calls. In a build without CUDA `open` throws
// and the others cannot be reached.
#pragma once

#include "cuda/exec/exec.hpp"

namespace sg::device {

std::shared_ptr<CudaState> open(int ordinal);
void wait(CudaState& device);
Exec::Moment moment(CudaState& device);
void wait_for(CudaState& device, Exec::Moment moment);
void* allocate(CudaState& device, std::size_t bytes);
void release(CudaState& device, void* data) noexcept;
void* allocate_pinned(CudaState& device, std::size_t bytes);
void release_pinned(CudaState& device, void* data) noexcept;
void copy_in(CudaState& device, void* to, void const* from, std::size_t bytes);
void copy_out(CudaState& device, void* to, void const* from, std::size_t bytes);  // returns at once
void fill(CudaState& device, void* data, unsigned char byte, std::size_t bytes);
Exec::Counters counters(CudaState const& device);
std::string describe(CudaState const& device);
Exec::Memory memory(CudaState const& device);
std::string model(CudaState const& device);
std::size_t scratch_limit(CudaState const& device);

}  // namespace sg::device
