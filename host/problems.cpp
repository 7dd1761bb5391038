// SPDX-License-Identifier: MIT
#include "host/problems.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "cuda/exec/error.hpp"

namespace sg {
namespace {

constexpr std::size_t most_shown = 50;   // problems
constexpr std::size_t widest_line = 96;  // bytes of the source
constexpr std::size_t longest_value = 48;

bool continues(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U; }

// The largest offset of a whole character that is not above `offset`.
std::size_t character_start(std::string_view text, std::size_t offset) {
    offset = std::min(offset, text.size());
    while (offset > 0 && offset < text.size() && continues(text[offset])) --offset;
    return offset;
}

std::size_t characters(std::string_view text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char byte) { return !continues(byte); }));
}

// Every character takes one cell of the terminal afterwards, so that the caret can be placed.
std::string printable(std::string_view text) {
    bool const broken = first_bad_byte(text) != std::string_view::npos;
    std::string clean(text);
    for (char& byte : clean) {
        unsigned const code = static_cast<unsigned char>(byte);
        if (code == '\t' || code == '\n' || code == '\r')
            byte = ' ';
        else if (code < 0x20 || code == 0x7F || (broken && code >= 0x80))
            byte = '?';
    }
    return clean;
}

std::string_view line_of(std::string_view text, int line) {
    for (; line > 0; --line) {
        std::size_t const end = text.find('\n');
        if (end == std::string_view::npos) return "";
        text.remove_prefix(end + 1);
    }
    text = text.substr(0, text.find('\n'));
    if (text.ends_with('\r')) text.remove_suffix(1);
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    return text;
}

// The line and a caret below the column; of a long line the part around it.
std::string excerpt(Place const& place) {
    std::string_view const line = line_of(place.source->text, place.line);
    if (line.empty()) return "";
    std::size_t const column =
        std::min(static_cast<std::size_t>(std::max(0, place.column)), line.size());
    bool const cut = line.size() > widest_line;
    std::size_t const wanted = cut && column > widest_line / 2 ? column - widest_line / 2 : 0;
    std::size_t const begin = character_start(line, wanted);
    std::size_t const end = character_start(line, cut ? begin + widest_line : line.size());
    std::string const before =
        (begin > 0 ? "..." : "") + printable(line.substr(begin, column - begin));
    std::string const after =
        printable(line.substr(column, end - column)) + (end < line.size() ? "..." : "");
    std::string const number = place.source->numbered ? std::to_string(place.line + 1) : "";
    return fmt::format("\n{:>5} | {}{}\n{:>5} | {:>{}}", number, before, after, "", "^",
                       characters(before) + 1);
}

std::string heading(Place const& place) {
    Source const& source = *place.source;
    if (place.line < 0 || !source.numbered) return source.name;
    std::string_view const line = line_of(source.text, place.line);
    auto const column = static_cast<std::size_t>(std::max(0, place.column));
    return fmt::format("{}:{}:{}", source.name, place.line + 1,
                       column <= line.size() ? characters(line.substr(0, column)) + 1 : column + 1);
}

}  // namespace

void Problems::add(Place const& place, std::string message) {
    SG_EXPECT(place.source != nullptr);
    problems_.push_back({place, std::move(message)});
}

std::string Problems::text() const {
    auto order = [](Problem const& problem) {
        Place const& at = problem.place;
        bool const file = at.source->numbered;
        return std::tuple(!file, file ? at.line : 0, file ? at.column : 0);
    };
    std::vector<Problem> sorted = problems_;
    std::stable_sort(sorted.begin(), sorted.end(),
                     [&](Problem const& a, Problem const& b) { return order(a) < order(b); });
    std::string text;
    for (std::size_t i = 0; i < std::min(sorted.size(), most_shown); ++i) {
        Place const& place = sorted[i].place;
        text += fmt::format("{}{}: {}{}", i > 0 ? "\n" : "", heading(place), sorted[i].message,
                            place.line < 0 ? "" : excerpt(place));
    }
    if (sorted.size() > most_shown)
        text += fmt::format("\n... and {} more{}", sorted.size() - most_shown,
                            full() ? " at least" : "");
    return text;
}

void Problems::raise_if_any() const {
    if (!problems_.empty()) throw UserError(text());
}

std::size_t first_bad_byte(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        unsigned const lead = static_cast<unsigned char>(text[i]);
        bool const control =
            (lead < 0x20 && lead != '\t' && lead != '\n' && lead != '\r') || lead == 0x7F;
        std::size_t const length = lead < 0x80                   ? 1
                                   : lead >= 0xC2 && lead < 0xE0 ? 2
                                   : lead >= 0xE0 && lead < 0xF0 ? 3
                                   : lead >= 0xF0 && lead < 0xF5 ? 4
                                                                 : 0;
        if (control || length == 0 || i + length > text.size()) return i;
        for (std::size_t k = 1; k < length; ++k)
            if (!continues(text[i + k])) return i;
        i += length;
    }
    return std::string_view::npos;
}

Place place_of(Source const& source, std::size_t offset) {
    std::string_view const before = std::string_view(source.text).substr(0, offset);
    std::size_t const newline = before.rfind('\n');
    std::size_t const start = newline == std::string_view::npos ? 0 : newline + 1;
    return {&source, static_cast<int>(std::count(before.begin(), before.end(), '\n')),
            static_cast<int>(before.size() - start)};
}

std::string shown(std::string_view text) {
    bool const cut = text.size() > longest_value;
    return printable(text.substr(0, character_start(text, cut ? longest_value : text.size()))) +
           (cut ? "..." : "");
}

}  // namespace sg
