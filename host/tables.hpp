// SPDX-License-Identifier: MIT
// The critical constants as text: for people, for spreadsheets and for programs.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "host/analysis.hpp"
#include "host/findings.hpp"
#include "host/store.hpp"

namespace sg {

// Medians over the seeds of each shape, then the brackets of each seed.
void print_constants(std::ostream& out, StoredStudy const& study, std::vector<Point> const& points,
                     std::vector<Shape> const& shapes);

// One line for each point and constant; an open side is an empty field.
void write_csv(std::ostream& out, StoredStudy const& study, std::vector<Point> const& points);

// An open side is null; numbers read back to the same bits.
void write_json(std::ostream& out, StoredStudy const& study, std::vector<Point> const& points,
                Findings const& found = {});

// The word or the number of a swept key, as the configuration had it.
std::string swept_text(SweptKey const& key, double value);

}  // namespace sg
