// SPDX-License-Identifier: MIT
#include "host/findings.hpp"

#include <algorithm>

#include "cuda/exec/error.hpp"
#include "host/config.hpp"

namespace sg {

std::vector<double> momenta_of(StoredStudy const& study) {
    auto const key = std::find_if(study.swept.begin(), study.swept.end(),
                                  [](SweptKey const& swept) { return swept.name == "momentum"; });
    std::vector<double> momenta;
    if (key == study.swept.end()) {
        Study const read = parse_study(study.yaml_resolved, "the study of the file");
        momenta.assign(study.rows.size(), read.variants.front().momentum);
        return momenta;
    }
    auto const place = static_cast<std::size_t>(key - study.swept.begin());
    for (Trajectory const& row : study.rows) momenta.push_back(row.swept.at(place));
    SG_EXPECT(momenta.size() == study.rows.size());
    return momenta;
}

Findings findings_of(StoredStudy const& study, std::vector<Point> const& points, double c_crit_s) {
    Findings found;
    found.shapes = summarise(points);
    found.openings = find_openings(points);
    if (study.steps >= fewest_steps) found.regimes = find_regimes(study.rows, momenta_of(study));
    found.c_crit_s = c_crit_s;
    if (c_crit_s > 0) found.c_crit = find_c_crit(study.rows, c_crit_s);
    return found;
}

}  // namespace sg
