// SPDX-License-Identifier: MIT
// What the phase diagram shows, whoever draws it: panels, their coloured tiles, and where the names
// of regions have room. Places are in log2 of 1/w and of c.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/analysis.hpp"
#include "host/store.hpp"

namespace sg {

using Stripe = std::map<double, Region>;         // of one seed: c → outcome
using Column = std::map<std::uint64_t, Stripe>;  // of one width: seed → stripe

// One depth and setting of the swept keys.
struct Panel {
    std::string title;
    int depth = 0;
    std::vector<double> swept;
    std::map<int, Column> columns;  // by width
    std::vector<Shape> shapes;      // ascending in width
};
// Sorted by the swept keys, then depth; of networks that finished, whatever became of them.
std::vector<Panel> panels_of(StoredStudy const& study, std::vector<Shape> const& shapes);

// Of one network; nothing where it did not run to its end, or its region is not known.
std::optional<Region> region_in(std::vector<Panel> const& panels, Trajectory const& network);

// What all panels share, so that they can be compared: sides of the axes in log2.
struct Axes {
    double left = 0, right = 0;  // log2 of 1/w
    double low = 0, high = 0;    // log2 of c
};
Axes axes_of(std::vector<Panel> const& panels);

// Neighbouring networks of one seed with the same outcome. They reach half-way to the next c, but
// below 2 and sharpness reduction meet at c = 2.
struct Tile {
    double left = 0, right = 0;
    double low = 0, high = 0;
    Region region = Region::below_2;
};
// From the widest network (left) on, seed by seed, ascending in c.
std::vector<Tile> tiles_of(Panel const& panel);

// The largest rectangle that one region fills: at most one for each region.
struct Label {
    Region region = Region::below_2;
    double left = 0, right = 0;
    double low = 0, high = 0;
};
std::vector<Label> labels_of(Panel const& panel);

// The words of a region's name, one for each line of a label.
std::vector<std::string_view> label_words(Region region);

// "depth 4, activation tanh"
std::string panel_title(StoredStudy const& study, int depth, std::vector<double> const& swept);

}  // namespace sg
