// SPDX-License-Identifier: MIT
#include "tests/replay/signs.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "cuda/exec/error.hpp"
#include "tests/support/compare.hpp"

namespace sg::replay {
namespace {

std::size_t extent(std::int64_t n) { return static_cast<std::size_t>(n); }

}  // namespace

// A layer that is not finite has no scale: any change in it is another one.
Change sign_change(std::span<float const> single, std::span<double const> twofold) {
    SG_EXPECT(single.size() == twofold.size());
    double largest_changed = 0;
    bool changed = false;
    for (std::size_t i = 0; i < single.size(); ++i) {
        bool const comparable = !std::isnan(single[i]) && !std::isnan(twofold[i]);
        if (comparable && (single[i] > 0) == (twofold[i] > 0)) continue;
        changed = true;
        double const one = std::abs(static_cast<double>(single[i]));
        largest_changed = oracle::larger(largest_changed, one);
        largest_changed = oracle::larger(largest_changed, std::abs(twofold[i]));
    }
    if (!changed) return Change::none;
    double const limit = rounding_share * oracle::largest(twofold);
    bool const rounding = std::isfinite(limit) && largest_changed <= limit;
    return rounding ? Change::by_rounding : Change::other;
}

Signs::Signs(int run_count, int step_count)
    : runs(run_count),
      steps(step_count),
      batch_(extent(run_count) * extent(step_count + 1), Change::none),
      measured_(batch_) {}

Change& Signs::on_batch(int run, int step) {
    SG_EXPECT(run < runs && step < steps);
    return batch_[extent(run) * extent(steps + 1) + extent(step)];
}

Change& Signs::on_measured(int run, int step) {
    SG_EXPECT(run < runs && step <= steps);
    return measured_[extent(run) * extent(steps + 1) + extent(step)];
}

Change Signs::on_batch(int run, int step) const {
    return const_cast<Signs*>(this)->on_batch(run, step);
}
Change Signs::on_measured(int run, int step) const {
    return const_cast<Signs*>(this)->on_measured(run, step);
}

Crossings::Crossings(Signs const& signs)
    : first_(extent(signs.runs), std::numeric_limits<int>::max()),
      measured_(extent(signs.runs), std::vector<bool>(extent(signs.steps + 1))) {
    for (int n = 0; n < signs.runs; ++n)
        for (int t = 0; t <= signs.steps; ++t) {
            Change const batch = t < signs.steps ? signs.on_batch(n, t) : Change::none;
            Change const measured = signs.on_measured(n, t);
            if (std::max(batch, measured) == Change::other) break;
            measured_[extent(n)][extent(t)] = measured == Change::by_rounding;
            if (batch == Change::none) continue;
            first_[extent(n)] = t;
            break;
        }
}

bool Crossings::weights(int run, int step) const {
    return !first_.empty() && step > first_[extent(run)];
}

bool Crossings::hessian(int run, int step) const {
    if (first_.empty()) return false;
    return weights(run, step) || measured_[extent(run)][extent(step)];
}

}  // namespace sg::replay
