// SPDX-License-Identifier: MIT
// The output file: HDF5 that is also netCDF-4 (one flat root group, labelled dimensions).
// The C library stays behind host/hdf5.hpp.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "host/analysis.hpp"
#include "host/study.hpp"
#include "host/trajectory.hpp"

namespace sg {

enum class StudyState : std::int8_t { running, stopped, complete };
inline constexpr std::array<std::string_view, 3> study_state_names{"running", "stopped",
                                                                   "complete"};

// What the file says about where its numbers come from.
struct Provenance {
    std::string source;     // version, commit, build flags
    std::string device;     // name of the CPU or GPU
    std::string libraries;  // "OpenBLAS 0.3.21 ...; HDF5 1.10.8; ..."
    std::string precision;  // float or double
    std::string data_name;
    std::string data_sha256;
    std::string command;  // for `history`
};

// Writes to PATH.tmp, which close() renames to PATH. A Store that is destroyed without close()
// leaves no file behind. Throws ResourceError (no space), UserError (the directory cannot be
// written).
class Store {
public:
    Store(std::string const& path, Study const& study, Provenance const& provenance);
    ~Store();
    Store(Store const&) = delete;
    Store& operator=(Store const&) = delete;

    void append(Trajectory row);  // from any thread
    // Sorts the rows, finds the constants, writes everything, syncs and renames.
    void close(StudyState state, AuditTally const& audit);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// What a finished file says of itself, and all its rows.
struct StoredStudy {
    std::string title;
    std::string model;
    std::string digest;
    std::string data_name;
    StudyState state = StudyState::running;
    std::vector<SweptKey> swept;
    std::vector<Trajectory> rows;
    std::vector<double> margins;  // ε of c_sharp, per row
    AuditTally audit;
};

// Throws DataError for a file that is missing, not HDF5, or not of this schema.
StoredStudy read_store(std::string const& path);

// Digest and state of an existing output; DataError when it is not one of ours.
struct StoreIdentity {
    std::string digest;
    StudyState state = StudyState::running;
};
StoreIdentity identify_store(std::string const& path);

}  // namespace sg
