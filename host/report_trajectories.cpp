// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cuda/exec/error.hpp"
#include "host/report_figures.hpp"

namespace sg {

namespace {

constexpr double ceiling = 30;  // of the first value: what diverges would flatten the rest

using Members = std::vector<Trajectory const*>;

Members members_of(StoredStudy const& study, Point const& point) {
    Members members;
    for (Trajectory const& row : study.rows)
        if (row.depth == point.depth && row.width == point.width && row.seed == point.seed &&
            row.swept == point.swept && row.status != RunStatus::pending)
            members.push_back(&row);
    std::sort(members.begin(), members.end(),
              [](Trajectory const* a, Trajectory const* b) { return a->c < b->c; });
    return members;
}

double part_of(Members const& members, double c) {
    double const least = members.front()->c, most = members.back()->c;
    return most > least ? shown_viridis * std::log2(c / least) / std::log2(most / least) : 0.5;
}

// log10 of a quantity by step; NaN where it is not known or not positive.
Svg::Points curve_of(std::vector<double> const& values) {
    Svg::Points points;
    for (std::size_t t = 0; t < values.size(); ++t) {
        double const value =
            values[t] > 0 && std::isfinite(values[t]) ? std::log10(values[t]) : missing;
        points.emplace_back(static_cast<double>(t), value);
    }
    // Steps without a measurement do not break a line.
    std::erase_if(points, [](auto const& point) { return std::isnan(point.second); });
    return points;
}

void draw_histories(Svg& svg, Members const& members, std::vector<double> Trajectory::*values,
                    Box const& box, std::string_view title) {
    XyAxis x{0, 1, {}, "step"}, y{HUGE_VAL, -HUGE_VAL, {}, title};
    double most = HUGE_VAL;
    for (Trajectory const* row : members) {
        auto const curve = curve_of(row->*values);
        if (!curve.empty()) most = curve.front().second + std::log10(ceiling);
        for (auto const& [t, value] : curve) {
            widen(x, t);
            widen(y, std::min(value, most));
        }
    }
    if (!(y.low <= y.high)) {
        svg.text(box.x, box.y + 20, fmt::format("no {} was recorded", title), "");
        return;
    }
    pad(y);
    x.ticks = linear_ticks(x.low, x.high, 6);
    y.ticks = decade_ticks(y.low, y.high);
    XyPlot plot(svg, box, x, y, "");
    for (Trajectory const* row : members) {
        std::string const colour = viridis(part_of(members, row->c));
        if (values == &Trajectory::sharpness) {
            double const threshold = std::log10(2 / row->learning_rate);
            plot.curve(
                {{x.low, threshold}, {x.high, threshold}},
                fmt::format("stroke=\"{}\" stroke-width=\"0.7\" stroke-dasharray=\"5 4\"", colour));
        }
        plot.curve(curve_of(row->*values),
                   fmt::format("stroke=\"{}\" stroke-width=\"1.6\"", colour));
    }
    plot.frame();
}

void draw_colour_bar(Svg& svg, Members const& members, Box const& box) {
    constexpr int pieces = 44;
    double const height = box.height / pieces;
    for (int k = 0; k < pieces; ++k)
        svg.rect(box.x, box.y + box.height - (k + 1) * height, box.width, height + 0.3,
                 fmt::format("fill=\"{}\"", viridis(shown_viridis * k / (pieces - 1))));
    svg.text(box.x + box.width / 2, box.y - 8, "c", "text-anchor=\"middle\" font-style=\"italic\"");
    double const least = std::log2(members.front()->c), most = std::log2(members.back()->c);
    if (!(least < most)) {
        svg.text(box.x + box.width + 5, box.y + box.height / 2 + 4,
                 fmt::format("{:.4g}", members.front()->c), "");
        return;
    }
    for (Tick const& tick : octave_ticks(least, most, 8))
        svg.text(box.x + box.width + 5,
                 box.y + box.height * (most - tick.value) / (most - least) + 4, tick.text, "");
}

std::string trajectories_svg(ReportContent const& content, Point const& point) {
    auto const members = members_of(content.study, point);
    SG_EXPECT(!members.empty());
    std::string const title =
        fmt::format("{}, seed {}", shape_text(content.study, point.depth, point.width, point.swept),
                    point.seed);
    constexpr double left = 66, head = 76, width = 340, height = 260;
    Svg svg;
    figure_heading(svg, title,
                   fmt::format("λ₀ = {:.4g}; dashed: 2/η of each c", point.sharpness_0));
    draw_histories(svg, members, &Trajectory::sharpness, {left, head, width, height}, "sharpness");
    draw_histories(svg, members, &Trajectory::loss, {left + width + 76, head, width, height},
                   "loss");
    draw_colour_bar(svg, members, {left + 2 * width + 96, head, 14, height});
    return svg.page(left + 2 * width + 160, head + height + 50, title);
}

}  // namespace

std::vector<Figure> trajectories_figures(ReportContent const& content) {
    std::vector<Figure> figures;
    for (Point const* point : first_of_shapes(content.points))
        figures.push_back({figure_name(content.study, "trajectories", point->depth, point->width,
                                       point->swept, fmt::format("_s{}", point->seed)),
                           trajectories_svg(content, *point)});
    return figures;
}

}  // namespace sg
