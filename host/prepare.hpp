// SPDX-License-Identifier: MIT
// What `run` and `plan` make of their options before anything is computed.
#pragma once

#include <string>

#include "host/commands.hpp"
#include "host/plan.hpp"
#include "host/shard.hpp"

namespace sg {

struct Prepared {
    Study study;
    Shard shard;
    std::string output;  // of the shard
    Precision precision = Precision::single;
};

// UserError: what is wrong with the study or an option.
Prepared prepare(RunOptions const& options);
Plan plan_of(Prepared const& prepared, RunOptions const& options);
// DeviceError where the GPU of `machine`, which need not be there, does not hold the study.
Plan plan_on(Prepared const& prepared, Machine const& machine);
double seconds_of(std::string const& option, std::string const& text);  // 90, 90s, 10m, 2h or 1d

}  // namespace sg
