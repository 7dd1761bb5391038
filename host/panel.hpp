// SPDX-License-Identifier: MIT
// One panel of the phase diagram as SVG.
#pragma once

#include <string>

#include "host/panels.hpp"
#include "host/svg.hpp"

namespace sg {

void draw_panel(Svg& svg, Panel const& panel, Axes const& axes, Box const& box, bool c_labels);

// How a region and a constant look, for the panels and the legend alike.
std::string region_fill(Region region);
std::string constant_colour(Constant constant);
void draw_marker(Svg& svg, Constant constant, double x, double y, bool hollow);
// Patterns that region_fill refers to.
std::string region_patterns();

}  // namespace sg
