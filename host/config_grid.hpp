// SPDX-License-Identifier: MIT
// The grid of a study: the values of c, the seeds, and the product of the swept keys.
#pragma once

#include <span>

#include "host/study.hpp"
#include "host/yaml_reader.hpp"

namespace sg {

inline constexpr double most_networks = 1e7;

// Fills variants, swept, seeds and c. Needs depth and width, for the number of networks: a grid
// that is too large is refused before any of it is laid out. `root`: the whole file, for the order
// of its keys.
void read_grid(Value const& root, Section const& model, Section const& training,
               Section const& grid, std::span<SectionRule const> rules, Study& study);

}  // namespace sg
