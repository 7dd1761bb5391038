// SPDX-License-Identifier: MIT
#include "host/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <numeric>

#include "cuda/ops/trial.hpp"
#include "host/cost.hpp"
#include "host/examples.hpp"
#include "host/schema.hpp"
#include "host/todo.hpp"

namespace sg {

namespace {

std::size_t element_size(Precision p) { return p == Precision::single ? 4 : 8; }

// Resident memory of this process as it is now: program, libraries, study.
std::size_t resident_bytes()
{
    std::ifstream statm("/proc/self/statm");
    std::size_t pages = 0, resident = 0;
    statm >> pages >> resident;
    return resident * 4096;
}

// One row of the output while it is held, and in the file.
std::size_t row_bytes(Study const& study)
{
    auto const entries = static_cast<std::size_t>(study.steps) + 1;
    std::size_t const spectrum =
        std::transform_reduce(schema::spectrum_fields().begin(), schema::spectrum_fields().end(),
                              std::size_t{0}, std::plus<>(), [&](auto const& field) {
                                  return schema::spectrum_entries(field, study.spectrum);
                              });
    return entries * (5 * sizeof(double) + sizeof(int) + 1) + spectrum * sizeof(double) + 256;
}

std::size_t dataset_bytes(DataSpec const& spec, DatasetShape const& d)
{
    auto const X = static_cast<std::size_t>(d.examples), D = static_cast<std::size_t>(d.inputs);
    bool const pixels = spec.set != "synthetic";
    return X * (pixels ? D + 2 * sizeof(double) : D * sizeof(float)) + X * sizeof(std::int32_t);
}

// Buffers that OpenBLAS packs into, per thread: measured as resident memory after the first call.
constexpr std::size_t blas_bytes = std::size_t{1} << 20;
// What the library keeps of a file that is streamed: measured as resident memory.
constexpr std::size_t stream_bytes = std::size_t{12} << 20;
// Threads, heap and library state that show up once a run has started: measured, see bench/RESULTS.md.
constexpr std::size_t start_bytes = std::size_t{6} << 20;

std::int64_t count_slices(Study const& study, Cohort const& c)
{
    auto const seeds = static_cast<std::int64_t>(study.seeds.size());
    std::int64_t const cs = networks_of_point(study);
    std::int64_t slices = 0;
    for (std::int64_t first = 0; first < seeds; first += c.unit_seeds) {
        auto const members = std::min<std::int64_t>(c.unit_seeds, seeds - first) * cs;
        slices += (members + c.slice_nets - 1) / c.slice_nets;
    }
    return slices;
}

// Of a worker on a GPU beside its arena: the workspace of cuBLASLt, columns of joined products, parts of sums, graphs, the
// memory of its kernels.
constexpr std::size_t device_worker_bytes = std::size_t{168} << 20;
// Of a process on a GPU: the trial of a matmul, and a margin (the context is not in what is free).
constexpr std::size_t device_margin_bytes = trial_bytes + (std::size_t{64} << 20);
constexpr std::size_t pinned_bytes = std::size_t{8} << 20;  // of a worker, on the host

struct Shared {
    std::size_t dataset, measurement;
};

// Whether every cohort has a slice that is full enough to give up part of the memory to other workers.
bool has_full_slices(Plan const& plan, Study const& study)
{
    return std::all_of(plan.cohorts.begin(), plan.cohorts.end(), [&](Cohort const& c) {
        int const wanted = wanted_networks(study, c, plan.space(), plan.machine.slice_limit);
        return !c.recompute && c.slice_nets >= std::min(wanted, 128);
    });
}

std::size_t less(std::size_t a, std::size_t b) { return a > b ? a - b : 0; }

// Cohorts and workers of a GPU: as many workers side by side as leave each a full slice.
void divide_devices(Plan& plan, Study const& study, DatasetShape const& data, Shared const& shared)
{
    auto const& m = plan.machine;
    std::string const model(m.model ? m.model->title : "");
    std::size_t const free =
        less(m.device_memory, shared.dataset + shared.measurement + device_margin_bytes);
    for (int streams = 4; streams >= 1; streams /= 2) {
        auto const s = static_cast<std::size_t>(streams);
        SliceLimit const limit{m.slice_limit, less(free / s, device_worker_bytes), model};
        plan.cohorts = make_cohorts(study, data, Space::cuda, plan.precision, limit);
        plan.workers = streams * static_cast<int>(m.devices.size());
        if (has_full_slices(plan, study)) return;
    }
}

void count_work(Plan& plan, Study const& study)
{
    auto const seeds = static_cast<std::int64_t>(study.seeds.size());
    std::int64_t units = 0;
    for (auto const& c : plan.cohorts) {
        plan.networks += seeds * networks_of_point(study);
        plan.slices += count_slices(study, c);
        units += (seeds + c.unit_seeds - 1) / c.unit_seeds;
        plan.arena_bytes = std::max(plan.arena_bytes, c.arena_bytes);
        plan.flops += static_cast<double>(seeds) *
                      (c.initial_flops + c.flops * networks_of_point(study));
    }
    plan.workers = static_cast<int>(std::min<std::int64_t>(plan.workers, std::max(plan.slices, units)));
    if (plan.space() == Space::cpu) plan.threads = std::max(1, plan.machine.workers / plan.workers);
}

std::size_t start_vector_bytes(Plan const& plan, Study const& study)
{
    std::size_t most = 0;
    for (auto const& c : plan.cohorts) {
        // A search keeps those of all seeds of the cohort, until their brackets are narrow.
        auto const seeds = study.search ? static_cast<std::int64_t>(study.seeds.size()) : c.unit_seeds;
        most = std::max(most, 2 * static_cast<std::size_t>(c.coordinates.params() * seeds));
    }
    return most * element_size(plan.precision);
}

// Of one worker, the most for any cohort: the checkpoint of a slice, in memory while it is written (its rows,
// read, copied and encoded; the largest part of one state) and on the disk.
struct CheckpointBytes {
    std::size_t memory = 0, disk = 0;
};

CheckpointBytes checkpoint_bytes(Plan const& plan, Study const& study)
{
    CheckpointBytes most;
    auto const element = element_size(plan.precision);
    for (auto const& c : plan.cohorts) {
        auto const nets = static_cast<std::size_t>(c.slice_nets), rows = nets * row_bytes(study);
        auto const state = static_cast<std::size_t>(state_values(study, c)) * element;
        auto const part = 2 * static_cast<std::size_t>(c.model.params()) * element;
        most.memory = std::max(most.memory, 3 * rows + part);
        most.disk = std::max(most.disk, rows + nets * state);
    }
    return most;
}

}  // namespace

int Plan::device_of(int worker) const
{
    if (machine.devices.empty()) return -1;
    return machine.devices[static_cast<std::size_t>(worker) % machine.devices.size()];
}

Plan make_plan(Study const& study, DatasetShape const& data, Machine const& machine,
               Precision precision)
{
    check_sizes(study, data);
    Plan plan;
    plan.machine = machine;
    plan.precision = precision;
    auto const M = study.loss_examples(data.examples);
    Shared const shared{dataset_bytes(study.data, data),
                        precision == Precision::single
                            ? Examples<float>::measurement_bytes(M, data.inputs)
                            : Examples<double>::measurement_bytes(M, data.inputs)};
    std::size_t const base = resident_bytes() + start_bytes + shared.dataset;
    if (plan.space() == Space::cuda) {
        divide_devices(plan, study, data, shared);
    } else {
        plan.workers = machine.workers;
        auto const share = less(machine.host_memory, base) / static_cast<std::size_t>(plan.workers);
        plan.cohorts = make_cohorts(study, data, Space::cpu, precision, {cpu_slice(study, plan.workers), share});
    }
    count_work(plan, study);
    auto const W = static_cast<std::size_t>(plan.workers), T = static_cast<std::size_t>(plan.threads);
    std::size_t const rows = static_cast<std::size_t>(plan.networks) * row_bytes(study);
    // All rows, one array of all of them on its way to the file, and the file's last chunks.
    std::size_t const output = rows + rows / 4 + stream_bytes;
    plan.host_bytes = base + output + W * (start_vector_bytes(plan, study) + T * blas_bytes);
    auto const checkpoint = checkpoint_bytes(plan, study);
    plan.host_bytes += W * checkpoint.memory;
    if (plan.space() == Space::cpu) {
        plan.host_bytes += W * plan.arena_bytes + shared.measurement;
    } else {
        auto const streams = (W + machine.devices.size() - 1) / machine.devices.size();
        plan.host_bytes += W * pinned_bytes;
        plan.device_bytes = streams * (plan.arena_bytes + device_worker_bytes) + shared.measurement +
                            shared.dataset + device_margin_bytes;
    }
    // The streamed file and, at the end, its sorted copy beside it; of each slice the newest checkpoint, the
    // one before, and the one that is being written.
    plan.disk_bytes = 2 * (rows + (std::size_t{1} << 20)) + 3 * W * checkpoint.disk;
    return plan;
}

// Empty where `needed` is there.
static std::string shortage(std::size_t needed, std::size_t free, char const* where)
{
    if (needed <= free) return "";
    return fmt::format("the study needs {} of {}, {} are free",
                       human_bytes(static_cast<double>(needed)), where,
                       human_bytes(static_cast<double>(free)));
}

void check_memory(Plan const& plan)
{
    auto const fault = shortage(plan.host_bytes, plan.machine.host_memory, "memory");
    if (fault.empty()) return;
    throw ResourceError(fault + ". Take fewer or narrower networks, fewer measurement examples, or "
                                "fewer workers (--workers).");
}

std::string device_memory_fault(Plan const& plan)
{
    if (plan.space() == Space::cpu) return "";
    return shortage(plan.device_bytes, plan.machine.device_memory, "device memory");
}

}  // namespace sg
