// SPDX-License-Identifier: MIT
// What a study will take: networks, slices, flops, memory, disk and time. Nothing is run.
#pragma once

#include <iosfwd>
#include <string>

#include "host/cohort.hpp"

namespace sg {

struct Plan {
    std::vector<Cohort> cohorts;
    Space space = Space::cpu;
    Precision precision = Precision::single;
    int workers = 1;
    std::int64_t networks = 0;
    std::int64_t slices = 0;
    double flops = 0;
    std::size_t arena_bytes = 0;   // of one worker, or of one device
    std::size_t host_bytes = 0;    // everything in host memory at its peak, this process included
    std::size_t device_bytes = 0;  // on the device; 0 for the CPU
    std::size_t disk_bytes = 0;
};

// UserError where the data set is too small.
Plan make_plan(Study const& study, DatasetShape const& data, Space space, Precision precision,
               int workers);

void check_memory(Plan const& plan);  // ResourceError where host memory is too small

// What a device with too little free memory is refused with; empty where the plan fits.
std::string device_memory_fault(Plan const& plan, Exec const& exec);

// Matmul rate of one core in flop/s, measured in a few milliseconds at the shape of the study's layers.
double matmul_rate(Plan const& plan, std::int64_t examples);

void print_plan(std::ostream& out, Study const& study, Plan const& plan, Exec::Memory const& memory);

std::string human_bytes(double bytes);      // "1.2 GiB"
std::string human_time(double seconds);     // "2 min 10 s"

}  // namespace sg
