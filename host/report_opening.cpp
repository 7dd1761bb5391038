// SPDX-License-Identifier: MIT
// log2(c/2) against d/w with the line of host/opening.hpp: how the sharpness-reduction phase opens.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "cuda/exec/error.hpp"
#include "host/median_marks.hpp"
#include "host/report_figures.hpp"

namespace sg {

namespace {

std::string interval_text(Bounded const& interval) {
    return fmt::format("{:.3g} to {:.3g}", interval.lower, interval.upper);
}

std::string line_text(MedianLine const& line) {
    if (std::isnan(line.slope))
        return fmt::format("no line: {} of the medians are no bounds", line.used);
    return fmt::format("{:.3f} + {:.3g} d/w, rank correlation {}, {} shapes", line.intercept,
                       line.slope, correlation_text(line.rank_correlation), line.used);
}

std::string intervals_text(MedianLine const& line) {
    if (std::isnan(line.slope)) return "";
    if (std::isnan(line.slope_interval.lower)) return "no interval from fewer than 5 seeds";
    return fmt::format("95 % over the seeds: slope {}, intercept {}",
                       interval_text(line.slope_interval), interval_text(line.intercept_interval));
}

std::vector<Shape const*> shapes_of(ReportContent const& content, Opening const& opening) {
    std::vector<Shape const*> shapes;
    for (Shape const& shape : content.found.shapes)
        if (shape.swept == opening.swept &&
            !std::isnan(shape.constants[static_cast<std::size_t>(opening.constant)].median))
            shapes.push_back(&shape);
    return shapes;
}

void draw_line(XyPlot& plot, MedianLine const& line, XyAxis const& x, std::string const& colour) {
    Svg::Points middle, lower, upper;
    for (int k = 0; k <= 40; ++k) {
        double const at = x.high * k / 40;
        Bounded const interval = line.interval_at(at);
        middle.emplace_back(at, line.at(at));
        lower.emplace_back(at, interval.lower);
        upper.emplace_back(at, interval.upper);
    }
    plot.curve(middle, fmt::format("stroke=\"{}\" stroke-width=\"2\"", colour));
    for (auto const& side : {lower, upper})
        plot.curve(
            side, fmt::format("stroke=\"{}\" stroke-width=\"1\" stroke-dasharray=\"4 3\"", colour));
}

double place_of(Shape const& shape) { return static_cast<double>(shape.depth) / shape.width; }

// A median that stands in the line stands where the line has it.
SeedSummary as_fitted(SeedSummary summary, Opening const& opening, Shape const& shape) {
    for (Opening::Fitted const& one : opening.fitted)
        if (one.depth == shape.depth && one.width == shape.width) {
            summary.median = 2 * std::exp2(one.y);
            summary.bound = "";
        }
    return summary;
}

void draw_opening(Svg& svg, ReportContent const& content, Opening const& opening, Box const& box) {
    auto const shapes = shapes_of(content, opening);
    auto const constant = static_cast<std::size_t>(opening.constant);
    XyAxis x{0, 0, {}, "d/w"}, y{HUGE_VAL, -HUGE_VAL, {}, "log2(c/2)"};
    for (Shape const* shape : shapes) {
        SeedSummary const& of = shape->constants[constant];
        widen(x, place_of(*shape));
        for (double const c : {of.median, of.interval_low, of.interval_high})
            widen(y, std::log2(c / 2));
    }
    SG_EXPECT(y.low <= y.high);
    x.high *= 1.06;
    pad(y, 0.1);
    x.ticks = linear_ticks(x.low, x.high, 5);
    y.ticks = linear_ticks(y.low, y.high, 6);
    std::string const title =
        fmt::format("{}{}", constant_names[constant], setting_text(content.study, opening.swept));
    XyPlot plot(svg, box, x, y, title);
    std::string const colour = constant_colour(opening.constant);
    draw_line(plot, opening.line, x, colour);
    std::vector<SeedSummary> summaries;
    for (Shape const* shape : shapes)
        summaries.push_back(as_fitted(shape->constants[constant], opening, *shape));
    // Shapes of one d/w stand side by side, in the order of their depths.
    std::set<int> depths;
    for (Shape const* shape : shapes) depths.insert(shape->depth);
    double const middle = (static_cast<double>(depths.size()) - 1) / 2;
    std::vector<MedianMark> marks;
    for (std::size_t k = 0; k < shapes.size(); ++k) {
        auto const rank = std::distance(depths.begin(), depths.find(shapes[k]->depth));
        double const aside = 4 * (static_cast<double>(rank) - middle);
        marks.push_back({plot.x(place_of(*shapes[k])) + aside, &summaries[k]});
    }
    draw_medians(svg, marks, [&](double c) { return plot.y(std::log2(c / 2)); }, box,
                 {colour, static_cast<int>(constant), MedianBar::interval, false});
    plot.frame();
    double const below = box.y + box.height;
    char const* small = "fill=\"#555\" font-size=\"11\"";
    svg.text(box.x, below + 54, line_text(opening.line), small);
    svg.text(box.x, below + 69, intervals_text(opening.line), small);
    if (!opening.left_out.empty())
        svg.text(
            box.x, below + 84,
            fmt::format("{} of {} shapes left out: their median is a bound",
                        opening.left_out.size(), opening.left_out.size() + opening.fitted.size()),
            small);
}

}  // namespace

std::vector<Figure> opening_figures(ReportContent const& content) {
    char const* title = "Critical constants against depth over width";
    constexpr double left = 66, head = 84, width = 270, height = 220, column = 380, line = 350;
    Svg svg;
    figure_heading(
        svg, title,
        "that of c_loss: how the sharpness-reduction phase opens. Line and 95 % interval: least "
        "squares, seeds drawn anew");
    int count = 0;
    for (Opening const& opening : content.openings) {
        if (shapes_of(content, opening).empty()) continue;
        draw_opening(svg, content, opening,
                     {left + count % 3 * column, head + count / 3 * line, width, height});
        ++count;
    }
    if (count == 0) return {};
    int const rows = (count + 2) / 3, in_a_row = std::clamp(count, 2, 3);
    return {
        {"opening.svg", svg.page(left + in_a_row * column - 30, head + rows * line - 20, title)}};
}

}  // namespace sg
