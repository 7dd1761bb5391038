// SPDX-License-Identifier: MIT
// When a run first exceeded the threshold of divergence.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>

#include "tests/support/reference_file.hpp"

namespace sg::replay {

// Index of the first loss above the threshold, or -1. `or_nan`: a nan counts as above.
inline int first_above(std::span<double const> loss, double threshold, bool or_nan) {
    auto const found = std::find_if(loss.begin(), loss.end(), [&](double x) {
        return x > threshold || (or_nan && std::isnan(x));
    });
    return found == loss.end() ? -1 : static_cast<int>(found - loss.begin());
}

// first_step_* of `result` from its losses.
inline void find_first_steps(oracle::Reference const& given, oracle::Reference& result) {
    double const threshold = given.divergence_threshold;
    auto const S = static_cast<std::size_t>(given.steps);
    for (std::size_t n = 0; n < given.c.size(); ++n) {
        auto const loss = std::span(result.loss).subspan(n * (S + 1), S + 1);
        auto const train = std::span(result.train_batch_loss).subspan(n * S, S);
        result.first_step_measure_loss_exceeds.push_back(first_above(loss, threshold, true));
        result.first_step_train_loss_exceeds.push_back(first_above(train, threshold, true));
        result.first_step_train_loss_exceeds_ignoring_nan.push_back(
            first_above(train, threshold, false));
    }
}

}  // namespace sg::replay
