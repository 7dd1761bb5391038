// SPDX-License-Identifier: MIT
#include "host/text_diagram.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <tuple>

#include "cuda/exec/error.hpp"
#include "host/panels.hpp"
#include "host/text_table.hpp"

namespace sg {

namespace {

struct Symbol {
    char letter;
    std::string_view name;
    char const* colour;  // SGR; the letters alone tell them apart
};
constexpr std::size_t regions = region_names.size(), collapsed = regions, to_come = regions + 1;
constexpr std::array<Symbol, regions + 2> symbols{{{'-', region_names[0], "90"},
                                                   {'v', region_names[1], "36"},
                                                   {'L', region_names[2], "33"},
                                                   {'S', region_names[3], "35"},
                                                   {'B', region_names[4], "1;35"},
                                                   {'X', region_names[5], "31"},
                                                   {'o', "collapsed", "34"},
                                                   {'.', "to come", "90"}}};
constexpr std::size_t blank = symbols.size();

constexpr std::size_t label_width = 9;
constexpr int fewest_columns_for_constants = 56;

using Cells = std::vector<std::size_t>;                    // indices of symbols, or blank
using RowKey = std::tuple<std::vector<double>, int, int>;  // swept, depth, width
struct Row {
    std::map<std::uint64_t, std::map<double, std::size_t>> seeds;  // seed: c → symbol
    std::set<double> awaited;                                      // c
};
using Rows = std::map<RowKey, Row>;

Rows rows_of(StoredStudy const& stored, std::optional<Study> const& study,
             std::vector<Awaited> const& awaited) {
    Rows rows;
    if (study)
        for (Variant const& variant : study->variants)
            for (int const depth : study->depth)
                for (int const width : study->width) rows[{variant.swept, depth, width}];
    for (Panel const& panel : panels_of(stored, {}))
        for (auto const& [width, column] : panel.columns)
            for (auto const& [seed, stripe] : column)
                for (auto const& [c, region] : stripe)
                    rows[{panel.swept, panel.depth, width}].seeds[seed][c] =
                        static_cast<std::size_t>(region);
    for (Trajectory const& row : stored.rows)
        if (row.status == RunStatus::collapsed)
            rows[{row.swept, row.depth, row.width}].seeds[row.seed][row.c] = collapsed;
    for (Awaited const& network : awaited)
        rows[{network.swept, network.depth, network.width}].awaited.insert(network.c);
    return rows;
}

// log2 c in the middle of each column.
std::vector<double> places_of(Rows const& rows, std::optional<Study> const& study,
                              std::size_t room) {
    SG_EXPECT(room >= 2);
    std::set<double> all;
    for (auto const& [key, row] : rows) {
        for (double const c : row.awaited) all.insert(std::log2(c));
        for (auto const& [seed, stripe] : row.seeds)
            for (auto const& [c, symbol] : stripe) all.insert(std::log2(c));
    }
    if (study)
        for (double const c : study->c) all.insert(std::log2(c));
    if (all.empty()) return {0};
    bool const search = study && study->search;
    if (!search && all.size() <= room) return {all.begin(), all.end()};
    double const low = *all.begin(), range = *all.rbegin() - low;
    double const most = search ? range / study->search->resolution + 1 : static_cast<double>(room);
    auto const n =
        static_cast<std::size_t>(std::clamp(std::ceil(most), 2.0, static_cast<double>(room)));
    std::vector<double> places(n);
    for (std::size_t k = 0; k < n; ++k)
        places[k] = low + range * static_cast<double>(k) / static_cast<double>(n - 1);
    return places;
}

std::size_t nearest(std::vector<double> const& places, double log2_c) {
    SG_EXPECT(!places.empty());
    auto const above = std::lower_bound(places.begin(), places.end(), log2_c);
    if (above == places.begin()) return 0;
    auto const k = static_cast<std::size_t>(above - places.begin());
    if (above == places.end() || log2_c - places[k - 1] < places[k] - log2_c) return k - 1;
    return k;
}

bool is_quiet(std::size_t symbol) {
    return symbol == static_cast<std::size_t>(Region::below_2) ||
           symbol == static_cast<std::size_t>(Region::sharpness_reduction);
}

// Of one seed. Of several networks in a column the last counts; columns between two with the same
// symbol have it, too. Below 2 and sharpness reduction differ by c alone.
Cells cells_of(std::map<double, std::size_t> const& stripe, std::vector<double> const& places) {
    Cells cells(places.size(), blank);
    for (auto const& [c, symbol] : stripe) cells[nearest(places, std::log2(c))] = symbol;
    std::size_t last = cells.size();
    for (std::size_t k = 0; k < cells.size(); ++k) {
        if (cells[k] == blank) continue;
        bool const quiet = last < k && is_quiet(cells[last]) && is_quiet(cells[k]);
        if (last < k && (quiet || cells[last] == cells[k]))
            for (std::size_t between = last + 1; between < k; ++between)
                cells[between] = quiet ? std::size_t{places[between] > 1} : cells[k];
        last = k;
    }
    return cells;
}

Cells cells_of(Row const& row, std::vector<double> const& places) {
    std::vector<std::array<int, symbols.size()>> votes(places.size());
    for (auto const& [seed, stripe] : row.seeds) {
        Cells const of_seed = cells_of(stripe, places);
        for (std::size_t k = 0; k < of_seed.size(); ++k)
            if (of_seed[k] != blank) ++votes[k][of_seed[k]];
    }
    Cells cells(places.size(), blank);
    for (double const c : row.awaited) cells[nearest(places, std::log2(c))] = to_come;
    for (std::size_t k = 0; k < cells.size(); ++k) {
        int most = 1;
        for (std::size_t s = 0; s < symbols.size(); ++s)
            if (votes[k][s] >= most) {
                most = votes[k][s];
                cells[k] = s;
            }
    }
    return cells;
}

std::string text_of(Cells const& cells, bool colour) {
    std::string text;
    for (std::size_t k = 0; k < cells.size(); ++k) {
        bool const begins = k == 0 || cells[k] != cells[k - 1];
        bool const ends = k + 1 == cells.size() || cells[k] != cells[k + 1];
        bool const coloured = colour && cells[k] != blank;
        if (coloured && begins) text += fmt::format("\x1b[{}m", symbols[cells[k]].colour);
        text += cells[k] == blank ? ' ' : symbols[cells[k]].letter;
        if (coloured && ends) text += "\x1b[m";
    }
    return text;
}

// Whole numbers where a column is near one.
std::string axis_of(std::vector<double> const& places) {
    SG_EXPECT(std::is_sorted(places.begin(), places.end()));
    std::string axis(places.size() + 4, ' ');
    std::size_t free = 0;
    for (double tick = std::ceil(places.front() - 0.25); tick <= places.back() + 0.25; ++tick) {
        std::size_t const at = nearest(places, tick);
        auto const text = std::to_string(std::lround(tick));
        if (at < free || std::abs(places[at] - tick) > 0.25) continue;
        axis.replace(at, text.size(), text);
        free = at + text.size() + 1;
    }
    axis.resize(places.size(), ' ');
    return axis;
}

// Of its column: a blank and the name, or a number.
std::size_t width_of(Constant constant) {
    return std::max<std::size_t>(8, constant_names[static_cast<std::size_t>(constant)].size() + 1);
}

std::string median_of(SeedSummary const& summary) {
    if (summary.seeds == 0) return "-";
    if (std::isnan(summary.median)) return "?";
    return fmt::format("{}{:.3g}", summary.bound, summary.median);
}

std::vector<Constant> shown_constants(std::vector<Shape> const& shapes, int columns) {
    if (columns < fewest_columns_for_constants) return {};
    bool const barrier = std::any_of(shapes.begin(), shapes.end(), [](Shape const& shape) {
        return shape.constants[static_cast<std::size_t>(Constant::c_barrier)].seeds > 0;
    });
    if (barrier) return {Constant::c_loss, Constant::c_sharp, Constant::c_barrier, Constant::c_max};
    return {Constant::c_loss, Constant::c_sharp, Constant::c_max};
}

std::vector<std::string> legend_of(std::set<std::size_t> const& used, int columns, bool colour) {
    std::vector<std::string> words;
    for (std::size_t const s : used)
        words.push_back(fmt::format("{} {}  ", symbols[s].letter, symbols[s].name));
    auto lines = wrapped(words, columns);
    if (!colour) return lines;
    for (std::size_t const s : used)
        for (std::string& line : lines) {
            auto const entry = fmt::format("{} {}", symbols[s].letter, symbols[s].name);
            if (auto const at = line.find(entry); at != std::string::npos)
                line.replace(at, 1, text_of({s}, true));
        }
    return lines;
}

// Draws row after row into the panels of a diagram.
class Drawing {
public:
    Drawing(StoredStudy const& stored, std::vector<double> places, std::vector<Shape> shapes,
            std::vector<Constant> constants, bool colour)
        : stored_(stored),
          places_(std::move(places)),
          shapes_(std::move(shapes)),
          constants_(std::move(constants)),
          colour_(colour) {}

