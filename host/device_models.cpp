// SPDX-License-Identifier: MIT
// GPUs by their data sheets, for host/cost.hpp.
#include <algorithm>
#include <array>

#include "cuda/exec/libraries.hpp"
#include "host/cost.hpp"

namespace sg {

namespace {

// Of the peaks of a data sheet, what an H200 reached (bench/RESULTS.md); others were not there to be measured.
constexpr double gpu_flop_share = 0.73, gpu_tensor_share = 0.42, gpu_byte_share = 0.72;
constexpr double gpu_launch = 4e-6;
// Of a fused product: shared memory feeds 64 lanes of a multiprocessor, and copies and barriers take a part of that.
constexpr double fused_share = 0.58, fed_lanes = 64;
constexpr std::size_t KiB = 1 << 10, GiB = 1 << 30;

constexpr Processor gpu(int units, int lanes, double flops, double tensor_flops, double bandwidth, std::size_t scratch)
{
    return {units, gpu_flop_share * flops, gpu_flop_share * flops, gpu_tensor_share * tensor_flops,
            gpu_byte_share * bandwidth, gpu_launch, 1, fused_share * std::min(1.0, fed_lanes / lanes) * flops, scratch};
}

// Dense rates: float without tensor cores, and TF32. Of those with several boards that with the most: SXM.
constexpr std::array<DeviceModel, 4> models{
    DeviceModel{"h200", "H200", 139 * GiB, 227 * KiB, gpu(132, 128, 67e12, 494e12, 4.8e12, 228 * KiB)},
    DeviceModel{"h100", "H100", 79 * GiB, 227 * KiB, gpu(132, 128, 67e12, 494e12, 3.35e12, 228 * KiB)},
    DeviceModel{"a100", "A100", 78 * GiB, 163 * KiB, gpu(108, 64, 19.5e12, 156e12, 2.04e12, 164 * KiB)},
    DeviceModel{"l4", "L4", 21 * GiB, 99 * KiB, gpu(58, 128, 30.3e12, 60e12, 0.3e12, 100 * KiB)},
};

}  // namespace

std::span<DeviceModel const> device_models() { return models; }

DeviceModel const* device_model(std::string_view name)
{
    auto const* const found = std::find_if(models.begin(), models.end(), [&](auto const& m) { return m.name == name; });
    return found == models.end() ? nullptr : found;
}

DeviceModel const* device_model_of(std::string_view driver_name)
{
    auto const* const found = std::find_if(models.begin(), models.end(), [&](auto const& m) { return is_model(driver_name, m.title); });
    return found == models.end() ? nullptr : found;
}

}  // namespace sg
