// SPDX-License-Identifier: MIT
#include "host/panel.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sg {

namespace {

// From log2 of 1/w and c to pixels.
struct Scale {
    Axes const& axes;
    Box const& box;

    double x(double log2_inverse_width) const {
        return box.x + box.width * (log2_inverse_width - axes.left) / (axes.right - axes.left);
    }
    double y(double log2_c) const {
        return box.y + box.height * (axes.high - log2_c) / (axes.high - axes.low);
    }
};

// The sides of cells around ascending centres: half-way to the neighbours; an only one gets ±1/2.
std::vector<double> sides_of(std::vector<double> const& centres) {
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

// The outcomes of one seed, each between log2 of c half-way to its neighbours. Below 2 and
// sharpness reduction differ by c alone, so their common side is c = 2 wherever the cells meet.
void draw_stripe(Svg& svg, Stripe const& stripe, double left, double right, Scale const& scale) {
    auto const sides = sides_of(heights_of(stripe));
    std::size_t k = 0;
    for (auto const& [c, region] : stripe) {
        double const low = sides[k], high = sides[++k];
        auto const fill = [&](double from, double to, Region as) {
            if (from < to)
                svg.rect(left, scale.y(to), right - left, scale.y(from) - scale.y(to),
                         fmt::format("fill=\"{}\"", region_fill(as)));
        };
        if (region == Region::below_2 || region == Region::sharpness_reduction) {
            fill(low, std::min(high, 1.0), Region::below_2);
            fill(std::max(low, 1.0), high, Region::sharpness_reduction);
        } else {
            fill(low, high, region);
        }
    }
}

void draw_cells(Svg& svg, Panel const& panel, Scale const& scale) {
    constexpr double seam = 1;  // between widths
    svg.raw("<g shape-rendering=\"crispEdges\">\n");
    auto const sides = sides_of(places_of(panel));
    std::size_t k = 0;
    for (auto column = panel.columns.rbegin(); column != panel.columns.rend(); ++column, ++k) {
        double left = scale.x(sides[k]) + seam;
        double const right = scale.x(sides[k + 1]) - seam;
        double const width = (right - left) / static_cast<double>(column->second.size());
        for (auto const& [seed, stripe] : column->second) {
            draw_stripe(svg, stripe, left, left + width, scale);
            left += width;
        }
    }
    svg.raw("</g>\n");
}

struct Mark {
    double x, y;
    SeedSummary const* summary;
};

std::vector<Mark> marks_of(Panel const& panel, Constant constant, Scale const& scale) {
    // Bars of the constants stand side by side.
    double const aside = 7.0 * (static_cast<double>(constant) - 1.5) / 1.5;
    std::vector<Mark> marks;
    for (Shape const& shape : panel.shapes) {
        SeedSummary const& summary = shape.constants[static_cast<std::size_t>(constant)];
        if (!std::isnan(summary.median))
            marks.push_back({scale.x(-std::log2(shape.width)) + aside,
                             scale.y(std::log2(summary.median)), &summary});
    }
    return marks;
}

bool bounded(Mark const& mark) { return *mark.summary->bound != '\0'; }

// Every line is drawn twice: a white seam keeps it apart from what lies below.
void stroke(Svg& svg, Svg::Points const& points, std::string const& colour, double width,
            char const* more = "") {
    svg.polyline(points, fmt::format("stroke=\"#fff\" stroke-width=\"{}\" stroke-opacity=\"0.85\" "
                                     "stroke-linecap=\"round\"",
                                     width + 2));
    svg.polyline(points, fmt::format("stroke=\"{}\" stroke-width=\"{}\" {}", colour, width, more));
}

void draw_bar(Svg& svg, Mark const& mark, Scale const& scale, std::string const& colour) {
    double const low = scale.y(std::log2(mark.summary->low));
    double const high = scale.y(std::log2(mark.summary->high));
    if (!std::isnan(low) && !std::isnan(high) && low != high) {
        stroke(svg, {{mark.x, low}, {mark.x, high}}, colour, 1.3);
        for (double const y : {low, high})
            svg.line(mark.x - 3, y, mark.x + 3, y,
                     fmt::format("stroke=\"{}\" stroke-width=\"1.3\"", colour));
    }
    if (!bounded(mark)) return;
    // An arrow to where the median lies, which stays on the panel as far as it can.
    bool const up = *mark.summary->bound == '>';
    double const room = up ? mark.y - scale.box.y : scale.box.y + scale.box.height - mark.y;
    double const side = up ? -1 : 1, tip = mark.y + side * std::clamp(room - 3, 9.0, 17.0);
    stroke(svg, {{mark.x, mark.y}, {mark.x, tip}}, colour, 1.3);
    svg.polygon(
        {{mark.x, tip + side * 3}, {mark.x - 3.5, tip - side * 3}, {mark.x + 3.5, tip - side * 3}},
        fmt::format("fill=\"{}\"", colour));
}

void draw_curve(Svg& svg, Panel const& panel, Constant constant, Scale const& scale) {
    auto const marks = marks_of(panel, constant, scale);
    std::string const colour = constant_colour(constant);
    for (std::size_t k = 1; k < marks.size(); ++k) {
        bool const dashed = bounded(marks[k - 1]) || bounded(marks[k]);
        stroke(svg, {{marks[k - 1].x, marks[k - 1].y}, {marks[k].x, marks[k].y}}, colour, 2,
               dashed ? "stroke-dasharray=\"5 4\"" : "");
    }
    for (Mark const& mark : marks) draw_bar(svg, mark, scale, colour);
    for (Mark const& mark : marks) draw_marker(svg, constant, mark.x, mark.y, bounded(mark));
}

void draw_line_at_2(Svg& svg, Scale const& scale) {
    if (!(scale.axes.low < 1 && 1 < scale.axes.high)) return;
    svg.line(scale.box.x, scale.y(1), scale.box.x + scale.box.width, scale.y(1),
             "stroke=\"#222\" stroke-width=\"1.2\" stroke-dasharray=\"2 3\"");
}

// Widths below the panel, powers of two of c beside it.
void draw_ticks(Svg& svg, Panel const& panel, Scale const& scale, bool c_labels) {
    Box const& box = scale.box;
    double const bottom = box.y + box.height;
    for (auto const& [width, column] : panel.columns) {
        double const x = scale.x(-std::log2(width));
        svg.line(x, bottom, x, bottom + 4, "stroke=\"#222\"");
        svg.text(x, bottom + 17, std::to_string(width), "text-anchor=\"middle\"");
    }
    int const every = scale.axes.high - scale.axes.low > 12 ? 2 : 1;
    for (double log2_c = std::ceil(scale.axes.low); log2_c <= scale.axes.high; log2_c += every) {
        double const y = scale.y(log2_c);
        svg.line(box.x - 4, y, box.x, y, "stroke=\"#222\"");
        if (c_labels)
            svg.text(box.x - 8, y + 4, fmt::format("{:g}", std::exp2(log2_c)),
                     "text-anchor=\"end\"");
    }
}

}  // namespace

Axes axes_of(std::vector<Panel> const& panels) {
    Axes axes{HUGE_VAL, -HUGE_VAL, HUGE_VAL, -HUGE_VAL};
    for (Panel const& panel : panels) {
        auto const across = sides_of(places_of(panel));
        axes.left = std::min(axes.left, across.front());
        axes.right = std::max(axes.right, across.back());
        for (auto const& [width, column] : panel.columns)
            for (auto const& [seed, stripe] : column) {
                auto const up = sides_of(heights_of(stripe));
                axes.low = std::min(axes.low, up.front());
                axes.high = std::max(axes.high, up.back());
            }
    }
    return axes;
}

void draw_panel(Svg& svg, Panel const& panel, Axes const& axes, Box const& box, bool c_labels) {
    Scale const scale{axes, box};
    draw_cells(svg, panel, scale);
    draw_line_at_2(svg, scale);
    for (Constant const constant :
         {Constant::c_max, Constant::c_barrier, Constant::c_sharp, Constant::c_loss})
        draw_curve(svg, panel, constant, scale);
    svg.rect(box.x, box.y, box.width, box.height, "fill=\"none\" stroke=\"#222\"");
    draw_ticks(svg, panel, scale, c_labels);
    svg.text(box.x + box.width / 2, box.y - 8, panel.title,
             "text-anchor=\"middle\" font-weight=\"bold\"");
}

// Tints of the palette of Okabe and Ito, which people with any colour vision can tell apart; their
// greys differ too, and the hatching of the last survives a bad copy.
std::string region_fill(Region region) {
    switch (region) {
        case Region::below_2:
            return "#d5ecf9";
        case Region::sharpness_reduction:
            return "#8fd3be";
        case Region::loss_catapult:
            return "#f8f1a0";
        case Region::sharpness_catapult:
            return "#dfa9c6";
        case Region::loss_and_sharpness_catapult:
            return "#efbf5c";
        case Region::divergent:
            return "url(#divergent)";
    }
    return "none";
}

std::string region_patterns() {
    return "<defs><pattern id=\"divergent\" width=\"6\" height=\"6\" "
           "patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">"
           "<rect width=\"6\" height=\"6\" fill=\"#c9c9c9\"/>"
           "<rect width=\"1.6\" height=\"6\" fill=\"#a2a2a2\"/></pattern></defs>\n";
}

std::string constant_colour(Constant constant) {
    switch (constant) {
        case Constant::c_loss:
            return "#0072b2";
        case Constant::c_sharp:
            return "#d55e00";
        case Constant::c_barrier:
            return "#7b3f8c";
        case Constant::c_max:
            return "#000000";
    }
    return "none";
}

void draw_marker(Svg& svg, Constant constant, double x, double y, bool hollow) {
    std::string const colour = constant_colour(constant);
    std::string const style =
        hollow ? fmt::format("fill=\"#fff\" stroke=\"{}\" stroke-width=\"1.6\"", colour)
               : fmt::format("fill=\"{}\" stroke=\"#fff\" stroke-width=\"1\"", colour);
    double const r = 4.5;
    switch (constant) {
        case Constant::c_loss:
            svg.circle(x, y, r, style);
            break;
        case Constant::c_sharp:
            svg.rect(x - 4, y - 4, 8, 8, style);
            break;
        case Constant::c_barrier:
            svg.polygon({{x, y - 5.5}, {x + 5.5, y}, {x, y + 5.5}, {x - 5.5, y}}, style);
            break;
        case Constant::c_max:
            svg.polygon({{x, y - 5.5}, {x + 5, y + 3.5}, {x - 5, y + 3.5}}, style);
            break;
    }
}

}  // namespace sg
