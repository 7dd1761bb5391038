// SPDX-License-Identifier: MIT
#include "host/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <ostream>

#include "cuda/ops/matmul.hpp"
#include "host/examples.hpp"

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
    return entries * (5 * sizeof(double) + sizeof(int) + 1) + 256;
}

std::size_t dataset_bytes(DataSpec const& spec, DatasetShape const& d)
{
    auto const X = static_cast<std::size_t>(d.examples), D = static_cast<std::size_t>(d.inputs);
    bool const pixels = spec.set != "synthetic";
    return X * (pixels ? D + 2 * sizeof(double) : D * sizeof(float)) + X * sizeof(std::int32_t);
}

// Buffers that OpenBLAS packs into, per thread: measured as resident memory after the first call.
constexpr std::size_t blas_bytes = std::size_t{1} << 20;
// Threads, heap and library state that show up once a run has started: measured, see bench/RESULTS.md.
constexpr std::size_t start_bytes = std::size_t{6} << 20;

std::int64_t count_slices(Study const& study, Cohort const& c)
{
    auto const seeds = static_cast<std::int64_t>(study.seeds.size());
    auto const cs = static_cast<std::int64_t>(study.c.size());
    std::int64_t slices = 0;
    for (std::int64_t first = 0; first < seeds; first += c.unit_seeds) {
        auto const members = std::min<std::int64_t>(c.unit_seeds, seeds - first) * cs;
        slices += (members + c.slice_nets - 1) / c.slice_nets;
    }
    return slices;
}

}  // namespace

Plan make_plan(Study const& study, DatasetShape const& data, Space space, Precision precision,
               int workers)
{
    check_sizes(study, data);
    Plan plan;
    plan.cohorts = make_cohorts(study, data, space, precision);
    plan.space = space;
    plan.precision = precision;
    auto const seeds = static_cast<std::int64_t>(study.seeds.size());
    std::int64_t units = 0;
    std::size_t start_vectors = 0;
    for (auto const& c : plan.cohorts) {
        plan.networks += seeds * static_cast<std::int64_t>(study.c.size());
        plan.slices += count_slices(study, c);
        units += (seeds + c.unit_seeds - 1) / c.unit_seeds;
        plan.arena_bytes = std::max(plan.arena_bytes, c.arena_bytes);
        plan.flops += static_cast<double>(seeds) *
                      (c.initial_flops + c.flops * static_cast<double>(study.c.size()));
        auto const vectors = 2 * static_cast<std::size_t>(c.model.params()) * element_size(precision);
        start_vectors = std::max(start_vectors, vectors * static_cast<std::size_t>(c.unit_seeds));
    }
    plan.workers = space == Space::cuda
                       ? 1
                       : static_cast<int>(std::min<std::int64_t>(workers, std::max(plan.slices, units)));
    auto const W = static_cast<std::size_t>(plan.workers);
    std::size_t const measurement =
        precision == Precision::single
            ? Examples<float>::measurement_bytes(study.sharpness.examples, data.inputs)
            : Examples<double>::measurement_bytes(study.sharpness.examples, data.inputs);
    std::size_t const rows = static_cast<std::size_t>(plan.networks) * row_bytes(study);
    std::size_t const dataset = dataset_bytes(study.data, data);
    plan.host_bytes = resident_bytes() + start_bytes + dataset + rows + W * (start_vectors + blas_bytes);
    if (space == Space::cpu)
        plan.host_bytes += W * plan.arena_bytes + measurement;
    else
        plan.device_bytes = plan.arena_bytes + measurement + dataset;
    plan.disk_bytes = rows + (std::size_t{1} << 20);
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
    auto const fault = shortage(plan.host_bytes, Exec::cpu().memory().free, "memory");
    if (fault.empty()) return;
    throw ResourceError(fault + ". Take fewer or narrower networks, fewer measurement examples, or "
                                "fewer workers (--workers).");
}

std::string device_memory_fault(Plan const& plan, Exec const& exec)
{
    return shortage(plan.device_bytes, exec.memory().free, "device memory");
}

double matmul_rate(Plan const& plan, std::int64_t examples)
{
    auto const& c = plan.cohorts.at(plan.cohorts.size() / 2);
    auto const exec = Exec::cpu();
    std::int64_t const M = examples, D = c.model.inputs, w = std::min(c.spec.width, 1024);
    Buffer<float> const a(exec, M * D), b(exec, D * w), out(exec, M * w);
    auto const run = [&] {
        matmul<float>(exec, Nets{1}, 1, View<float const, 3>::dense(a.data(), 1, M, D), Op::none,
                      View<float const, 3>::dense(b.data(), 1, D, w), Op::none, 0,
                      View<float, 3>::dense(out.data(), 1, M, w));
    };
    run();
    double best = 1e30;
    for (int i = 0; i < 5; ++i) {
        auto const start = std::chrono::steady_clock::now();
        run();
        std::chrono::duration<double> const took = std::chrono::steady_clock::now() - start;
        best = std::min(best, took.count());
    }
    return 2.0 * static_cast<double>(M * D * w) / best;
}

std::string human_bytes(double bytes)
{
    char const* const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    int u = 0;
    for (; bytes >= 1024 && u < 5; ++u) bytes /= 1024;
    return fmt::format("{:.{}f} {}", bytes, u == 0 ? 0 : 1, units[u]);
}

std::string human_time(double seconds)
{
    if (seconds < 60) return fmt::format("{:.0f} s", seconds);
    auto const s = static_cast<long long>(seconds + 0.5);
    if (s < 3600) return fmt::format("{} min {:02} s", s / 60, s % 60);
    if (s < 100 * 3600) return fmt::format("{} h {:02} min", s / 3600, s / 60 % 60);
    return fmt::format("{} days {} h", s / 86400, s / 3600 % 24);
}

void print_plan(std::ostream& out, Study const& study, Plan const& plan, Exec::Memory const& memory)
{
    out << fmt::format("study        {}: {} networks in {} cohorts, {} slices, {} workers\n", study.name,
                       plan.networks, plan.cohorts.size(), plan.slices, plan.workers);
    out << fmt::format("work         {:.3g} Gflop\n", plan.flops * 1e-9);
    out << fmt::format("memory       {} (of {} free)\n", human_bytes(static_cast<double>(plan.host_bytes)),
                       human_bytes(static_cast<double>(memory.free)));
    if (plan.space == Space::cuda)
        out << fmt::format("on device    {}\n", human_bytes(static_cast<double>(plan.device_bytes)));
    out << fmt::format("output       {}, {}\n", study.output_file,
                       human_bytes(static_cast<double>(plan.disk_bytes)));
    if (plan.space == Space::cpu && plan.host_bytes < memory.free) {
        double const rate = matmul_rate(plan, study.sharpness.examples);
        // Share of the matmul rate that whole studies reach: bench/RESULTS.md.
        double const seconds = plan.flops / (0.7 * rate * plan.workers);
        out << fmt::format("time         about {} ({:.0f} Gflop/s per core)\n", human_time(seconds),
                           rate * 1e-9);
    }
    out << "\n  depth  width  parameters  slice  memory of a slice  Gflop per network\n";
    for (auto const& c : plan.cohorts) {
        out << fmt::format("  {:5}  {:5}  {:10}  {:5}  {:>17}  {:17.2f}\n", c.spec.depth, c.spec.width,
                           c.model.params(), c.slice_nets,
                           human_bytes(static_cast<double>(c.arena_bytes)), c.flops * 1e-9);
    }
}

}  // namespace sg
