// SPDX-License-Identifier: MIT
// Runs a planned study: workers take units of work, each its own Exec and arena.
#pragma once

#include <atomic>
#include <functional>

#include "host/plan.hpp"
#include "host/progress.hpp"
#include "host/todo.hpp"
#include "host/trajectory.hpp"

namespace sg {

struct SweepResult {
    AuditTally audit;
    bool stopped = false;
};

// The finished trajectories of a slice and the audit of their sharpness.
using SliceSink = std::function<void(std::vector<Trajectory>&&, AuditTally const&)>;

// Runs what `todo` wants. Calls `sink` from the workers with each finished slice, in any order. A fault
// of a worker stops the others and is thrown. `stop` ends the run between two steps; what is not finished
// is dropped. Where a device runs out of memory, the slices are halved and the run goes on.
SweepResult sweep(Study const& study, Plan const& plan, Todo const& todo, Dataset const& dataset,
                  std::atomic<bool>& stop, Counters& counters, SliceSink const& sink);

}  // namespace sg
