// SPDX-License-Identifier: MIT
#include "cuda/exec/buffer.hpp"

#include <algorithm>

namespace sg {

Arena::Arena(Exec const& exec, std::size_t bytes) : memory_(exec, static_cast<std::int64_t>(bytes)) {}

void* Arena::carve(std::size_t bytes)
{
    constexpr std::size_t alignment = 256;
    std::size_t const at = used_;
    used_ += (bytes + alignment - 1) / alignment * alignment;
    largest_ = std::max(largest_, used_);
    if (measuring()) return nullptr;
    if (used_ > static_cast<std::size_t>(memory_.size())) {
        throw InternalError("the arena of " + std::to_string(memory_.size()) +
                            " bytes is too small: the plan is wrong. Please report it.");
    }
    return memory_.data() + at;
}

}  // namespace sg
