// SPDX-License-Identifier: MIT
// What a study shows beyond the constants of its points: statistics over seeds, the opening of the
// sharpness-reduction phase, the regimes of long runs and c_crit.
#pragma once

#include <ostream>
#include <vector>

#include "host/analysis.hpp"
#include "host/c_crit.hpp"
#include "host/opening.hpp"
#include "host/regimes.hpp"
#include "host/store.hpp"

namespace sg {

struct Findings {
    std::vector<Shape> shapes;
    std::vector<Opening> openings;
    std::vector<NetworkRegimes> regimes;
    double c_crit_s = missing;  // S; missing: c_crit was not asked for
    std::vector<CriticalC> c_crit;
};

// points: those of the study. Throws what parse_study throws where the run is long and the file's
// own study cannot be read (it says the momentum).
Findings findings_of(StoredStudy const& study, std::vector<Point> const& points,
                     double c_crit_s = missing);

// β of each row, from the swept keys or the study that the file keeps.
std::vector<double> momenta_of(StoredStudy const& study);

// What there is of it, for people.
void print_findings(std::ostream& out, StoredStudy const& study, Findings const& found);

// One line for each shape and constant, over the seeds; what is missing or open is an empty field.
void write_shapes_csv(std::ostream& out, StoredStudy const& study,
                      std::vector<Shape> const& shapes);

}  // namespace sg
