// SPDX-License-Identifier: MIT
#include "host/panels.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "cuda/exec/error.hpp"
#include "host/tables.hpp"

namespace sg {

namespace {

using PanelKey = std::tuple<std::vector<double>, int>;  // swept, depth

// The sides of cells around ascending centres: half-way to the neighbours; an only one gets ±1/2.
std::vector<double> sides_of(std::vector<double> const& centres) {
    SG_EXPECT(!centres.empty());
    SG_EXPECT(std::is_sorted(centres.begin(), centres.end()));
    std::vector<double> sides;
    for (std::size_t k = 1; k < centres.size(); ++k)
        sides.push_back((centres[k - 1] + centres[k]) / 2);
    if (sides.empty()) return {centres.front() - 0.5, centres.front() + 0.5};
    sides.insert(sides.begin(), 2 * centres.front() - sides.front());
    sides.push_back(2 * centres.back() - sides.back());
    return sides;
}

// log2 of 1/w of the columns, ascending: the widest network first.
std::vector<double> places_of(Panel const& panel) {
    std::vector<double> places;
    for (auto column = panel.columns.rbegin(); column != panel.columns.rend(); ++column)
        places.push_back(-std::log2(column->first));
    return places;
}

std::vector<double> heights_of(Stripe const& stripe) {
    std::vector<double> heights;
    for (auto const& [c, region] : stripe) heights.push_back(std::log2(c));
    return heights;
}

void add_tile(std::vector<Tile>& tiles, std::size_t first, Tile const& tile) {
    if (!(tile.low < tile.high)) return;
    bool const more = tiles.size() > first && tiles.back().region == tile.region;
    if (more)
        tiles.back().high = tile.high;
    else
        tiles.push_back(tile);
}

// Below 2 and sharpness reduction differ by c alone, so their common side is c = 2 wherever the
// cells meet.
void add_stripe(std::vector<Tile>& tiles, Stripe const& stripe, double left, double right) {
    std::size_t const first = tiles.size();
    auto const sides = sides_of(heights_of(stripe));
    std::size_t k = 0;
    for (auto const& [c, region] : stripe) {
        double const low = sides[k], high = sides[++k];
        if (region == Region::below_2 || region == Region::sharpness_reduction) {
            add_tile(tiles, first, {left, right, low, std::min(high, 1.0), Region::below_2});
            add_tile(tiles, first,
                     {left, right, std::max(low, 1.0), high, Region::sharpness_reduction});
        } else {
            add_tile(tiles, first, {left, right, low, high, region});
        }
    }
}

double area(Label const& label) {
    return std::max(0.0, label.right - label.left) * std::max(0.0, label.high - label.low);
}

// The tallest tile of a region in each stripe; a stripe without one gets an empty one.
std::vector<Tile> tallest_of(std::vector<Tile> const& tiles, Region region) {
    std::vector<Tile> tallest;
    for (Tile const& tile : tiles) {
        if (tallest.empty() || tallest.back().left != tile.left)
            tallest.push_back({tile.left, tile.right, 0, 0, region});
        Tile& best = tallest.back();
        if (tile.region == region && tile.high - tile.low > best.high - best.low) best = tile;
    }
    return tallest;
}

}  // namespace

std::vector<std::string_view> label_words(Region region) {
    switch (region) {
        case Region::below_2:
            return {"below 2"};
        case Region::sharpness_reduction:
            return {"sharpness", "reduction"};
        case Region::loss_catapult:
            return {"loss", "catapult"};
        case Region::sharpness_catapult:
            return {"sharpness", "catapult"};
        case Region::loss_and_sharpness_catapult:
            return {"loss and", "sharpness", "catapult"};
        case Region::divergent:
            return {"divergent"};
    }
    return {};
}

std::string panel_title(StoredStudy const& study, int depth, std::vector<double> const& swept) {
    SG_EXPECT(swept.size() == study.swept.size());
    std::string title = fmt::format("depth {}", depth);
    for (std::size_t k = 0; k < swept.size(); ++k)
        title += fmt::format(", {} {}", study.swept[k].name, swept_text(study.swept[k], swept[k]));
    return title;
}

std::vector<Panel> panels_of(StoredStudy const& study, std::vector<Shape> const& shapes) {
    SG_EXPECT(study.rows.size() == study.margins.size());
    using Seeds = std::map<std::uint64_t, std::map<double, Verdict>>;
    std::map<PanelKey, std::map<int, Seeds>> verdicts;
    for (std::size_t n = 0; n < study.rows.size(); ++n) {
        Trajectory const& row = study.rows[n];
        if (row.status == RunStatus::pending || row.status == RunStatus::stopped) continue;
        verdicts[{row.swept, row.depth}][row.width][row.seed][row.c] =
            verdict_of(row, study.margins[n]);
    }
    std::map<PanelKey, Panel> panels;
    for (auto const& [key, widths] : verdicts)
        for (auto const& [width, seeds] : widths)
            for (auto const& [seed, by_c] : seeds) {
                std::vector<Verdict> sorted;
                for (auto const& [c, verdict] : by_c) sorted.push_back(verdict);
                panels[key].columns[width][seed] = regions_of(sorted);
            }
    for (Shape const& shape : shapes) {
        auto const panel = panels.find({shape.swept, shape.depth});
        if (panel != panels.end()) panel->second.shapes.push_back(shape);
    }
    std::vector<Panel> sorted;
    for (auto& [key, panel] : panels) {
        std::tie(panel.swept, panel.depth) = key;
        panel.title = panel_title(study, panel.depth, panel.swept);
        std::sort(panel.shapes.begin(), panel.shapes.end(),
                  [](Shape const& a, Shape const& b) { return a.width < b.width; });
        sorted.push_back(std::move(panel));
    }
    return sorted;
}

std::optional<Region> region_in(std::vector<Panel> const& panels, Trajectory const& network) {
    auto const panel = std::find_if(panels.begin(), panels.end(), [&](Panel const& one) {
        return one.depth == network.depth && one.swept == network.swept;
    });
    if (panel == panels.end() || !panel->columns.contains(network.width)) return {};
    Column const& column = panel->columns.at(network.width);
    if (!column.contains(network.seed)) return {};
    Stripe const& stripe = column.at(network.seed);
    auto const found = stripe.find(network.c);
    return found == stripe.end() ? std::nullopt : std::optional(found->second);
}

Axes axes_of(std::vector<Panel> const& panels) {
    SG_EXPECT(!panels.empty());
    Axes axes{HUGE_VAL, -HUGE_VAL, HUGE_VAL, -HUGE_VAL};
    for (Panel const& panel : panels)
        for (Tile const& tile : tiles_of(panel)) {
            axes.left = std::min(axes.left, tile.left);
            axes.right = std::max(axes.right, tile.right);
            axes.low = std::min(axes.low, tile.low);
            axes.high = std::max(axes.high, tile.high);
        }
    return axes;
}

std::vector<Tile> tiles_of(Panel const& panel) {
    constexpr double seam = 0.015;  // on each side of a width, of its column
    SG_EXPECT(!panel.columns.empty());
    std::vector<Tile> tiles;
    auto const sides = sides_of(places_of(panel));
    std::size_t k = 0;
    for (auto column = panel.columns.rbegin(); column != panel.columns.rend(); ++column, ++k) {
        double const gap = seam * (sides[k + 1] - sides[k]);
        double const width =
            (sides[k + 1] - sides[k] - 2 * gap) / static_cast<double>(column->second.size());
        double left = sides[k] + gap;
        for (auto const& [seed, stripe] : column->second) {
            add_stripe(tiles, stripe, left, left + width);
            left += width;
        }
    }
    return tiles;
}

std::vector<Label> labels_of(Panel const& panel) {
    auto const tiles = tiles_of(panel);
    std::vector<Label> labels;
    for (std::size_t r = 0; r < region_names.size(); ++r) {
        auto const stripes = tallest_of(tiles, static_cast<Region>(r));
        Label best;
        for (std::size_t first = 0; first < stripes.size(); ++first) {
            Label label{static_cast<Region>(r), stripes[first].left, 0, -HUGE_VAL, HUGE_VAL};
            for (std::size_t last = first; last < stripes.size(); ++last) {
                label.low = std::max(label.low, stripes[last].low);
                label.high = std::min(label.high, stripes[last].high);
                label.right = stripes[last].right;
                if (!(label.low < label.high)) break;
                if (area(label) > area(best)) best = label;
            }
        }
        if (area(best) > 0) labels.push_back(best);
    }
    return labels;
}

}  // namespace sg
