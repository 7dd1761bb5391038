// SPDX-License-Identifier: MIT
#include "host/commands.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <thread>
#include <utility>

#include "host/config.hpp"
#include "host/figure.hpp"
#include "host/store.hpp"
#include "host/sweep.hpp"
#include "host/tables.hpp"

namespace sg {

namespace {

std::atomic<bool> stop_requested{false};

// The first signal ends the run between two steps; a second one ends it at once.
void request_stop(int signal)
{
    stop_requested = true;
    std::signal(signal, SIG_DFL);
}

constexpr int on_cpu = -1, automatic = -2;

// What --device says: the ordinal of a GPU, or one of the above.
int read_device(std::string const& wanted)
{
    if (wanted == "cpu") return on_cpu;
    if (wanted == "auto") return automatic;
    if (wanted == "cuda") return 0;
    if (wanted.rfind("cuda:", 0) == 0 && wanted.size() > 5 && wanted.size() < 9 &&
        wanted.find_first_not_of("0123456789", 5) == std::string::npos)
        return std::stoi(wanted.substr(5));
    throw UserError("--device " + wanted + " is not known (auto, cpu, cuda, cuda:1).");
}

using PlanFor = std::function<Plan(Space)>;

// The first GPU that can be used and holds the study, else the CPU; says why.
int choose_device(PlanFor const& plan_for)
{
    std::string why;
    int const count = cuda_device_count(&why);
    if (count == 0) spdlog::info("no GPU ({}): running on the CPU", why);
    for (int ordinal = 0; ordinal < count; ++ordinal) {
        try {
            why = device_memory_fault(plan_for(Space::cuda), Exec::cuda(ordinal));
        } catch (UserError const&) {
            throw;  // the study's own
        } catch (Fault const& fault) {
            why = fault.what();
        }
        if (why.empty()) return ordinal;
        bool const last = ordinal + 1 == count;
        spdlog::info("cuda:{} is not used: {}{}", ordinal, why, last ? ". Running on the CPU" : "");
    }
    return on_cpu;
}

// Opens the device of a run, chosen here if `device` is automatic, and plans for it. DeviceError for a
// GPU that was asked for and cannot run the study.
std::pair<Exec, Plan> open_device(int& device, PlanFor const& plan_for)
{
    if (device == automatic) device = choose_device(plan_for);
    if (device == on_cpu) return {Exec::cpu(), plan_for(Space::cpu)};
    std::pair<Exec, Plan> opened{Exec::cuda(device), plan_for(Space::cuda)};
    auto const fault = device_memory_fault(opened.second, opened.first);
    if (fault.empty()) return opened;
    throw DeviceError("cuda:" + std::to_string(device) + " cannot be used: " + fault +
                      ". Take fewer or narrower networks, or --device cpu.");
}

Precision choose_precision(std::string const& wanted)
{
    if (wanted == "float") return Precision::single;
    if (wanted == "double") return Precision::dual;
    throw UserError("--precision " + wanted + " is not known (float, double).");
}

int choose_workers(int wanted)
{
    if (wanted > 0) return wanted;
    return std::max(1u, std::thread::hardware_concurrency());
}

// Whether there is nothing to do. UserError for a file of another study.
bool is_finished(std::string const& path, Study const& study, bool overwrite)
{
    std::error_code error;
    if (overwrite || !std::filesystem::exists(path, error)) return false;
    StoreIdentity identity;
    try {
        identity = identify_store(path);
    } catch (DataError const&) {
        throw UserError(path + " exists and is not an output of sharpgrid. Choose another with -o, or "
                               "replace it with --overwrite.");
    }
    if (identity.digest != study.digest) {
        throw UserError(path + " exists and belongs to another study. Choose another with -o, or "
                               "replace it with --overwrite.");
    }
    if (identity.state == StudyState::complete) {
        spdlog::info("{} is complete: nothing to do (--overwrite runs it again)", path);
        return true;
    }
    spdlog::info("{} is not complete: the study is run anew", path);
    return false;
}

Provenance provenance_of(RunOptions const& options, Study const& study, Dataset const& data,
                         std::string const& device)
{
    Provenance p;
    p.source = version_text();
    p.device = device;
    p.libraries = device;
    p.precision = options.precision;
    p.data_name = study.data.set;
    p.data_sha256 = data.sha256;
    p.command = options.command;
    return p;
}

void report_end(Counters const& counters, SweepResult const& result)
{
    auto const measured = std::max<std::int64_t>(counters.measurements, 1);
    spdlog::info("{} networks: {} diverged, {} collapsed; {:.2f} products per measurement; audit: {} "
                 "of {} missed (worst {:.1e})",
                 counters.networks.load(), counters.diverged.load(), counters.collapsed.load(),
                 static_cast<double>(counters.products) / static_cast<double>(measured),
                 result.audit.misses, result.audit.measurements, result.audit.worst);
}

DatasetShape shape_of(Dataset const& d) { return {d.examples, d.inputs, d.classes}; }

struct Prepared {
    Study study;
    std::string output;
    int device;  // as read_device gives it
    Precision precision;
};

Prepared prepare(RunOptions const& options)
{
    Prepared p{};
    p.study = read_study(options.study, options.set);
    p.output = options.output.empty() ? p.study.output_file : options.output;
    p.study.output_file = p.output;
    p.precision = choose_precision(options.precision);
    p.device = read_device(options.device);
    return p;
}

Plan plan_of(Prepared const& p, Space space, int workers)
{
    return make_plan(p.study, dataset_shape(p.study.data), space, p.precision, choose_workers(workers));
}

}  // namespace

ExitCode run_command(RunOptions const& options)
{
    auto p = prepare(options);
    if (is_finished(p.output, p.study, options.overwrite)) return ExitCode::done;
    auto const plan_for = [&](Space space) { return plan_of(p, space, options.workers); };
    auto const [exec, plan] = open_device(p.device, plan_for);
    check_memory(plan);
    auto const data = load_dataset(p.study.data);
    check_sizes(p.study, shape_of(data));
    auto const description = exec.describe();
    Store store(p.output, p.study, provenance_of(options, p.study, data, description));
    spdlog::info("{}: {} networks, {} workers, {} of memory planned; {}", p.study.name, plan.networks,
                 plan.workers, human_bytes(static_cast<double>(plan.host_bytes)), description);

    std::signal(SIGINT, request_stop);
    std::signal(SIGTERM, request_stop);
    Counters counters;
    SweepResult result;
    {
        Progress const progress(counters, plan.networks, plan.flops * 1e-6);
        result = sweep(p.study, plan, data, p.device, stop_requested, counters,
                       [&](Trajectory&& row) { store.append(std::move(row)); });
    }
    store.close(result.stopped ? StudyState::stopped : StudyState::complete, result.audit);
    report_end(counters, result);
    spdlog::info("{} {}", p.output, result.stopped ? "holds what was finished" : "is complete");
    return result.stopped ? ExitCode::stopped : ExitCode::done;
}

ExitCode plan_command(RunOptions const& options)
{
    auto p = prepare(options);
    auto const plan = plan_of(p, p.device < 0 ? Space::cpu : Space::cuda, options.workers);
    print_plan(std::cout, p.study, plan, Exec::cpu().memory());
    return ExitCode::done;
}

ExitCode analyse_command(AnalyseOptions const& options)
{
    auto const study = read_store(options.file);
    auto const points = find_constants(study.rows, study.margins);
    auto const shapes = summarise(points);
    if (options.json)
        write_json(std::cout, study, points);
    else if (options.csv)
        write_csv(std::cout, study, points);
    else
        print_constants(std::cout, study, points, shapes);
    if (!std::cout.flush()) throw ResourceError("cannot write to standard output");
    if (options.figure.empty()) return ExitCode::done;
    std::ofstream figure(options.figure);
    figure << phase_diagram_svg(study, points, shapes);
    if (!figure.flush()) {
        throw UserError("cannot write " + options.figure + ": " + std::strerror(errno) +
                        ". Choose another place with --figure.");
    }
    return ExitCode::done;
}

}  // namespace sg
