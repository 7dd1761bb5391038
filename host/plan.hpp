// SPDX-License-Identifier: MIT
// What a study will take: networks, slices, flops, memory, disk and time. Nothing is run.
#pragma once

#include <iosfwd>
#include <string>

#include "host/cohort.hpp"

namespace sg {

struct DeviceModel;  // host/cost.hpp

// Where a study is to run.
struct Machine {
    std::vector<int> devices;       // ordinals of the GPUs; empty: the CPU
    std::size_t device_memory = 0;  // free, on the device that has least
    int workers = 1;                // of the CPU
    std::size_t host_memory = 0;    // free
    int slice_limit = 1024;         // networks of a slice on a GPU
    DeviceModel const* model = nullptr;  // of the GPUs, where its data sheet is known

    Space space() const { return devices.empty() ? Space::cpu : Space::cuda; }
};

struct Plan {
    Machine machine;
    std::vector<Cohort> cohorts;
    Precision precision = Precision::single;
    int workers = 1;               // of all devices together; each has its stream and its slice
    int threads = 1;               // of a worker, on the CPU: more where there are fewer slices than cores
    std::int64_t networks = 0;
    std::int64_t slices = 0;
    double flops = 0;
    std::size_t arena_bytes = 0;   // of one worker
    std::size_t host_bytes = 0;    // everything in host memory at its peak, this process included
    std::size_t device_bytes = 0;  // on each device; 0 for the CPU
    std::size_t disk_bytes = 0;

    Space space() const { return machine.space(); }
    int device_of(int worker) const;  // −1: the CPU
};

// UserError where the data set is too small. Memory is filled as far as it helps: on a GPU up to four workers
// run slices of different cohorts side by side, where that leaves each a full slice.
Plan make_plan(Study const& study, DatasetShape const& data, Machine const& machine,
               Precision precision);
// ResourceError where host memory is too small.
void check_memory(Plan const& plan);
// What a device with too little free memory is refused with; empty where the plan fits.
std::string device_memory_fault(Plan const& plan);

void print_plan(std::ostream& out, Study const& study, Plan const& plan);

std::string workers_text(Plan const& plan);  // "1 worker of 4 threads"
std::string human_bytes(double bytes);      // "1.2 GiB"
std::string human_time(double seconds);     // "2 min 10 s"

}  // namespace sg
