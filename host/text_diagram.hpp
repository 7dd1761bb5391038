// SPDX-License-Identifier: MIT
// The phase diagram of early training as text, of a study that may not be complete.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/headway.hpp"

namespace sg {

struct TextDiagram {
    // One for each depth (and setting of the swept keys): a line with log2 c, one for each width.
    std::vector<std::vector<std::string>> panels;
    std::vector<std::string> legend;  // of what is shown
};

// A column for each c, or for as many neighbouring ones as the window asks for; a symbol says what
// most of the seeds did there, of equally many the later of the legend. A search leaves gaps: what
// lies between two networks of one seed that did the same counts as these. Behind the cells stand
// the medians of the constants. `study`: none where only the rows are known.
TextDiagram text_diagram(StoredStudy const& stored, std::optional<Study> const& study,
                         std::vector<Awaited> const& awaited, int columns, bool colour);

// Wraps words to lines of at most so many letters.
std::vector<std::string> wrapped(std::vector<std::string> const& words, int columns);

}  // namespace sg
