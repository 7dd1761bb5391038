// SPDX-License-Identifier: MIT
// The output file: HDF5 that is also netCDF-4 (one flat root group, labelled dimensions), streamed
// while the study runs. The C library stays behind host/hdf5*.hpp.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/analysis.hpp"
#include "host/output_lock.hpp"
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
    std::string command;        // for `history`
    std::string shard = "1/1";  // which part of the study the file is to hold
    std::int64_t data_examples = 0;
};

// Everything that a file says before its first row.
struct FileHead {
    std::string title, history, source, yaml_given, yaml_resolved, digest, model;
    std::string data_name, data_sha256, loss_normalisation, measured_on;
    std::string device, libraries, precision;
    std::string start_time;  // ISO 8601, UTC
    std::string shard = "1/1";
    std::vector<SweptKey> swept;
    int steps = 0;
    SpectrumSpec spectrum;
};

// What a file says of itself, and its rows: all of a closed one, the committed ones of one that is
// streamed or whose writer was killed.
struct StoredStudy : FileHead {
    StudyState state = StudyState::running;
    std::vector<Trajectory> rows;
    std::vector<double> margins;  // ε of c_sharp, per row
    AuditTally audit;
    double end_time = missing;  // seconds since 1970
    bool closed = true;         // false: a writer has it open, or was killed while it had
};

// When rows are committed: as soon as one of the two is reached.
struct CommitPolicy {
    int networks = 256;
    double seconds = 5;
};

// Streams rows to the file through a thread of its own. Every commit is on the disk before the next
// begins; whatever kills the process, what was committed can be read (`sharpgrid repair`, `run`).
class Store {
public:
    // The file begins with the rows of `kept`, the same study's from an earlier run, and replaces
    // what stood under the name. Throws ResourceError (no space), UserError (cannot be written).
    // When a write fails later, `stop` is set, and append() and close() throw.
    Store(OutputLock const& lock, Study const& study, Provenance const& provenance,
          StoredStudy kept = {}, CommitPolicy const& policy = {},
          std::atomic<bool>* stop = nullptr);
    ~Store();  // without close(): as close(stopped), and what fails is not said
    Store(Store const&) = delete;
    Store& operator=(Store const&) = delete;

    // Rows that belong together (they are committed together), with the audit of their sharpness.
    // From any thread; waits while the disk is far behind. `committed` is called, by the writer's
    // thread, when they are on the disk; it must not throw.
    void append(std::vector<Trajectory> rows, AuditTally const& audit,
                std::function<void()> committed = {});
    // Commits what is left; then a sorted, cleanly closed copy takes the place of the streamed
    // file.
    void close(StudyState state);

    AuditTally audit() const;  // of all rows, after close()

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// Throws DataError for a file that is missing, not HDF5, not of this schema, or damaged. One whose
// writer was killed is refused with the command that mends it, or its committed rows are read; the
// file itself is not touched.
enum class Killed : std::uint8_t { refuse, read };
StoredStudy read_store(std::string const& path, Killed killed = Killed::refuse);

// Puts a sorted, cleanly closed copy of the committed rows in the place of a file whose writer was
// killed, and says how many there are; nothing where the file is whole. The file itself is only
// read, so it cannot get worse. Throws what read_store and write_closed throw.
std::optional<std::size_t> repair_store(OutputLock const& lock);

}  // namespace sg
