// SPDX-License-Identifier: MIT
// The checkpoints of a run: one file for each slice under way, in a folder beside the output file.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "host/checkpoint.hpp"
#include "host/cohort.hpp"
#include "host/todo.hpp"

namespace sg {

// Where the slices of a run put their checkpoints, and how often.
struct CheckpointPolicy {
    std::string folder;  // made when the first one is written; empty: none are
    std::string key;     // of CheckpointHead
    double seconds = 60;
};

// Seconds between two checkpoints where the last took `took`: it may cost a twentieth of the time, or what is asked for is ten times
// as often.
inline double checkpoint_interval(double seconds, double took) { return std::max(seconds, std::min(20 * took, 10 * seconds)); }

std::string checkpoint_folder(std::string const& output);
// The file of a slice of these networks.
std::string checkpoint_path(CheckpointPolicy const& policy, CheckpointHead const& head);
// Makes the folder. ResourceError, UserError.
void make_checkpoint_folder(std::string const& folder);

struct FoundCheckpoint {
    std::size_t cohort;  // of the plan
    std::shared_ptr<Checkpoint const> checkpoint;
};

// Those that this run can go on from: every network of them is still missing, and its state is what this run
// would write. Their networks are marked in `todo` as under way. The others are removed.
std::vector<FoundCheckpoint> find_checkpoints(CheckpointPolicy const& policy, Study const& study,
                                              Precision precision,
                                              std::vector<Cohort> const& cohorts, Todo& todo);

// Removes one, or all of an output file. What cannot be removed stays: it is of no use, and does no harm.
void remove_checkpoint(std::string const& path);
void remove_checkpoints(std::string const& output);

}  // namespace sg
