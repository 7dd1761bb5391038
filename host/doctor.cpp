// SPDX-License-Identifier: MIT
#include "host/doctor.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <iostream>

#include "cuda/exec/exec.hpp"
#include "host/commands.hpp"
#include "host/machine.hpp"

namespace sg {

namespace {

constexpr std::array outcome_names{"PASS", "FAIL", "SKIP"};
constexpr int text_column = 24;

constexpr char const* report_it = "please report this with the whole output";

std::atomic<bool> stop_requested{false};

// Not as a run does it: the checks end soon, and what they wrote is removed.
void listen_for_signals() {
    struct sigaction action {};
    action.sa_handler = [](int) { stop_requested = true; };
    action.sa_flags = SA_RESTART | SA_RESETHAND;  // the second one ends the process
    for (int const number : {SIGINT, SIGTERM, SIGUSR1}) ::sigaction(number, &action, nullptr);
    ::signal(SIGXFSZ, SIG_IGN);  // a limit on the size of files is met like a full disk
}

// Prints each check as it ends.
class Report {
public:
    void add(Check check) {
        std::cout << to_text(check) << std::flush;
        checks.push_back(std::move(check));
    }
    // Unless a signal asked for the end.
    void run(std::string const& name, std::string const& advice,
             std::function<Check()> const& check) {
        if (!stop_requested) add(guarded(name, advice, check));
    }

    bool has_failed(std::string const& name) const {
        return std::any_of(checks.begin(), checks.end(), [&](Check const& c) {
            return c.name == name && c.outcome == Check::Outcome::fail;
        });
    }

    std::vector<Check> checks;
};

void examine_program(Report& report, CudaLibraries const& cuda, std::string const& device) {
    std::string const build = "build sharpgrid again on this machine";
    report.add(check_program());
    report.run("OpenBLAS", build, check_blas);
    report.run("HDF5", build, [] { return check_hdf5(h5::library_version()); });
    report.run("OpenSSL", build, check_openssl);
    report.run("CUDA", "see nvidia-smi", [&] { return check_cuda(cuda, device); });
    report.add(check_environment(environ, cuda.compiled > 0 && device != "cpu"));
}

void examine_machine(Report& report, CudaLibraries const& cuda, std::string const& device) {
    auto const memory = Exec::cpu().memory();
    report.add(check_processor());
    report.add(check_memory_left(memory.free, memory.total));
    Gpus gpus;
    if (cuda.compiled > 0) gpus = check_gpus(device);
    for (auto const& check : gpus.checks) report.add(check);
    // OpenBLAS asks again and again, without an end, for the buffer that a thread cannot get.
    if (report.has_failed("memory")) return report.add(skipped("numbers", "too little memory"));
    gpus.usable.insert(gpus.usable.begin(), -1);
    for (int const d : gpus.usable)
        if (!stop_requested)
            for (auto const& check : check_numerics(d)) report.add(check);
}

void examine_disk(Report& report, DoctorOptions const& options) {
    std::string const directory = output_directory(options.output);
    std::string const program = "/proc/self/exe";
    std::string const advice = "choose another directory with -o";
    std::optional<ScratchFolder> folder;
    report.run("directory", "create it, or " + advice, [&] {
        folder.emplace(directory);
        return passed("directory", directory == "." ? "the working directory can be written"
                                                    : directory + " can be written");
    });
    if (!folder) {
        for (char const* name : {"disk", "lock", "kill and resume"})
            report.add(skipped(name, "nothing can be written"));
        return;
    }
    report.run("disk", advice, [&] { return check_space(*folder); });
    report.run("lock", advice, [&] { return check_lock(*folder, program); });
    if (report.has_failed("HDF5"))  // the library ends the process at the first file
        report.add(skipped("kill and resume", "HDF5 is of another version"));
    else if (report.has_failed("memory"))
        report.add(skipped("kill and resume", "too little memory"));
    else
        report.run("kill and resume", advice,
                   [&] { return check_recovery(*folder, program, stop_requested); });
}

}  // namespace

Check passed(std::string name, std::string text, std::string advice) {
    return {std::move(name), Check::Outcome::pass, std::move(text), std::move(advice),
            ExitCode::done};
}

Check skipped(std::string name, std::string text, std::string advice) {
    return {std::move(name), Check::Outcome::skip, std::move(text), std::move(advice),
            ExitCode::done};
}

Check failed(std::string name, ExitCode code, std::string text, std::string advice) {
    SG_EXPECT(code != ExitCode::done && !advice.empty());
    return {std::move(name), Check::Outcome::fail, std::move(text), std::move(advice), code};
}

Check guarded(std::string const& name, std::string const& advice,
              std::function<Check()> const& check) {
    try {
        return check();
    } catch (Fault const& fault) {
        // Of a check, "usage" is the user's directory: the command line was read before.
        auto const code = fault.code() == ExitCode::user ? ExitCode::resource : fault.code();
        return failed(name, code, fault.what(), code == ExitCode::internal ? report_it : advice);
    } catch (std::bad_alloc const&) {
        return failed(name, ExitCode::resource, "out of memory",
                      "ask for more (Slurm: --mem; a shell: ulimit -v)");
    } catch (std::exception const& error) {
        return failed(name, ExitCode::internal, error.what(), report_it);
    }
}

ExitCode worst_code(std::vector<Check> const& checks) {
    for (auto const code : {ExitCode::check, ExitCode::device, ExitCode::resource, ExitCode::data,
                            ExitCode::internal})
        if (std::any_of(checks.begin(), checks.end(), [&](Check const& c) {
                return c.outcome == Check::Outcome::fail && c.code == code;
            }))
            return code;
    return ExitCode::done;
}

std::string to_text(Check const& check) {
    std::string const indent(text_column, ' ');
    std::string text = fmt::format(
        "{:<{}}{}\n",
        fmt::format("{}  {}", outcome_names[static_cast<std::size_t>(check.outcome)], check.name),
        text_column, check.text);
    if (!check.advice.empty()) text += "-> " + check.advice + "\n";
    for (std::size_t end = text.find('\n'); end + 1 < text.size(); end = text.find('\n', end + 1))
        text.insert(end + 1, indent);
    return text;
}

std::string summary(std::vector<Check> const& checks) {
    std::array<int, outcome_names.size()> count{};
    for (auto const& check : checks) ++count[static_cast<std::size_t>(check.outcome)];
    return fmt::format("{} passed, {} failed, {} skipped", count[0], count[1], count[2]);
}

ExitCode doctor_command(DoctorOptions const& options) {
    auto const start = std::chrono::steady_clock::now();
    listen_for_signals();
    std::string ignored;
    devices_named(options.device,
                  ignored);  // a name that is not known is refused before anything else
    Report report;
    auto const cuda = cuda_libraries();
    examine_program(report, cuda, options.device);
    examine_machine(report, cuda, options.device);
    examine_disk(report, options);
    report.run("fashion-mnist", "install it again, or name another place by SHARPGRID_DATA",
               [] { return check_dataset({}); });
    std::chrono::duration<double> const took = std::chrono::steady_clock::now() - start;
    std::cout << fmt::format("{} in {:.1f} s{}\n", summary(report.checks), took.count(),
                             stop_requested ? "; stopped early" : "");
    if (!std::cout.flush()) throw ResourceError("cannot write to standard output");
    return stop_requested ? ExitCode::stopped : worst_code(report.checks);
}

}  // namespace sg
