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
#include "host/machine.hpp"
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

Precision choose_precision(std::string const& wanted)
{
    if (wanted == "float") return Precision::single;
    if (wanted == "double") return Precision::dual;
    throw UserError("--precision " + wanted + " is not known (float, double).");
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
    Precision precision;
};

Prepared prepare(RunOptions const& options)
{
    Prepared p{};
    p.study = read_study(options.study, options.set);
    p.output = options.output.empty() ? p.study.output_file : options.output;
    p.study.output_file = p.output;
    p.precision = choose_precision(options.precision);
    return p;
}

Plan plan_of(Prepared const& p, RunOptions const& options)
{
    return plan_for_machine(options.device, options.workers, [&](Machine const& machine) {
        return make_plan(p.study, dataset_shape(p.study.data), machine, p.precision);
    });
}

}  // namespace

ExitCode run_command(RunOptions const& options)
{
    auto p = prepare(options);
    if (is_finished(p.output, p.study, options.overwrite)) return ExitCode::done;
    auto const plan = plan_of(p, options);
    check_memory(plan);
    auto const data = load_dataset(p.study.data);
    check_sizes(p.study, shape_of(data));
    auto const description = describe(plan.machine);
    Store store(p.output, p.study, provenance_of(options, p.study, data, description));
    spdlog::info("{}: {} networks, {} workers, {} of memory planned; {}", p.study.name, plan.networks,
                 plan.workers, human_bytes(static_cast<double>(plan.host_bytes)), description);

    std::signal(SIGINT, request_stop);
    std::signal(SIGTERM, request_stop);
    Counters counters;
    SweepResult result;
    {
        Progress const progress(counters, plan.networks, plan.flops * 1e-6);
        result = sweep(p.study, plan, data, stop_requested, counters,
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
    print_plan(std::cout, p.study, plan_of(p, options));
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
