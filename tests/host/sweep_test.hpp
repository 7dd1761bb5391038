// SPDX-License-Identifier: MIT
// Small studies swept on a device of a test, and their trajectories.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

#include "host/config.hpp"
#include "host/cost.hpp"
#include "host/sweep.hpp"
#include "tests/host/trajectory_bits.hpp"
#include "tests/support/spaces.hpp"

namespace sg::test {

inline Study study_of(std::string const& grid, std::string const& more = "") {
    return parse_study(
        "study: small\ndata: {set: synthetic, examples: 64, inputs: 5, classes: 3}\n"
        "model: {kind: fcn, depth: 2, width: 4, activation: relu}\n"
        "training: {loss: mse, batch: 16, steps: 4}\ngrid: " +
            grid +
            "\n"
            "sharpness: {method: lanczos, examples: 32" +
            more + "}\noutput: {file: none.h5}\n",
        "small.yaml");
}

class SweepTest : public OnEverySpace {
protected:
    Machine machine() const {
        Machine m;
        if (GetParam() == Where::cuda) {
            m.devices = {0};
            m.device_memory = exec().memory().free;
            m.model = device_model_of(exec().model());
        }
        m.host_memory = Exec::cpu().memory().free;
        return m;
    }
    Plan plan(Study const& study) const {
        return make_plan(study, dataset_shape(study.data), machine(), Precision::single);
    }
    // All trajectories, by what they are.
    using Rows = std::map<std::tuple<int, int, std::uint64_t, double>, Vec>;
    Rows rows(Study const& study, Plan const& planned,
              std::vector<Trajectory> const& done = {}) const {
        return rows(study, planned, Todo(study, planned.cohorts, {}, done), {});
    }
    Rows rows(Study const& study, Plan const& planned, Todo todo,
              Checkpoints const& checkpoints) const {
        Rows all;
        for (Trajectory const& row : trajectories(study, planned, todo, checkpoints))
            all[{row.depth, row.width, row.seed, row.c}] = numbers(row);
        return all;
    }
    std::vector<Trajectory> trajectories(Study const& study, Plan const& planned, Todo& todo,
                                         Checkpoints const& checkpoints = {}) const {
        std::vector<Trajectory> all;
        std::mutex mutex;
        std::atomic<bool> stop{false};
        Counters counters;
        auto const data = load_dataset(study.data);
        sweep(study, planned, todo, data, stop, counters,
              [&](std::vector<Trajectory> const& slice, AuditTally const&, std::string const&) {
                  std::lock_guard const lock(mutex);
                  all.insert(all.end(), slice.begin(), slice.end());
              },
              checkpoints);
        return all;
    }
    Rows rows(Study const& study) const { return rows(study, plan(study)); }
    static void expect_same(Rows const& a, Rows const& b) {
        ASSERT_EQ(a.size(), b.size());
        for (auto const& [key, row] : a) EXPECT_SAME_BITS(row, b.at(key));
    }
};

}  // namespace sg::test