    void add(RowKey const& key, Row const& row) {
        auto const& [swept, depth, width] = key;
        std::string const title = panel_title(stored_, depth, swept);
        if (diagram.panels.empty() || title != title_) begin_panel(title);
        Cells const cells = cells_of(row, places_);
        for (std::size_t const s : cells)
            if (s != blank) used.insert(s);
        auto const shape = std::find_if(shapes_.begin(), shapes_.end(), [&](Shape const& s) {
            return std::tie(s.swept, s.depth, s.width) == key;
        });
        std::string line =
            fmt::format("{:>{}}  ", width, label_width - 2) + text_of(cells, colour_);
        for (Constant const constant : constants_)
            line +=
                fmt::format("{:>{}}",
                            shape == shapes_.end()
                                ? "-"
                                : median_of(shape->constants[static_cast<std::size_t>(constant)]),
                            width_of(constant));
        diagram.panels.back().push_back(line);
    }

    TextDiagram diagram;
    std::set<std::size_t> used;

private:
    void begin_panel(std::string const& title) {
        title_ = title;
        diagram.panels.emplace_back();
        bool const fits = title.size() < label_width;
        if (!fits) diagram.panels.back().push_back(title);
        std::string line = fmt::format("{:<{}}", fits ? title : "", label_width) + axis_of(places_);
        for (Constant const constant : constants_)
            line += fmt::format("{:>{}}", constant_names[static_cast<std::size_t>(constant)],
                                width_of(constant));
        diagram.panels.back().push_back(line);
    }

