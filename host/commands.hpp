// SPDX-License-Identifier: MIT
// The commands behind the command line. Each throws a Fault, or returns the exit code.
#pragma once

#include <string>
#include <vector>

#include "cuda/exec/error.hpp"
#include "host/c_crit.hpp"

namespace sg {

struct RunOptions {
    std::string study;
    std::string output;                 // empty: as the study says
    std::string device = "auto";
    std::vector<std::string> set;
    std::string precision = "float";
    int workers = 0;                    // 0: one per core
    bool overwrite = false;
    std::string shard;                  // as choose_shard reads it
    std::string max_time;               // empty: no limit
    int commit_networks = 256;          // a commit is due after so many networks ...
    double commit_seconds = 5;          // ... or so long
    double checkpoint_seconds = 60;     // most time between two checkpoints of a slice
    std::string command;                // the command line, for the file's history
};

struct MergeOptions {
    std::vector<std::string> parts;
    std::string output;
    bool overwrite = false;
};

struct AnalyseOptions {
    std::string file;
    bool csv = false, json = false;
    bool shapes = false;  // csv of the statistics over seeds, not of the points
    double c_crit = 0;    // S of c_crit; 0: not wanted
    std::string figure;  // SVG to write; empty: none
};

struct DoctorOptions {
    std::string output;  // a file or a directory; empty: the working directory
    std::string device = "auto";
};

struct ReportOptions {
    std::string file;
    std::string output;   // page to write; empty: none
    std::string figures;  // folder of SVG to write; empty: none
    double c_crit = usual_c_crit_s;  // S of c_crit
};

ExitCode run_command(RunOptions const& options);
ExitCode plan_command(RunOptions const& options);
ExitCode analyse_command(AnalyseOptions const& options);
ExitCode report_command(ReportOptions const& options);
ExitCode repair_command(std::string const& file);
ExitCode watch_command(std::string const& file);
ExitCode merge_command(MergeOptions const& options);
ExitCode doctor_command(DoctorOptions const& options);

// Version, commit, build and libraries in one line each.
std::string version_text();

}  // namespace sg
