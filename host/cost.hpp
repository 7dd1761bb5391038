// SPDX-License-Identifier: MIT
// How long a study takes, from flops, bytes and launches: for `plan` alone, a run never reads it.
#pragma once

#include <span>
#include <string_view>

#include "host/cohort.hpp"

namespace sg {

// What computes, in a few numbers. A CPU is one core of it.
struct Processor {
    int units = 1;                 // multiprocessors, which take the tiles of a matmul in turn
    double flops = 0;              // a second, in float, of all units together: of the first layer
    double inner_flops = 0;        // of the others
    double tensor_flops = 0;       // the same in TF32; 0: never
    double bandwidth = 0;          // bytes a second
    double launch = 0;             // s before a kernel of a graph begins
    std::int64_t columns = 1;      // columns of a matmul are made up to a multiple
    double fused_flops = 0;        // the same of fused products (nets/fused.hpp)
    std::size_t unit_scratch = 0;  // bytes of shared memory of a multiprocessor
    double vector_bandwidth = 0;   // of a core: bytes a second of sums over parameter vectors

    bool is_core() const { return launch == 0; }
};

// A GPU that need not be there, from its data sheet.
struct DeviceModel {
    std::string_view name, title;  // of --device; in the names that the driver gives
    std::size_t memory;            // free on an idle one
    std::size_t scratch;           // bytes of shared memory that a block may ask for
    Processor processor;
};

std::span<DeviceModel const> device_models();
// Null where there is none of that name, or none whose title is in the driver's name.
DeviceModel const* device_model(std::string_view name);
DeviceModel const* device_model_of(std::string_view driver_name);

// One core of this machine, measured in some milliseconds: its matmul rate at width w, and what passes over the
// activations of a chunk reach.
Processor measure_core(std::int64_t width);

struct Cost {
    double seconds = 0, flops = 0, bytes = 0;
    std::int64_t launches = 0;

    Cost operator+(Cost const& b) const
    {
        return {seconds + b.seconds, flops + b.flops, bytes + b.bytes, launches + b.launches};
    }
};

// x made up to a multiple: what tiles compute of a matrix.
inline std::int64_t up(std::int64_t x, std::int64_t multiple) { return (x + multiple - 1) / multiple * multiple; }

// A step of training, its evaluation, and (for a share `measured` of the steps) λ, of a slice of `nets` networks with
// `seeds` different seeds.
Cost cost_of_step(Study const& study, Cohort const& cohort, Processor const& processor, int nets, int seeds,
                  double measured);

// A product of M examples, rotated to as many inputs, without what an eigensolver does beside it. And what stands
// between the two matmuls of the first layer where products are fused (nets/fused.hpp).
Cost cost_of_product(Model const& model, Processor const& processor, int nets, std::int64_t M, bool fused,
                     bool tensor = false);
Cost cost_between_matmuls(Model const& model, Processor const& processor, int nets, std::int64_t M);

// What nets/fused_table.hpp holds: up to which width products of networks of this depth are fused; 0: none. Of floats, for
// Fashion-MNIST, 512 measurement examples and 256 networks: fewer gain more.
int widest_fused(DeviceModel const& model, int depth);

// Seconds of all slices of a cohort, one after the other.
double cost_of_cohort(Study const& study, Cohort const& cohort, Processor const& processor);

}  // namespace sg
