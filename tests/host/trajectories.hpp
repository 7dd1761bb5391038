// SPDX-License-Identifier: MIT
// Trajectories whose critical constants are known without computing anything.
#pragma once

#include <cmath>
#include <vector>

#include "host/study.hpp"
#include "host/trajectory.hpp"

namespace sg::test {

constexpr int steps = 4;  // T

// A network that holds: loss and sharpness fall, one halving per step, no barrier measured.
inline Trajectory network(double c, int depth = 2, int width = 16, std::uint64_t seed = 0) {
    Trajectory row;
    row.depth = depth;
    row.width = width;
    row.seed = seed;
    row.c = c;
    row.sharpness_0 = 32;
    row.sharpness_0_residual = 1e-3;
    row.learning_rate = c / row.sharpness_0;
    row.status = RunStatus::finished;
    for (int t = 0; t <= steps; ++t) {
        row.loss.push_back(std::exp2(-t));
        row.train_loss.push_back(t < steps ? std::exp2(-t) : missing);
        row.accuracy.push_back(0.25 * t);
        row.sharpness.push_back(std::exp2(5 - t));
        row.sharpness_residual.push_back(1e-2);
        row.sharpness_products.push_back(t + 1);
        row.sharpness_status.push_back(SharpnessStatus::converged);
    }
    return row;
}

inline Trajectory diverged(Trajectory row, int step = 2) {
    row.status = RunStatus::diverged;
    row.diverged_step = step;
    for (auto t = static_cast<std::size_t>(step); t <= steps; ++t) {
        row.loss[t] = t == static_cast<std::size_t>(step) ? 1e9 : missing;
        row.train_loss[t] = row.accuracy[t] = row.sharpness[t] = row.sharpness_residual[t] =
            missing;
        row.sharpness_products[t] = 0;
        row.sharpness_status[t] = SharpnessStatus::not_measured;
    }
    return row;
}

// One point with c = 1, 2, 4, ..., 128: c_loss, c_sharp, c_barrier and c_max are the first
// exponents that meet each criterion.
inline std::vector<Trajectory> point(int loss, int sharp, int barrier, int max, int depth = 2,
                                     int width = 16, std::uint64_t seed = 0, int exponents = 8) {
    std::vector<Trajectory> rows;
    for (int k = 0; k < exponents; ++k) {
        Trajectory row = network(std::exp2(k), depth, width, seed);
        if (k >= loss) row.loss[1] = 1.5;
        if (k >= sharp) row.sharpness[2] = 40;
        row.barrier_ratio = k >= barrier ? 1.25 : 0.75;
        if (k >= max) row = diverged(row);
        rows.push_back(row);
    }
    return rows;
}

inline std::vector<double> no_margin(std::vector<Trajectory> const& rows) {
    return std::vector<double>(rows.size(), 0);
}

// The study that such points belong to.
inline Study study() {
    Study study;
    study.name = "synthetic";
    study.depth = {2};
    study.width = {16};
    study.seeds = {0};
    study.variants = {Variant{}};
    study.steps = steps;
    study.yaml_given = "study: synthetic  # λ\n";
    study.yaml_resolved = "study: synthetic\n";
    study.digest = std::string(64, 'a');
    return study;
}

}  // namespace sg::test
