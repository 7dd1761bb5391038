// SPDX-License-Identifier: MIT
// From rows to an output file: a closed one, or the beginning of one that is streamed.
#pragma once

#include <string>
#include <vector>

#include "host/output_file.hpp"
#include "host/store.hpp"

namespace sg {

// Expected lengths of a file that is going to be streamed; 0: it will not.
struct Growth {
    std::uint64_t runs = 0;
    std::uint64_t points = 0;
};

struct FileContent {
    FileHead const& head;
    std::vector<Trajectory> const& rows;  // sorted
    std::vector<double> const& margins;   // one per row
    StudyState state;
    AuditTally const& audit;
    double end_time;  // seconds since 1970
    Growth growth = {};
};

FileHead head_of(Study const& study, Provenance const& from, std::string const& start_time);

// A new file, closed and on the disk, that nobody reads before it gets its name. ResourceError.
void write_file(OutputFile& file, FileContent const& content);

// The closed file in the place of what stood there. ResourceError: then that still stands there.
void write_closed(std::string const& path, FileContent const& content);

}  // namespace sg
