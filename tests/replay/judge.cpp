// SPDX-License-Identifier: MIT
#include "tests/replay/judge.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "tests/support/compare.hpp"

namespace sg::replay {
namespace {

using oracle::Reference;
using oracle::Vec;

constexpr double start_tolerance = 1e-11;  // of what is computed at step 0 alone
constexpr double infinity = std::numeric_limits<double>::infinity();

std::size_t extent(std::int64_t n) { return static_cast<std::size_t>(n); }

// Of a finite reference. Equal zeros agree.
double relative(double result, double reference) {
    if (result == reference) return 0;
    if (!std::isfinite(result)) return infinity;
    return std::abs(result - reference) / std::abs(reference);
}

// The measure of arrays: a difference over the largest entry.
double scaled(double result, double reference, double largest) {
    if (result == reference) return 0;
    double const difference = std::abs(result - reference) / largest;
    return std::isfinite(result) ? difference : infinity;
}

class Judge {
public:
    Judge(Reference const& reference, Reference const& result, Precision precision,
          Crossings const& crossings)
        : ref_(reference),
          res_(result),
          precision_(precision),
          single_(precision == Precision::single),
          crossings_(crossings) {}

    std::vector<Quantity> all();

private:
    // Whether single precision is compared at (run, step), by one of the cross checks ...
    bool steady_at(Vec const& check, int run, int step) const {
        return !single_ || ref_.at_step(check, run, step) <= steady;
    }
    // ... at any time of a run, by both ...
    bool steady_run(int run) const {
        bool all = true;
        for (int t = 0; t <= ref_.steps; ++t)
            all = all && steady_at(ref_.loss_rel_diff, run, t) &&
                  steady_at(ref_.sharpness_rel_diff, run, t);
        return all;
    }
    // ... and at step 0.
    bool steady_start() const {
        return steady_at(ref_.loss_rel_diff, 0, 0) && steady_at(ref_.sharpness_rel_diff, 0, 0);
    }
    double tolerance(double of_double) const { return single_ ? float_strict : of_double; }
    // Of losses, whose reference may be inf or nan.
    Comparison either(double result, double reference, int run, int step) const {
        double const odd = std::isfinite(result) ? infinity : 0;
        double const difference = std::isfinite(reference) ? relative(result, reference) : odd;
        return {difference, tolerance(ref_.tolerance(run)), c(run), step, -1, moved(run, step)};
    }
    // Whether the weights of a step come after a crossing, and whether its Hessian is crossed.
    bool moved(int run, int step) const { return single_ && crossings_.weights(run, step); }
    bool bent(int run, int step) const { return single_ && crossings_.hessian(run, step); }
    double c(int run) const { return ref_.c[extent(run)]; }

    void open(char const* name) { name_ = name; }
    void add(Comparison const& comparison) { open_.push_back(comparison); }
    void close() { quantities_.push_back(summarise(name_, std::exchange(open_, {}), precision_)); }

    void loss();
    void accuracy();
    void sharpness();
    void train_loss();
    void layer_norms();
    void start_vector(char const* name, Vec const& result, Vec const& reference);
    void start_norms();
    void eigenvalue(char const* name, Vec const& result, Vec const& reference);
    void interpolation();
    void weights();
    void first_step(char const* name, std::vector<int> const& result,
                    std::vector<int> const& reference);

