// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "cuda/nets/fused.hpp"
#include "host/cost.hpp"

namespace sg {

namespace {

constexpr double enough_warps = 8;  // of a multiprocessor: fewer wait for each other
constexpr double edge = 9;          // what narrow layers lose, as if they had so many more units: measured on an H200

// The share of the rate that blocks reach which the multiprocessors hold side by side, and of which some get one more.
double filled(Processor const& p, FusedShape const& shape, int nets, std::int64_t M)
{
    constexpr int threads = 512;  // of a multiprocessor, with at most 128 registers each
    auto const bytes = shape.scratch(sizeof(float)) + 1024;  // the system keeps 1 KiB of a block
    auto const held = std::min(static_cast<int>(p.unit_scratch / bytes), threads / shape.threads);
    double const share = static_cast<double>(nets) * FusedShape::blocks(M) / p.units, fullest = std::ceil(share);
    double const warps = std::min(static_cast<double>(held), fullest) * shape.threads / 32;
    return std::min(1.0, warps / enough_warps) * share / fullest;
}

}  // namespace

Cost cost_between_matmuls(Model const& model, Processor const& p, int nets, std::int64_t M)
{
    auto const shape = FusedShape::of(model);
    SG_EXPECT(shape.has_value() && p.fused_flops > 0);
    auto const examples = static_cast<double>(up(M, FusedShape::examples)), N = static_cast<double>(nets);
    double padded = 0;
    std::int64_t later = 0;
    for (auto const& t : model.tensors.all()) {
        if (t.layer == 0) continue;
        padded += 12 * N * examples * (static_cast<double>(up(t.fan_in, 4)) + edge) * (static_cast<double>(up(t.fan_out, 4)) + edge);
        later += t.size();
    }
    // a twice and δ once; Rz and Rδ of the first layer; the sums, which another launch adds.
    std::int64_t const sums = shape->slices * FusedShape::blocks(M) * later;
    double const bytes = 4 * N * static_cast<double>(M * (3 * model.units() + 2 * model.units(0)) + sums);
    double const added = 4 * N * static_cast<double>(sums + later);
    double const computing = padded / (p.fused_flops * filled(p, *shape, nets, M));
    return {std::max(computing, bytes / p.bandwidth) + added / p.bandwidth + 2 * p.launch,
            12 * N * static_cast<double>(M * later), bytes + added, 2};
}

int widest_fused(DeviceModel const& device, int depth)
{
    constexpr std::int64_t M = 512;
    constexpr int nets = 256;
    SG_EXPECT(depth >= 2 && depth <= FusedShape::most_layers);
    int widest = 0;
    for (int width = 4; width <= FusedShape::widest; width += 4) {
        FcnSpec spec;
        spec.depth = depth;
        spec.width = width;
        auto const model = build_fcn(spec);
        if (FusedShape::of(model).value().scratch(sizeof(float)) > device.scratch) break;
        auto const seconds = [&](bool fused) { return cost_of_product(model, device.processor, nets, M, fused).seconds; };
        if (seconds(true) >= seconds(false)) break;
        widest = width;
    }
    return widest;
}

}  // namespace sg
