// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <ostream>
#include <thread>

#include "host/cost.hpp"
#include "host/plan.hpp"

namespace sg {

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

// A short study in two digits.
static std::string expected_time(double seconds) { return seconds < 10 ? fmt::format("{:.2g} s", seconds) : human_time(seconds); }

std::string workers_text(Plan const& plan)
{
    auto const counted = [](int n, char const* what) { return fmt::format("{} {}{}", n, what, n == 1 ? "" : "s"); };
    auto const text = counted(plan.workers, "worker");
    return plan.threads == 1 ? text : text + " of " + counted(plan.threads, "thread");
}

// Seconds of the study when its workers share its cohorts evenly.   processor(cohort)
template <class F>
static double total_seconds(Study const& study, Plan const& plan, F const& processor)
{
    double sum = 0;
    for (auto const& c : plan.cohorts) sum += cost_of_cohort(study, c, processor(c));
    return sum;
}

// A core, in the median of as many as will work side by side: they share caches and memory.
static Processor measure_cores(int width, int workers)
{
    std::vector<Processor> cores(static_cast<std::size_t>(workers));
    {
        std::vector<std::jthread> threads;  // joined where one cannot be made, too
        for (auto& core : cores) threads.emplace_back([&core, width] { core = measure_core(width); });
    }
    auto const middle = cores.begin() + static_cast<std::ptrdiff_t>(cores.size() / 2);
    std::nth_element(cores.begin(), middle, cores.end(),
                     [](auto const& a, auto const& b) { return a.inner_flops < b.inner_flops; });
    return *middle;
}

// What each further thread of a worker adds to the first: measured with two (bench/RESULTS.md).
constexpr double further_thread = 0.4;

static void print_time_on_cpu(std::ostream& out, Study const& study, Plan const& plan)
{
    prepare_workers(plan.workers);
    std::map<int, Processor> rates;  // by width
    for (auto const& c : plan.cohorts)
        if (!rates.contains(c.spec.width)) rates[c.spec.width] = measure_cores(c.spec.width, plan.workers);
    auto const core = [&](Cohort const& c) -> Processor const& { return rates.at(c.spec.width); };
    double const cores = plan.workers * (1 + further_thread * (plan.threads - 1));
    double const size = plan.precision == Precision::single ? 1 : 2;  // of a number: half as many a vector, and twice the bytes
    double const seconds = size * total_seconds(study, plan, core) / cores;
    out << fmt::format("time         about {} ({:.0f} Gflop/s per core)\n", expected_time(seconds),
                       core(plan.cohorts.at(plan.cohorts.size() / 2)).flops * 1e-9);
}

// Slices of one device run side by side, but share it: their times add up.
static void print_time_on_gpu(std::ostream& out, Study const& study, Plan const& plan)
{
    SG_EXPECT(plan.machine.model && !plan.machine.devices.empty());
    auto const& model = *plan.machine.model;
    auto const time = [&](Study const& s) {
        auto const all = total_seconds(s, plan, [&](auto const&) -> auto const& { return model.processor; });
        return expected_time(all / static_cast<double>(plan.machine.devices.size()));
    };
    out << fmt::format("time         about {} on {} of {}", time(study), plan.machine.devices.size(), model.title);
    auto other = study;
    other.sharpness.iterate = study.tf32() ? Iterate::single : Iterate::tf32;
    bool const choice = study.sharpness.method == SharpnessMethod::lanczos;
    auto const name = iterate_names[static_cast<std::size_t>(other.sharpness.iterate)];
    if (choice) out << fmt::format("; with sharpness.iterate: {} about {}", name, time(other));
    out << '\n';
    out << "             (an estimate: flops, bytes and launches, at the shares of the data sheet that an H200 reached)\n";
}

void print_plan(std::ostream& out, Study const& study, Plan const& plan)
{
    out << fmt::format("study        {}: {} networks in {} cohorts, {} slices, {}\n", study.name,
                       plan.networks, plan.cohorts.size(), plan.slices, workers_text(plan));
    out << fmt::format("work         {:.3g} Gflop\n", plan.flops * 1e-9);
    if (auto const steps = study.spectrum.steps.size(); steps > 0)
        out << fmt::format("spectrum     about {:.0f} products per network at each of {} steps\n",
                           spectrum_products(study, plan.cohorts.back().model.params()), steps);
    out << fmt::format("memory       {} (of {} free)\n", human_bytes(static_cast<double>(plan.host_bytes)),
                       human_bytes(static_cast<double>(plan.machine.host_memory)));
    if (plan.space() == Space::cuda)
        out << fmt::format("on device    {} (of {} free) on each of {}\n",
                           human_bytes(static_cast<double>(plan.device_bytes)),
                           human_bytes(static_cast<double>(plan.machine.device_memory)),
                           plan.machine.devices.size());
    out << fmt::format("output       {}, {}\n", study.output_file,
                       human_bytes(static_cast<double>(plan.disk_bytes)));
    if (plan.space() == Space::cpu && plan.host_bytes < plan.machine.host_memory) print_time_on_cpu(out, study, plan);
    if (plan.machine.model && plan.precision == Precision::single) print_time_on_gpu(out, study, plan);
    if (plan.machine.model && plan.precision == Precision::dual) out << "time         not known in double on a GPU\n";
    out << "\n  depth  width  parameters  slice  memory of a slice  Gflop per network\n";
    for (auto const& c : plan.cohorts) {
        out << fmt::format("  {:5}  {:5}  {:10}  {:5}  {:>17}  {:17.2f}{}\n", c.spec.depth,
                           c.spec.width, c.model.params(), c.slice_nets,
                           human_bytes(static_cast<double>(c.arena_bytes)), c.flops * 1e-9,
                           c.recompute ? "  activations recomputed" : "");
    }
}

}  // namespace sg
