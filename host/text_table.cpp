// SPDX-License-Identifier: MIT
#include "host/text_table.hpp"

#include <algorithm>

#include "cuda/exec/error.hpp"

namespace sg {

// Bytes that continue a UTF-8 letter take no place of their own.
std::size_t letters(std::string const& text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char byte) { return (byte & 0xc0) != 0x80; }));
}

void print_table(std::ostream& out, std::vector<Line> const& lines) {
    SG_EXPECT(!lines.empty());
    std::vector<std::size_t> widths(lines.front().size());
    for (Line const& line : lines)
        for (std::size_t k = 0; k < line.size(); ++k)
            widths[k] = std::max(widths[k], letters(line[k]));
    std::size_t total = 0;
    for (std::size_t const width : widths) total += width + 2;
    for (std::size_t n = 0; n < lines.size(); ++n) {
        for (std::size_t k = 0; k < widths.size(); ++k)
            out << std::string(2 + widths[k] - letters(lines[n][k]), ' ') << lines[n][k];
        out << '\n';
        if (n == 0) out << "  " << std::string(total - 2, '-') << '\n';
    }
}

Line heading(StoredStudy const& study, std::vector<std::string> const& more) {
    Line line{"depth", "width"};
    for (SweptKey const& key : study.swept) line.push_back(key.name);
    line.insert(line.end(), more.begin(), more.end());
    return line;
}

}  // namespace sg
