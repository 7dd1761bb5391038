// SPDX-License-Identifier: MIT
// Cohorts: the networks of one model, depth and width. What they cost, and how they are cut into slices.
// Slices never change a number.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cuda/nets/model.hpp"
#include "cuda/sharpness/meter.hpp"
#include "cuda/sharpness/spectrum.hpp"
#include "cuda/train/slice.hpp"
#include "host/dataset.hpp"
#include "host/study.hpp"

namespace sg {

struct Cohort {
    int variant = 0;  // of Study::variants
    FcnSpec spec;
    Model model;
    Model coordinates;             // of the vectors of the sharpness (nets/rotation.hpp)
    std::string device;            // title of the model of GPU where it runs; its products may be fused there
    std::int64_t examples = 0;     // of the data set
    int slice_nets = 1;            // networks of a slice
    int unit_seeds = 1;            // seeds whose λ₀ is measured together
    bool recompute = false;        // activations are made again for each product: they did not fit
    std::size_t arena_bytes = 0;   // memory of one worker for a slice of this cohort
    double flops = 0;              // of one network over the whole study, without λ₀
    double initial_flops = 0;      // of λ₀, for one seed
};

enum class Precision : std::uint8_t { single, dual };

// What a worker has for one slice.
struct SliceLimit {
    int networks;  // at most; the CPU takes four of the smallest in any case
    std::size_t bytes;
    std::string device = {};  // title of its model, where that is known
};

// The cohorts of a study, cut into the largest slices that fit (of one network where none does). `data` is
// what of a data set is needed for that: for `plan`, which does not load it.
std::vector<Cohort> make_cohorts(Study const& study, DatasetShape const& data, Space space,
                                 Precision precision, SliceLimit const& limit);

// Networks of a slice when memory is no question.
int wanted_networks(Study const& study, Cohort const& cohort, Space space, int most);

// SliceLimit::networks for the CPU, of all networks that can be under way at once: so few that every worker has
// some. A search asks for about four of a seed at a time.
int cpu_slice(Study const& study, int workers);

// Cuts a cohort into slices of `nets` networks.
void set_slice(Cohort& cohort, int nets, Study const& study, DatasetShape const& data, Space space,
               Precision precision);

MeterOptions meter_options(Study const& study);
TrainOptions train_options(Study const& study, Variant const& variant);

// DataError when the measurement examples or a batch are more than the data set has.
void check_sizes(Study const& study, DatasetShape const& data);

// flops of one network wherever it runs: unlike Cohort::flops it does not depend on free memory.
double network_cost(Study const& study, Cohort const& cohort);

// Numbers that a checkpoint keeps of one network of a cohort.
std::int64_t state_values(Study const& study, Cohort const& cohort);

SpectrumOptions spectrum_options(Study const& study);
// Products that the plan expects of one measurement of the spectrum.
double spectrum_products(Study const& study, std::int64_t params);

// What flops and time are both made of. Of a search about a third of the networks have to show at every step that λ does
// not rise; `barrier_points` are evaluations of the loss of one network; `product_inputs` are the columns r of L that a
// product of M examples may read (nets/rotation.hpp), 0: it reads the examples.
double measured_share(Study const& study, int step);
int barrier_points(Study const& study);
double initial_products(Study const& study, std::int64_t params);
std::int64_t product_inputs(Study const& study, std::int64_t examples, std::int64_t inputs);

// Products that the plan expects of one measurement, after step 1, 2, ....
double expected_products(Study const& study, std::int64_t params, int step);

}  // namespace sg
