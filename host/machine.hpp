// SPDX-License-Identifier: MIT
// Which devices a run takes, and what it says of those that it cannot take.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "host/plan.hpp"

namespace sg {

// A plan for the machine that `wanted` (--device: auto, cpu, cuda, cuda:N) and `workers` (of the CPU; 0:
// cores_allowed) ask for. `auto` and `cuda` take all GPUs of one model: numbers agree bit for bit on one
// model only. With `auto` a GPU that cannot be used, or does not hold the study, is said to be left out, and
// without one the CPU runs; DeviceError for a GPU that was asked for.
Plan plan_for_machine(std::string const& wanted, int workers,
                      std::function<Plan(Machine const&)> const& plan_for);

// A machine with one GPU of a model (h200, h100, a100, l4), whether it is there or not: for a plan.
std::optional<Machine> machine_named(std::string const& wanted);

// The ordinals that `wanted` names, all of them for `auto` and `cuda`, whether they can be used or not; 0 for a
// `cuda` that is not there. Empty: the CPU, for `auto` with the reason in `why`. UserError: no such name.
std::vector<int> devices_named(std::string const& wanted, std::string& why);

// The cores that this process may use: a Slurm job, a container and taskset may leave it fewer than there are.
int cores_allowed();

// The devices of a plan in words, for the log and the file.
std::string describe(Machine const& machine);

}  // namespace sg
