// SPDX-License-Identifier: MIT
// Studies as they are read from a file, whose findings are known.
#pragma once

#include "host/store.hpp"
#include "tests/host/trajectories.hpp"

namespace sg::test {

// Widths 16 to 128, six seeds each: c_loss falls with the width. With `momentum` it is swept.
inline StoredStudy wide_study() {
    StoredStudy study;
    study.title = "wide";
    study.model = "fcn";
    study.state = StudyState::complete;
    study.steps = steps;
    for (auto const& [width, exponent] : {std::pair{16, 9}, {32, 5}, {64, 4}, {128, 3}})
        for (std::uint64_t seed = 0; seed < 6; ++seed)
            for (Trajectory const& row :
                 point(seed == 0 ? exponent + 1 : exponent, 9, 9, 7, 2, width, seed))
                study.rows.push_back(row);
    study.margins = no_margin(study.rows);
    return study;
}

// A run of 2000 steps with sharpness from 8/η by way of 0.5/η to 1.4/η, for 20 c and two seeds.
inline StoredStudy long_study() {
    StoredStudy study;
    study.title = "long";
    study.model = "fcn";
    study.state = StudyState::complete;
    study.steps = 2000;
    study.yaml_resolved = R"(
study: long
model: {depth: 3, width: 64}
training: {steps: 2000, batch: full, momentum: 0.5}
grid: {c: {log2_min: 0, log2_max: 2, step: 0.1}, seeds: 2}
)";
    for (std::uint64_t seed = 0; seed < 2; ++seed)
        for (int k = 0; k <= 20; ++k) {
            Trajectory row = network(std::exp2(k / 10.0), 3, 64, seed);
            row.sharpness.clear();
            for (int t = 0; t <= study.steps; ++t) {
                double const bend = row.c < 2 ? 1 : 1 - 0.2 * (row.c - 2);
                double const product = t < 20 ? 8 * bend : t < 200 ? 0.5 * bend : 0.0022 * t + 0.1;
                row.sharpness.push_back(product / row.learning_rate);
            }
            row.sharpness[0] = 8 / row.learning_rate;
            row.loss.assign(row.sharpness.size(), 0.5);
            study.rows.push_back(row);
        }
    study.margins = no_margin(study.rows);
    return study;
}

}  // namespace sg::test
