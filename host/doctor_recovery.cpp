// SPDX-License-Identifier: MIT
// Writes, is killed, reads and goes on, as a run of days will have to.
#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "host/child.hpp"
#include "host/config.hpp"
#include "host/doctor.hpp"
#include "host/store.hpp"

namespace sg {

namespace {

using std::chrono::steady_clock;

// Half a second of work in many slices: enough to be killed in the middle.
constexpr char const* study_text =
    "study: doctor\ndata: {set: synthetic, examples: 256, inputs: 16, classes: 4}\n"
    "model: {kind: fcn, depth: 3, width: 24, activation: relu}\n"
    "training: {loss: mse, batch: 64, steps: 8}\n"
    "grid: {c: {log2_min: -1, log2_max: 4, step: 0.25}, seeds: 8}\n"
    "sharpness: {method: lanczos, examples: 128}\noutput: {file: none.h5}\n";

constexpr char const* name = "kill and resume";
constexpr char const* advice =
    "choose a local disk or another directory with -o, and report this with the kind of file "
    "system (df -T)";

constexpr std::chrono::seconds patience{25};  // with a disk that is slow to sync
constexpr int killed_code = 128 + SIGKILL;

struct KilledRun {
    std::string program, study, output;
    std::atomic<bool> const& stop;

    std::vector<std::string> run() const {
        return {"run", study, "-o", output, "--device", "cpu", "--workers", "1", "--shard", "none"};
    }
    std::size_t committed() const;
    bool kill_after_commit() const;
    void finish() const;
};

// Networks that the file holds for good while its run lives; 0 also while it has none.
std::size_t KilledRun::committed() const {
    try {
        return std::filesystem::exists(output) ? read_store(output, Killed::read).rows.size() : 0;
    } catch (DataError const&) {
        return 0;  // the writer is between two steps
    }
}

// Whether the run was killed before it had finished.
bool KilledRun::kill_after_commit() const {
    auto arguments = run();
    arguments.insert(arguments.end(), {"--commit-networks", "1"});
    Child child(program, arguments);
    auto const until = steady_clock::now() + patience;
    while (!child.ended() && committed() == 0) {
        if (stop || steady_clock::now() > until)
            throw ResourceError(stop ? "it was stopped"
                                     : "the run committed nothing in time: the disk is very slow");
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    child.kill();
    int const code = child.wait();
    if (code != 0 && code != killed_code)
        throw ResourceError(
            fmt::format("the run ended with exit code {}: {}", code, child.error()));
    return !read_store(output, Killed::read).closed;
}

void KilledRun::finish() const {
    Child child(program, run());
    auto const until = steady_clock::now() + patience;
    while (!child.ended()) {
        if (stop || steady_clock::now() > until)
            throw ResourceError(stop ? "it was stopped"
                                     : "the run that went on did not end in time");
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    if (*child.ended() != 0)
        throw ResourceError(fmt::format("the run that went on ended with exit code {}: {}",
                                        *child.ended(), child.error()));
}

Check recover(ScratchFolder const& folder, KilledRun const& killed) {
    auto const study = parse_study(study_text, "doctor.yaml");
    std::ofstream file(killed.study);
    file << study_text;
    file.close();
    if (!file) throw ResourceError("cannot write " + killed.study);
    if (!killed.kill_after_commit())
        return skipped(name, "the run had ended before it could be killed");

    auto const expected = run_in_memory(study, -1, Precision::single, 1);
    auto const kept = read_store(killed.output, Killed::read).rows;
    auto const lost = first_difference(kept, expected, false);
    if (kept.empty() || !lost.empty())
        return failed(name, ExitCode::resource,
                      "what was committed before a kill is not what was computed: " + lost, advice);
    std::string const copy = folder.path("repaired.h5");
    std::filesystem::copy_file(killed.output, copy);
    repair_store(OutputLock(copy));
    auto const repaired = first_difference(read_store(copy).rows, kept);
    if (!repaired.empty())
        return failed(name, ExitCode::resource, "after a repair: " + repaired, advice);
    killed.finish();
    auto const resumed = first_difference(read_store(killed.output).rows, expected);
    if (!resumed.empty())
        return failed(name, ExitCode::resource, "after the run went on: " + resumed, advice);
    return passed(
        name,
        fmt::format(
            "killed with {} of {} networks committed; repaired and resumed with the same bits",
            kept.size(), expected.size()));
}

}  // namespace

Check check_recovery(ScratchFolder const& folder, std::string const& program,
                     std::atomic<bool> const& stop) {
    try {
        return recover(folder, {program, folder.path("study.yaml"), folder.path("run.h5"), stop});
    } catch (DataError const& error) {  // of a file that was just written here
        return failed(name, ExitCode::resource, error.what(), advice);
    } catch (ResourceError const&) {
        if (!stop) throw;
        return skipped(name, "it was stopped");
    }
}

}  // namespace sg
