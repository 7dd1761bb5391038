// SPDX-License-Identifier: MIT
// The phase diagram of early training (arXiv 2302.12250, figure 1) as a self-contained SVG.
#pragma once

#include <string>
#include <vector>

#include "host/analysis.hpp"
#include "host/store.hpp"

namespace sg {

// One panel for each depth (and setting of the swept keys); a column for each width, in it a stripe
// for each seed, coloured by what its networks did. Curves are medians over the seeds, bars the
// range of their brackets.
std::string phase_diagram_svg(StoredStudy const& study, std::vector<Point> const& points,
                              std::vector<Shape> const& shapes);

}  // namespace sg
