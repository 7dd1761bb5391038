// SPDX-License-Identifier: MIT
#include "host/panel.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "host/median_marks.hpp"

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

// Seams between widths are part of the tiles' places; between seeds there are none.
void draw_tiles(Svg& svg, Panel const& panel, Scale const& scale) {
    svg.raw("<g shape-rendering=\"crispEdges\">\n");
    for (Tile const& tile : tiles_of(panel))
        svg.rect(scale.x(tile.left), scale.y(tile.high), scale.x(tile.right) - scale.x(tile.left),
                 scale.y(tile.low) - scale.y(tile.high),
                 fmt::format("fill=\"{}\"", region_fill(tile.region)));
    svg.raw("</g>\n");
}

// Names of regions stand where there is room for all of their words.
void draw_labels(Svg& svg, Panel const& panel, Scale const& scale) {
    constexpr double letter = 5.6, line = 12;
    for (Label const& label : labels_of(panel)) {
        auto const words = label_words(label.region);
        std::size_t longest = 0;
        for (auto const word : words) longest = std::max(longest, word.size());
        double const height = line * static_cast<double>(words.size());
        double const left = scale.x(label.left), right = scale.x(label.right);
        double const top = scale.y(label.high), bottom = scale.y(label.low);
        if (right - left < letter * static_cast<double>(longest) || bottom - top < height + 2)
            continue;
        double y = (top + bottom - height) / 2 + 0.78 * line;
        for (auto const word : words) {
            svg.text((left + right) / 2, y, word,
                     "text-anchor=\"middle\" font-size=\"10.5\" fill=\"#333\"");
            y += line;
        }
    }
}

void draw_curve(Svg& svg, Panel const& panel, Constant constant, Scale const& scale) {
    // Bars of the constants stand side by side.
    double const aside = 7.0 * (static_cast<double>(constant) - 1.5) / 1.5;
    std::vector<MedianMark> marks;
    for (Shape const& shape : panel.shapes)
        marks.push_back({scale.x(-std::log2(shape.width)) + aside,
                         &shape.constants[static_cast<std::size_t>(constant)]});
    draw_medians(
        svg, marks, [&](double c) { return scale.y(std::log2(c)); }, scale.box,
        {constant_colour(constant), static_cast<int>(constant), MedianBar::brackets, true});
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

void draw_panel(Svg& svg, Panel const& panel, Axes const& axes, Box const& box, bool c_labels) {
    Scale const scale{axes, box};
    draw_tiles(svg, panel, scale);
    draw_labels(svg, panel, scale);
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
    draw_symbol(svg, static_cast<int>(constant), constant_colour(constant), x, y, hollow);
}

}  // namespace sg
