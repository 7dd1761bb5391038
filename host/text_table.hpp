// SPDX-License-Identifier: MIT
// Tables of text for people.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "host/store.hpp"
#include "host/tables.hpp"

namespace sg {

using Line = std::vector<std::string>;

std::size_t letters(std::string const& text);

// Columns to the right, two blanks apart, the first line underlined. lines: at least one.
void print_table(std::ostream& out, std::vector<Line> const& lines);

// The heading of the columns that name a shape, then `more`.
Line heading(StoredStudy const& study, std::vector<std::string> const& more);

// The columns that name a shape.
template <class Named>
Line naming(StoredStudy const& study, Named const& shape) {
    Line line{std::to_string(shape.depth), std::to_string(shape.width)};
    for (std::size_t k = 0; k < study.swept.size(); ++k)
        line.push_back(swept_text(study.swept[k], shape.swept[k]));
    return line;
}

}  // namespace sg
