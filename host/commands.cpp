// SPDX-License-Identifier: MIT
#include "host/commands.hpp"

#include <spdlog/spdlog.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "host/figure.hpp"
#include "host/findings.hpp"
#include "host/machine.hpp"
#include "host/output_file.hpp"
#include "host/prepare.hpp"
#include "host/store.hpp"
#include "host/store_merge.hpp"
#include "host/tables.hpp"

namespace sg {

ExitCode plan_command(RunOptions const& options)
{
    auto const p = prepare(options);
    auto const named = machine_named(options.device);
    print_plan(std::cout, p.study, named ? plan_on(p, *named) : plan_of(p, options));
    return ExitCode::done;
}

ExitCode analyse_command(AnalyseOptions const& options)
{
    auto const study = read_store(options.file);
    auto const points = find_constants(study.rows, study.margins);
    auto const found = findings_of(study, points, options.c_crit > 0 ? options.c_crit : missing);
    if (options.json) {
        write_json(std::cout, study, points, found);
    } else if (options.csv && options.shapes) {
        write_shapes_csv(std::cout, study, found.shapes);
    } else if (options.csv) {
        write_csv(std::cout, study, points);
    } else {
        print_constants(std::cout, study, points, found.shapes);
        print_findings(std::cout, study, found);
    }
    if (!std::cout.flush()) throw ResourceError("cannot write to standard output");
    if (options.figure.empty()) return ExitCode::done;
    std::ofstream figure(options.figure);
    figure << phase_diagram_svg(study, points, found.shapes);
    if (!figure.flush()) {
        throw UserError("cannot write " + options.figure + ": " + std::strerror(errno) +
                        ". Choose another place with --figure.");
    }
    return ExitCode::done;
}

ExitCode repair_command(std::string const& file)
{
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored)) throw DataError("cannot read " + file + ": no such file");
    OutputLock const lock(file);
    auto const networks = repair_store(lock);
    if (networks)
        spdlog::info("{} is whole again: {} networks. `sharpgrid run` goes on with it", file, *networks);
    else
        spdlog::info("{} is whole: nothing to repair", file);
    return ExitCode::done;
}

ExitCode merge_command(MergeOptions const& options)
{
    OutputLock const lock(options.output);
    bool const written = merge_stores(options.parts, lock, options.overwrite);
    remove_temporary(options.output);
    spdlog::info("{} {} of {} parts", options.output,
                 written ? "is complete, out" : "is there already, with the data", options.parts.size());
    return ExitCode::done;
}

}  // namespace sg
