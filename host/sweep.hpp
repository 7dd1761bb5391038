// SPDX-License-Identifier: MIT
// Runs a planned study: workers take units of work, each its own Exec and arena.
#pragma once

#include <atomic>
#include <functional>

#include "host/checkpoints.hpp"
#include "host/plan.hpp"
#include "host/progress.hpp"
#include "host/todo.hpp"
#include "host/trajectory.hpp"

namespace sg {

struct SweepResult {
    AuditTally audit;
    bool stopped = false;
};

// The finished trajectories of a slice, the audit of their sharpness, and the checkpoint that is of no use
// once they are kept (empty: none).
using SliceSink =
    std::function<void(std::vector<Trajectory>&&, AuditTally const&, std::string const&)>;

// Where a run puts its checkpoints, and those it goes on from.
struct Checkpoints {
    CheckpointPolicy policy;
    std::vector<FoundCheckpoint> found;
};

// Runs what `todo` wants and what `checkpoints` hold. Calls `sink` from the workers with each finished slice, in any order. A fault
// of a worker stops the others and is thrown. `stop` ends the run between two steps; what is not finished
// is in checkpoints, or dropped. Where a device runs out of memory, the slices are halved and the run goes on.
SweepResult sweep(Study const& study, Plan const& plan, Todo& todo, Dataset const& dataset,
                  std::atomic<bool>& stop, Counters& counters, SliceSink const& sink,
                  Checkpoints const& checkpoints = {});

}  // namespace sg
