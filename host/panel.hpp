// SPDX-License-Identifier: MIT
// One panel of the phase diagram: what it shows, and how it is drawn.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "host/analysis.hpp"
#include "host/svg.hpp"

namespace sg {

using Stripe = std::map<double, Region>;         // of one seed: c → outcome
using Column = std::map<std::uint64_t, Stripe>;  // of one width: seed → stripe

// One depth and setting of the swept keys.
struct Panel {
    std::string title;
    std::vector<double> swept;
    std::map<int, Column> columns;  // by width
    std::vector<Shape> shapes;      // ascending in width
};

// What all panels share, so that they can be compared: sides of the axes in log2.
struct Axes {
    double left = 0, right = 0;  // log2 of 1/w
    double low = 0, high = 0;    // log2 of c
};
Axes axes_of(std::vector<Panel> const& panels);

struct Box {
    double x = 0, y = 0, width = 0, height = 0;
};

void draw_panel(Svg& svg, Panel const& panel, Axes const& axes, Box const& box, bool c_labels);

// How a region and a constant look, for the panels and the legend alike.
std::string region_fill(Region region);
std::string constant_colour(Constant constant);
void draw_marker(Svg& svg, Constant constant, double x, double y, bool hollow);
// Patterns that region_fill refers to.
std::string region_patterns();

}  // namespace sg
