// SPDX-License-Identifier: MIT
// The checks of `sharpgrid doctor`: whether this build, on this machine, in this directory, does
// what a study asks of it. Each returns what it saw; none throws what a user could meet.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cuda/exec/error.hpp"
#include "cuda/exec/libraries.hpp"
#include "host/cohort.hpp"
#include "host/hdf5.hpp"
#include "host/trajectory.hpp"

namespace sg {

struct Check {
    enum class Outcome : std::uint8_t { pass, fail, skip };

    std::string name;
    Outcome outcome = Outcome::pass;
    std::string text;  // what was seen; why it failed or was left out
    std::string
        advice;  // what to do about it, also about a pass that is short of something; may be empty
    ExitCode code = ExitCode::done;  // of a failure
};
Check passed(std::string name, std::string text, std::string advice = "");
Check skipped(std::string name, std::string text, std::string advice = "");
Check failed(std::string name, ExitCode code, std::string text, std::string advice);

// What `check` returns, or the fault that it threw as a failure of this name. `expected`: what to
// think of a fault that is none of ours.
Check guarded(std::string const& name, std::string const& advice,
              std::function<Check()> const& check);

// Of several failures the first in the order 5, 4, 6, 3, 1: wrong numbers are worse than none.
ExitCode worst_code(std::vector<Check> const& checks);
std::string to_text(Check const& check);                // one line, advice below it
std::string summary(std::vector<Check> const& checks);  // "12 passed, 1 failed, 2 skipped"

// The program and its libraries (host/doctor_tools.cpp).
Check check_program();
Check check_blas();
Check check_hdf5(h5::LibraryVersion const& version);
Check check_openssl();
Check check_cuda(CudaLibraries const& found, std::string const& device);
// entries: as `environ`; gpu: whether a GPU may come to compute.
Check check_environment(char const* const* entries, bool gpu);

// The machine (host/doctor_machine.cpp).
Check check_processor();
Check check_memory_left(std::size_t free, std::size_t total);
Check check_dataset(DataSpec const& spec);
// What --device names: a check of each GPU, and those that work. UserError: no such name.
struct Gpus {
    std::vector<Check> checks;
    std::vector<int> usable;
};
Gpus check_gpus(std::string const& device);

// Numbers on a device (host/doctor_numerics.cpp); −1: the CPU.
std::vector<Check> check_numerics(int device);
// One entry per network; the largest relative difference is judged.
Check compare_sharpness(std::string const& name, std::vector<double> const& exact,
                        std::vector<double> const& lanczos);
Check compare_products(std::string const& name, std::vector<double> const& product,
                       std::vector<double> const& difference);
// Where two sets of networks differ first, each found by (depth, width, seed, c); empty: nowhere.
// With `all` those that `rows` lacks count, too.
std::string first_difference(std::vector<Trajectory> const& rows,
                             std::vector<Trajectory> const& expected, bool all = true);
// All networks of a study by `workers` workers, in the order of their keys.
std::vector<Trajectory> run_in_memory(Study const& study, int device, Precision precision,
                                      int workers);

// A folder of our own below the directory that output goes to; it goes with all that it holds.
class ScratchFolder {
public:
    explicit ScratchFolder(std::string const& directory);  // ResourceError
    ~ScratchFolder();
    ScratchFolder(ScratchFolder const&) = delete;
    ScratchFolder& operator=(ScratchFolder const&) = delete;

    std::string path(std::string const& name) const { return path_ + "/" + name; }

private:
    std::string path_;
};

// The directory of -o: itself, or where the file is to lie.
std::string output_directory(std::string const& output);

// The disk (host/doctor_disk.cpp, host/doctor_recovery.cpp). program: a sharpgrid to start.
Check check_space(ScratchFolder const& folder);
Check check_lock(ScratchFolder const& folder, std::string const& program);
Check check_recovery(ScratchFolder const& folder, std::string const& program,
                     std::atomic<bool> const& stop);

}  // namespace sg