    Reference const &ref_, &res_;
    Precision precision_;
    bool single_;
    Crossings const& crossings_;
    char const* name_ = "";         // of the quantity that is open
    std::vector<Comparison> open_;  // its comparisons
    std::vector<Quantity> quantities_;
};

// Inf and nan are the same here, but a finite result where the reference is not finite is wrong.
void Judge::loss() {
    open("loss");
    for (int n = 0; n < ref_.runs; ++n)
        for (int t = 0; t <= ref_.steps; ++t) {
            if (!steady_at(ref_.loss_rel_diff, n, t)) continue;
            add(either(ref_.at_step(res_.loss, n, t), ref_.at_step(ref_.loss, n, t), n, t));
        }
    close();
}

void Judge::train_loss() {
    open("train_batch_loss");
    for (int n = 0; n < ref_.runs; ++n)
        for (int t = 0; steady_run(n) && t < ref_.steps; ++t) {
            std::size_t const at = extent(n) * extent(ref_.steps) + extent(t);
            add(either(res_.train_batch_loss[at], ref_.train_batch_loss[at], n, t));
        }
    close();
}

// Shares of the same number of examples are equal when the counts are. In float one example may
// change its class where its two largest outputs are nearly equal.
void Judge::accuracy() {
    open("accuracy");
    double const M = ref_.measure_examples;
    for (int n = 0; n < ref_.runs; ++n)
        for (int t = 0; t <= ref_.steps; ++t) {
            if (!std::isfinite(ref_.at_step(ref_.loss, n, t))) continue;
            if (!steady_at(ref_.loss_rel_diff, n, t)) continue;
            double const counts = std::round(M * ref_.at_step(res_.accuracy, n, t)) -
                                  std::round(M * ref_.at_step(ref_.accuracy, n, t));
            add({std::abs(counts) / M, single_ ? 1 / M : 0, c(n), t, -1, moved(n, t)});
        }
    close();
}

void Judge::sharpness() {
    open("sharpness");
    for (int n = 0; n < ref_.runs; ++n)
        for (int t = 0; t <= ref_.steps; ++t) {
            double const expected = ref_.at_step(ref_.sharpness, n, t);
            bool const small = ref_.at_step(ref_.loss, n, t) <= 1e100;  // false for nan
            if (!small || !std::isfinite(expected)) continue;
            if (!steady_at(ref_.sharpness_rel_diff, n, t)) continue;
            double const found = ref_.at_step(res_.sharpness, n, t);
            add({relative(found, expected), tolerance(ref_.tolerance(n)), c(n), t, -1, bent(n, t)});
        }
    close();
}

void Judge::layer_norms() {
    open("weight_layer_norm");
    std::size_t at = 0;
    for (int n = 0; n < ref_.runs; ++n)
        for (int t = 0; t <= ref_.steps; ++t)
            for (int l = 0; l < ref_.spec.depth; ++l, ++at) {
                double const expected = ref_.weight_layer_norm[at];
                if (!std::isfinite(expected) || !steady_run(n)) continue;
                double const difference = relative(res_.weight_layer_norm[at], expected);
                add({difference, tolerance(ref_.tolerance(n)), c(n), t, l, moved(n, t)});
            }
    close();
}

// Each matrix by itself: largest difference over largest entry.
void Judge::start_vector(char const* name, Vec const& result, Vec const& reference) {
    open(name);
    for (int l = 0; l < ref_.spec.depth && steady_start(); ++l) {
        std::size_t const first = oracle::layer_offset(ref_.spec, l);
        std::size_t const count = oracle::layer_offset(ref_.spec, l + 1) - first;
        double const scale = oracle::largest(std::span(reference).subspan(first, count));
        for (std::size_t i = first; i < first + count; ++i)
            add({scaled(result[i], reference[i], scale), tolerance(start_tolerance), nowhere, 0,
                 l});
    }
    close();
}

void Judge::start_norms() {
    open("grad_norm_step0");
    if (steady_start())
        add({relative(res_.grad_norm_step0, ref_.grad_norm_step0), tolerance(start_tolerance),
             nowhere, 0, -1});
    close();
    open("grad_layer_norm_step0");
    for (int l = 0; l < ref_.spec.depth && steady_start(); ++l) {
        double const expected = ref_.grad_layer_norm_step0[extent(l)];
        double const found = res_.grad_layer_norm_step0[extent(l)];
        add({relative(found, expected), tolerance(start_tolerance), nowhere, 0, l});
    }
    close();
}

void Judge::eigenvalue(char const* name, Vec const& result, Vec const& reference) {
    open(name);
    for (int n = 0; n < ref_.runs; ++n)
        for (int end = 0; end < 2; ++end) {
            std::size_t const at = 2 * extent(n) + extent(end);
            if (!std::isfinite(reference[at]) || !steady_run(n)) continue;
            int const step = end == 0 ? 0 : ref_.steps;
            add({relative(result[at], reference[at]), tolerance(1e-9), c(n), step, -1,
                 bent(n, step)});
        }
    close();
}

void Judge::interpolation() {
    open("interp_loss");
    std::size_t at = 0;
    for (int n = 0; n < ref_.runs; ++n)
        for (int k = 0; k < ref_.interp_points; ++k, ++at) {
            double const expected = ref_.interp_loss[at];
            if (!std::isfinite(expected) || !steady_run(n)) continue;
            bool const crossed = k > 0 && moved(n, ref_.steps);  // point 0 is the start
            add({relative(res_.interp_loss[at], expected), tolerance(ref_.tolerance(n)), c(n), k,
                 -1, crossed});
        }
    close();
}

void Judge::weights() {
    open("final_weight_sample");
    std::size_t const F = ref_.final_weight_sample_index.size();
    for (int n = 0; n < ref_.runs; ++n) {
        auto const sample = std::span(ref_.final_weight_sample).subspan(extent(n) * F, F);
        double const scale = oracle::largest(sample);
        if (!std::isfinite(scale) || !steady_run(n)) continue;
        for (std::size_t i = 0; i < F; ++i) {
            double const found = res_.final_weight_sample[extent(n) * F + i];
            add({scaled(found, sample[i], scale), tolerance(ref_.tolerance(n)), c(n), ref_.steps,
                 -1, moved(n, ref_.steps)});
        }
    }
    close();
}

void Judge::first_step(char const* name, std::vector<int> const& result,
                       std::vector<int> const& reference) {
    open(name);
    for (int n = 0; n < ref_.runs; ++n) {
        if (!steady_run(n)) continue;
        double const difference = std::abs(result[extent(n)] - reference[extent(n)]);
        add({difference, 0, c(n), -1, -1});
    }
    close();
}

std::vector<Quantity> Judge::all() {
    loss();
    accuracy();
    sharpness();
    train_loss();
    layer_norms();
    start_vector("grad_step0", res_.grad_step0, ref_.grad_step0);
    start_norms();
    start_vector("hvp_result", res_.hvp_result, ref_.hvp_result);
    eigenvalue("top_eigenvalue", res_.top_eigenvalue, ref_.top_eigenvalue);
    eigenvalue("top_eigenvalue_largest_magnitude", res_.top_eigenvalue_largest_magnitude,
               ref_.top_eigenvalue_largest_magnitude);
    interpolation();
    weights();
    first_step("first_step_measure_loss_exceeds", res_.first_step_measure_loss_exceeds,
               ref_.first_step_measure_loss_exceeds);
    first_step("first_step_train_loss_exceeds", res_.first_step_train_loss_exceeds,
               ref_.first_step_train_loss_exceeds);
    first_step("first_step_train_loss_exceeds_ignoring_nan",
               res_.first_step_train_loss_exceeds_ignoring_nan,
               ref_.first_step_train_loss_exceeds_ignoring_nan);
    return std::move(quantities_);
}

}  // namespace

std::vector<Quantity> judge(Reference const& reference, Reference const& result,
                            Precision precision, Crossings const& crossings) {
    return Judge(reference, result, precision, crossings).all();
}

}  // namespace sg::replay