    StoredStudy const& stored_;
    std::vector<double> places_;
    std::vector<Shape> shapes_;
    std::vector<Constant> constants_;
    bool colour_;
    std::string title_;
};

}  // namespace

std::vector<std::string> wrapped(std::vector<std::string> const& words, int columns) {
    auto const trimmed = [](std::string const& text) {
        return text.substr(0, text.find_last_not_of(' ') + 1);
    };
    std::vector<std::string> lines;
    for (std::string const& word : words) {
        bool const fits =
            !lines.empty() && static_cast<int>(letters(lines.back() + trimmed(word))) <= columns;
        if (!fits) lines.emplace_back();
        lines.back() += word;
    }
    for (std::string& line : lines) line = trimmed(line);
    return lines;
}

TextDiagram text_diagram(StoredStudy const& stored, std::optional<Study> const& study,
                         std::vector<Awaited> const& awaited, int columns, bool colour) {
    SG_EXPECT(stored.rows.size() == stored.margins.size());
    Rows const rows = rows_of(stored, study, awaited);
    auto const shapes = summarise(find_constants(stored.rows, stored.margins));
    auto const constants = shown_constants(shapes, columns);
    auto taken = static_cast<int>(label_width);
    for (Constant const constant : constants) taken += static_cast<int>(width_of(constant));
    auto const room = static_cast<std::size_t>(std::max(8, columns - taken));
    Drawing drawing(stored, places_of(rows, study, room), shapes, constants, colour);
    for (auto const& [key, row] : rows) drawing.add(key, row);
    TextDiagram diagram = std::move(drawing.diagram);
    diagram.legend = legend_of(drawing.used, columns, colour);
    return diagram;
}

}  // namespace sg
