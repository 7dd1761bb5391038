// SPDX-License-Identifier: MIT
// Written by bench-fused-table from the model of time (host/cost.hpp); a test compares. Which products are fused
// (nets/fused.hpp), for models of GPUs by the title that stands in the name that their driver gives.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace sg {

struct FusedDevice {
    std::string_view title;
    std::size_t scratch;         // bytes that a block may ask for
    std::array<int, 15> widest;  // of depth 2 ... 16: up to this width; 0: none
};

inline constexpr std::array<FusedDevice, 4> fused_devices{{
    {"H200", 232448, {64, 52, 44, 40, 40, 36, 36, 36, 28, 28, 28, 12, 12, 12, 12}},
    {"H100", 232448, {64, 64, 52, 48, 44, 40, 36, 36, 28, 28, 28, 12, 12, 12, 12}},
    {"A100", 166912, {64, 64, 64, 64, 60, 28, 28, 20, 20, 20, 20, 20, 12, 12, 12}},
    {"L4", 101376, {60, 52, 48, 44, 36, 36, 32, 28, 28, 28, 20, 20, 20, 20, 20}},
}};

}  // namespace sg
