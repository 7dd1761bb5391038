// SPDX-License-Identifier: MIT
#include "host/cohort.hpp"

#include <algorithm>
#include <atomic>

#include "cuda/nets/rotation.hpp"
#include "host/slice_run.hpp"

namespace sg {

namespace {

FcnSpec spec_of(Variant const& v, int depth, int width, DatasetShape const& data)
{
    FcnSpec spec;
    spec.depth = depth;
    spec.width = width;
    spec.inputs = data.inputs;
    spec.classes = data.classes;
    spec.activation = v.activation;
    spec.last_layer = v.last_layer;
    spec.parameterization = v.parameterization;
    spec.output_scale = v.output_scale;
    spec.output_exponent = v.output_exponent;
    return spec;
}

// Bytes that a SliceRun takes: the same code runs on an arena without memory.
template <class T>
std::size_t arena_bytes(Study const& study, Cohort const& cohort, Space space, DatasetShape const& data)
{
    Arena measure;
    std::atomic<bool> const stop{false};
    auto const L = study.loss_examples(data.examples);
    Batch<T> batch;
    batch.x = View<T const, 3>::dense(nullptr, 1, L, data.inputs);
    batch.labels.labels = View<std::int32_t const, 2>::dense(nullptr, 1, L);
    batch.rotated = View<T const, 3>::dense(nullptr, 1, L, rotated_inputs(L, data.inputs));
    SliceRun<T> const run(Exec::planning(space, cohort.device), measure, study, cohort, {}, data.examples, batch, &stop);
    return measure.largest();
}

// Of one product of the measurement of λ. Where it runs does not matter: a shard is dealt out by it.
double measurement_flops(Study const& study, Cohort const& cohort, std::int64_t examples)
{
    auto const r = product_inputs(study, examples, cohort.model.inputs);
    return r > 0 ? rotated_flops(cohort.model, examples, r) : product_flops(cohort.model, examples);
}

double network_flops(Study const& study, Variant const& v, Cohort const& cohort, bool recompute)
{
    auto const& model = cohort.model;
    auto const L = study.loss_examples(cohort.examples);
    std::int64_t const M = study.published() ? v.batch : study.sharpness.examples;
    double flops = 0;
    for (int t = 1; t <= study.steps; ++t) {
        flops += forward_flops(model, L);
        double const measured = measured_share(study, t);
        double const forward = study.published() ? forward_flops(model, M) : 0;
        double const backward = forward + linearise_flops(model, M);
        double const again = recompute ? forward_flops(model, M) + linearise_flops(model, M) : 0;
        double const spectrum = study.spectrum.at(t) ? spectrum_products(study, model.params()) : 0;
        double const products = measured * expected_products(study, model.params(), t);
        flops += (spectrum > 0 ? 1 : measured) * backward + products * (measurement_flops(study, cohort, M) + again) +
                 spectrum * (product_flops(model, M) + again);
    }
    flops += barrier_points(study) * forward_flops(model, L);
    if (v.batch > 0) return flops + study.steps * gradient_flops(model, v.batch);
    return flops + study.steps * (gradient_flops(model, L) - forward_flops(model, L));
}

}  // namespace

double network_cost(Study const& study, Cohort const& cohort)
{
    auto const& variant = study.variants.at(static_cast<std::size_t>(cohort.variant));
    return network_flops(study, variant, cohort, false);
}

std::int64_t state_values(Study const& study, Cohort const& cohort)
{
    auto const& variant = study.variants.at(static_cast<std::size_t>(cohort.variant));
    bool const lanczos = study.sharpness.method == SharpnessMethod::lanczos;
    return cohort.model.params() * (variant.momentum != 0 ? 2 : 1) + (lanczos ? 2 * cohort.coordinates.params() : 0);
}

double measured_share(Study const& study, int step)
{
    return study.measured_at(step) ? 1 : study.search ? 1.0 / 3 : 0;
}

// 101 points and some about the peak; in a search, of about half the networks.
int barrier_points(Study const& study) { return !study.barrier ? 0 : study.search ? 60 : 120; }

double initial_products(Study const& study, std::int64_t params)
{
    return study.published() ? expected_products(study, params, 1) : 14;
}

std::int64_t product_inputs(Study const& study, std::int64_t examples, std::int64_t inputs)
{
    bool const parameters = study.published() || study.sharpness.method == SharpnessMethod::exact;
    return parameters ? 0 : rotated_inputs(examples, inputs);
}

// bench/RESULTS.md: fewer from step to step while the start vectors become better, and the audit's.
double expected_products(Study const& study, std::int64_t params, int step)
{
    if (study.sharpness.method == SharpnessMethod::power) return study.sharpness.iterations + 1;
    if (study.sharpness.method == SharpnessMethod::exact) return static_cast<double>(params + 1);
    double const in_full = study.tf32() ? 1 : 0;
    return 3.7 + 4.0 / step + in_full;
}

// Of the searches: measured on Fashion-MNIST (d4 w64, and a zero last layer), twice that where they are hard.
double spectrum_products(Study const& study, std::int64_t params)
{
    auto const& s = study.spectrum;
    auto const all = static_cast<double>(params);
    double const top = s.top > 0 ? std::min(all, 25.0 * s.top) + s.top : 0;
    double const smallest = s.smallest ? std::min(all, 40.0) + 1 : 0;
    return top + smallest + s.probes * std::min(all, static_cast<double>(s.order));
}

SpectrumOptions spectrum_options(Study const& study)
{
    return {study.spectrum.top, study.spectrum.smallest, study.spectrum.probes, study.spectrum.order};
}

MeterOptions meter_options(Study const& study)
{
    MeterOptions options;
    options.method = static_cast<Method>(study.sharpness.method);
    options.tolerance = study.sharpness.tolerance;
    options.iterations = study.sharpness.iterations;
    options.tf32 = study.tf32();
    return options;
}

TrainOptions train_options(Study const& study, Variant const& variant)
{
    return {variant.loss, variant.momentum, variant.batch, study.barrier};
}

void check_sizes(Study const& study, DatasetShape const& data)
{
    auto const require = [&](std::int64_t wanted, std::string const& key) {
        if (wanted <= data.examples) return;
        throw UserError(key + " = " + std::to_string(wanted) + ", but " + study.data.set + " has " +
                        std::to_string(data.examples) + " examples. Take at most as many.");
    };
    require(study.sharpness_0_examples(data.examples), "sharpness.examples");
    for (auto const& v : study.variants) require(v.batch, "training.batch");
}

// On the CPU a few networks, so that a batch is gathered for several and the memory stays small; on a GPU
// hundreds (one launch serves all).
int wanted_networks(Study const& study, Cohort const& cohort, Space space, int most)
{
    auto const per_seed = static_cast<std::int64_t>(study.c.size());
    auto const all = per_seed * static_cast<std::int64_t>(study.seeds.size());
    if (space == Space::cuda) return static_cast<int>(std::min<std::int64_t>(most, all));
    std::int64_t const fit = (std::int64_t{1} << 19) / std::max<std::int64_t>(cohort.model.params(), 1);
    return static_cast<int>(std::min({per_seed, std::clamp<std::int64_t>(fit, 1, 4), std::int64_t{most}}));
}

int cpu_slice(Study const& study, int workers)
{
    auto const shapes = study.variants.size() * study.depth.size() * study.width.size();
    auto const of_seed = study.search ? std::min<std::size_t>(study.c.size(), 4) : study.c.size();
    auto const all = static_cast<std::int64_t>(shapes * study.seeds.size() * of_seed);
    return static_cast<int>(std::clamp<std::int64_t>(all / std::max(workers, 1), 1, 4));
}

void set_slice(Cohort& c, int nets, Study const& study, DatasetShape const& data, Space space,
               Precision precision)
{
    auto const M = study.sharpness_0_examples(c.examples);
    int const per_seed = static_cast<int>(study.c.size()), seeds = static_cast<int>(study.seeds.size());
    c.slice_nets = nets;
    c.unit_seeds = space == Space::cpu ? 1 : std::clamp(nets / per_seed, 1, seeds);
    c.arena_bytes = precision == Precision::single ? arena_bytes<float>(study, c, space, data)
                                                   : arena_bytes<double>(study, c, space, data);
    c.flops = network_flops(study, study.variants[static_cast<std::size_t>(c.variant)], c,
                            c.recompute);
    double const spectrum = study.spectrum.at(0) ? spectrum_products(study, c.model.params()) : 0;
    c.initial_flops = initial_products(study, c.model.params()) * measurement_flops(study, c, M) + spectrum * product_flops(c.model, M) +
                      forward_flops(c.model, M) + linearise_flops(c.model, M);
    if (study.published()) c.initial_flops += forward_flops(c.model, c.examples);
}

// The largest slice of at most `wanted` networks that fits; 0 where not even one does.
static int fit_slice(Cohort& c, int wanted, std::size_t bytes, Study const& study,
                     DatasetShape const& data, Space space, Precision precision)
{
    int fits = 0;
    for (int over = wanted + 1; fits + 1 < over;) {
        int const nets = fits == 0 && over == wanted + 1 ? wanted : (fits + over) / 2;
        set_slice(c, nets, study, data, space, precision);
        (c.arena_bytes <= bytes ? fits : over) = nets;
    }
    return fits;
}

std::vector<Cohort> make_cohorts(Study const& study, DatasetShape const& data, Space space,
                                 Precision precision, SliceLimit const& limit)
{
    std::vector<Cohort> cohorts;
    for (std::size_t v = 0; v < study.variants.size(); ++v) {
        for (int const depth : study.depth) {
            for (int const width : study.width) {
                Cohort c;
                c.variant = static_cast<int>(v);
                c.spec = spec_of(study.variants[v], depth, width, data);
                c.model = build_fcn(c.spec);
                c.examples = data.examples;
                c.device = limit.device;
                auto const r = rotated_inputs(study.loss_examples(data.examples), data.inputs);
                c.coordinates = r > 0 ? rotated(c.model, r) : c.model;
                c.model.start = {study.variants[v].kappa, study.variants[v].r};
                int const wanted = wanted_networks(study, c, space, limit.networks);
                int const kept = fit_slice(c, wanted, limit.bytes, study, data, space, precision);
                c.recompute = kept < wanted;
                int const again = c.recompute ? fit_slice(c, wanted, limit.bytes, study, data, space,
                                                          precision)
                                              : 0;
                // Half as many flops again must buy half as many networks again.
                c.recompute = 2 * again > 3 * kept;
                set_slice(c, std::max(1, c.recompute ? again : kept), study, data, space, precision);
                cohorts.push_back(std::move(c));
            }
        }
    }
    return cohorts;
}

}  // namespace sg
