// SPDX-License-Identifier: MIT
// A trajectory as one vector, so that two can be compared bit for bit.
#pragma once

#include "host/trajectory.hpp"
#include "tests/support/arrays.hpp"

namespace sg::test {

// Every number of a trajectory, as doubles.
inline Vec numbers(Trajectory const& row) {
    Vec all{row.c,
            row.learning_rate,
            row.sharpness_0,
            row.sharpness_0_residual,
            static_cast<double>(row.status),
            static_cast<double>(row.diverged_step),
            row.barrier_ratio};
    for (auto const* series :
         {&row.loss, &row.train_loss, &row.accuracy, &row.sharpness, &row.sharpness_residual})
        all.insert(all.end(), series->begin(), series->end());
    for (auto const products : row.sharpness_products) all.push_back(products);
    for (auto const status : row.sharpness_status) all.push_back(static_cast<double>(status));
    for (auto const* series :
         {&row.top_eigenvalue, &row.top_eigenvalue_residual, &row.smallest_eigenvalue,
          &row.smallest_eigenvalue_residual, &row.density_node, &row.density_weight})
        all.insert(all.end(), series->begin(), series->end());
    for (auto const products : row.spectrum_products) all.push_back(products);
    for (auto const status : row.spectrum_status) all.push_back(static_cast<double>(status));
    return all;
}

}  // namespace sg::test
