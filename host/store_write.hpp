// SPDX-License-Identifier: MIT
// From sorted rows to the bytes of the output file. Nothing here touches the disk.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "host/hdf5.hpp"
#include "host/store.hpp"

namespace sg {

struct FileContent {
    Study const& study;
    Provenance const& provenance;
    std::vector<Trajectory> const& rows;  // sorted
    std::vector<double> const& margins;   // one per row
    StudyState state;
    AuditTally const& audit;
    std::string start_time;  // ISO 8601, UTC
    double end_time;         // seconds since 1970
};

std::unique_ptr<h5::Image> file_image(FileContent const& content);

}  // namespace sg
