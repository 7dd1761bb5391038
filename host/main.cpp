// SPDX-License-Identifier: MIT
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <initializer_list>
#include <new>
#include <string_view>
#include <system_error>

#include "cuda/exec/exec.hpp"
#include "host/commands.hpp"

namespace {

using sg::ExitCode;

// Refused by name, so that nobody takes an unfinished promise for a typing error.
void refuse(CLI::App& app, std::string const& name)
{
    app.add_subcommand(name, "not available yet")
        ->group("")
        ->allow_extras()
        ->callback([name] { throw sg::UserError("the command " + name + " is not available yet."); });
}

void refuse_option(CLI::App& command, std::string const& name)
{
    command
        .add_option_function<std::vector<std::string>>(
            name,
            [name](auto const&) { throw sg::UserError("the option " + name + " is not available yet."); })
        ->group("")
        ->expected(0, 1);
}

void add_study_options(CLI::App& command, sg::RunOptions& options)
{
    command.add_option("STUDY", options.study, "study file (YAML)")->required();
    command.add_option("-o,--output", options.output, "output file; overrides output.file");
    command.add_option("--device", options.device, "auto, cpu, cuda or cuda:N")->capture_default_str();
    command.add_option("--set", options.set, "KEY=VALUE: overrides a key of the study, e.g. grid.seeds=5")
        ->allow_extra_args(true);
    command.add_option("--precision", options.precision, "float, or double for checking")
        ->capture_default_str();
    command.add_option("--workers", options.workers, "CPU workers; 0: one per core")
        ->check(CLI::Range(0, 4096))
        ->capture_default_str();
}

ExitCode run(int argc, char** argv)
{
    CLI::App app{
        "sharpgrid trains a grid of small networks, measures the sharpness of each at every step, and "
        "finds the critical learning rates of early training (arXiv 2302.12250)."};
    app.require_subcommand(1);
    app.set_version_flag("--version", sg::version_text());
    app.footer(
        "Exit codes: 0 done, 1 internal fault, 2 usage or configuration, 3 data, 4 device,\n"
        "5 numerical self-check failed, 6 out of disk or memory, 75 stopped early.");

    sg::RunOptions run_options, plan_options;
    for (int i = 0; i < argc; ++i) run_options.command += (i ? " " : "") + std::string(argv[i]);
    auto* run = app.add_subcommand("run", "run a study, or go on with one that was stopped, was killed, or grew");
    add_study_options(*run, run_options);
    run->add_flag("--overwrite", run_options.overwrite, "replace an existing output");
    run->add_option("--max-time", run_options.max_time,
                    "stop after this time, e.g. 90, 10m or 2h; the same command goes on");
    run->add_option("--commit-seconds", run_options.commit_seconds, "most time between two commits")
        ->check(CLI::Range(0.0, 86400.0))
        ->capture_default_str();
    run->add_option("--commit-networks", run_options.commit_networks, "most networks of a commit")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    run->add_option("--checkpoint-seconds", run_options.checkpoint_seconds,
                    "time between two checkpoints of networks under way, in OUTPUT.checkpoints/; up to ten times as long where "
                    "one takes more than a twentieth of it")
        ->check(CLI::Range(0.0, 86400.0))
        ->capture_default_str();
    run->add_option("--shard", run_options.shard,
                    "i/N: one of N parts, i from 1; auto/N: i from the environment; none: all. Without it "
                    "arrays of jobs and ranks of launchers make shards. Each writes NAME.shard-i-of-N.h5");
    refuse_option(*run, "--compress");

    auto* plan = app.add_subcommand("plan", "networks, memory, disk and time of a study; runs nothing");
    add_study_options(*plan, plan_options);
    plan_options.shard = "none";
    plan->get_option("--device")->description("auto, cpu, cuda, cuda:N; or h200, h100, a100, l4, whether it is there or not");

    sg::AnalyseOptions analyse_options;
    auto* analyse = app.add_subcommand("analyse", "critical constants from an output file");
    analyse->add_option("FILE", analyse_options.file, "output of `sharpgrid run`")->required();
    auto* csv = analyse->add_flag("--csv", analyse_options.csv, "one line per point and constant");
    analyse->add_flag("--shapes", analyse_options.shapes, "with --csv: over the seeds, one line per shape")
        ->needs(csv);
    analyse
        ->add_option("--c-crit", analyse_options.c_crit,
                     "also c_crit, from the sharpness at step S/c of a run that is long enough, e.g. 200")
        ->type_name("S")
        ->check(CLI::PositiveNumber);
    analyse->add_flag("--json", analyse_options.json, "everything, for programs")->excludes(csv);
    analyse->add_option("--figure", analyse_options.figure, "also draw the phase diagram (SVG)");
    sg::MergeOptions merge_options;
    auto* merge = app.add_subcommand("merge", "shards to the file of the whole study");
    merge->add_option("PART", merge_options.parts, "outputs of `sharpgrid run --shard`")->required();
    merge->add_option("-o,--output", merge_options.output, "file to write")->required();
    merge->add_flag("--overwrite", merge_options.overwrite, "replace an existing file");
    std::string repaired;
    auto* repair = app.add_subcommand("repair", "make the file of a killed run whole");
    repair->add_option("FILE", repaired, "output of `sharpgrid run`")->required();
    sg::DoctorOptions doctor_options;
    auto* doctor = app.add_subcommand("doctor", "check the build, the devices, their numbers and the disk (ten seconds)");
    doctor->add_option("-o,--output", doctor_options.output, "file or directory that a run is to write; default: here");
    doctor->add_option("--device", doctor_options.device, "auto, cpu, cuda or cuda:N")->capture_default_str();
    doctor->footer(
        "One line for each check: PASS, FAIL (below it what to do), or SKIP and why. Nothing that it writes stays.\n"
        "Exit codes: 0 nothing failed; else of the failures the first of 5 wrong numbers, 4 device, 6 disk or memory,\n"
        "3 damaged data, 1 libraries that do not fit the program; 75 stopped early.");
    sg::ReportOptions report_options;
    auto* report = app.add_subcommand("report", "one self-contained HTML page, and figures for a paper");
    report->add_option("FILE", report_options.file, "output of `sharpgrid run`")->required();
    report->add_option("-o,--output", report_options.output, "page to write, e.g. report.html");
    report->add_option("--figures", report_options.figures, "folder for the figures as SVG; is made if need be");
    report
        ->add_option("--c-crit", report_options.c_crit, "S of c_crit: from the sharpness at step S/c")
        ->type_name("S")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    std::string watched;
    auto* watch = app.add_subcommand("watch", "follow a run, or look at what it left");
    watch->add_option("FILE", watched, "output of `sharpgrid run`")->required();
    watch->footer(
        "On a terminal it draws progress and the phase diagram so far again and again, until the run ends or\n"
        "Ctrl-C; elsewhere it prints a line for each commit, and the diagram at the end. NO_COLOR is respected.\n"
        "Exit codes: 0 the study is complete, or Ctrl-C; 75 its run was stopped or killed; 3 it cannot be read.");
    refuse(app, "data");

    try {
        app.parse(argc, argv);
    } catch (CLI::ParseError const& error) {
        int const code = app.exit(error);
        return code == 0 ? ExitCode::done : ExitCode::user;
    }
    if (*run) return sg::run_command(run_options);
    if (*plan) return sg::plan_command(plan_options);
    if (*merge) return sg::merge_command(merge_options);
    if (*doctor) return sg::doctor_command(doctor_options);
    if (*repair) return sg::repair_command(repaired);
    if (*report) return sg::report_command(report_options);
    if (*watch) return sg::watch_command(watched);
    return sg::analyse_command(analyse_options);
}

// Needs no memory, which may be what there is none of.
void say_error(std::initializer_list<std::string_view> texts)
{
    auto const say = [](std::string_view text) {
        static_cast<void>(!::write(STDERR_FILENO, text.data(), text.size()));
    };
    say(isatty(STDERR_FILENO) ? "\x1b[31m\x1b[1merror\x1b[m: " : "error: ");
    for (auto const text : texts) say(text);
    say("\n");
}

void say_bug(std::exception const& error)
{
    say_error({error.what(), ". This is a bug of sharpgrid: please report it with the study."});
}

}  // namespace

int main(int argc, char** argv)
{
    sg::set_up_blas(argv);
    ExitCode code = ExitCode::internal;
    try {
        spdlog::set_default_logger(spdlog::stderr_color_mt("sharpgrid"));
        spdlog::set_pattern("%^%l%$: %v");
        sg::prepare_process();
        code = run(argc, argv);
    } catch (sg::Fault const& fault) {
        say_error({fault.what()});
        code = fault.code();
    } catch (std::bad_alloc const&) {
        say_error({"out of memory. Ask `sharpgrid plan` what the study needs."});
        code = ExitCode::resource;
    } catch (std::system_error const& error) {
        if (error.code() == std::errc::resource_unavailable_try_again) {
            say_error({"no more threads can be made. Raise the limit (ulimit -u), or take fewer workers "
                       "(--workers)."});
            code = ExitCode::resource;
        } else {
            say_bug(error);
        }
    } catch (std::exception const& error) {
        say_bug(error);
    }
    return static_cast<int>(code);
}
