// SPDX-License-Identifier: MIT
// The medians of the constants with their intervals, against 1/w and against d.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "cuda/exec/error.hpp"
#include "host/median_marks.hpp"
#include "host/report_figures.hpp"

namespace sg {

namespace {

using Shapes = std::vector<Shape const*>;

constexpr double left = 66, head = 84, width = 300, height = 240, column = 410, row = 310;

SeedSummary const& summary_of(Shape const& shape, std::size_t constant) {
    return shape.constants[constant];
}

// What the curves of one plot are for, and what lies along its axis.
struct Against {
    int Shape::*curve;
    int Shape::*along;
    char const* letter;  // of the curves
    char const* axis;
    double (*place)(double);
};
Against const against_width{&Shape::depth, &Shape::width, "d", "width (log 1/w)",
                            [](double w) { return -std::log2(w); }};
Against const against_depth{&Shape::width, &Shape::depth, "w", "depth (log)",
                            [](double d) { return std::log2(d); }};

std::set<int> values_of(Shapes const& shapes, int Shape::*member) {
    std::set<int> values;
    for (Shape const* shape : shapes) values.insert(shape->*member);
    return values;
}

XyAxis axis_along(Shapes const& shapes, Against const& against) {
    XyAxis x{HUGE_VAL, -HUGE_VAL, {}, against.axis};
    for (int const value : values_of(shapes, against.along)) {
        x.ticks.push_back({against.place(value), std::to_string(value)});
        widen(x, x.ticks.back().value);
    }
    pad(x);
    return x;
}

XyAxis axis_of_c(Shapes const& shapes, std::size_t constant) {
    XyAxis y{1, 1, {}, constant_names[constant]};
    for (Shape const* shape : shapes) {
        SeedSummary const& of = summary_of(*shape, constant);
        for (double const c : {of.low, of.high, of.median, of.interval_low, of.interval_high})
            widen(y, std::log2(c));
    }
    y.low -= 0.3;
    y.high += 0.5;
    y.ticks = octave_ticks(y.low, y.high, 8);
    return y;
}

struct Name {
    double y;  // pixels
    std::string text;
};

// At the right ends of the curves, moved apart where they would meet.
void draw_names(Svg& svg, std::vector<Name> names, double x) {
    std::sort(names.begin(), names.end(), [](Name const& a, Name const& b) { return a.y > b.y; });
    double last = HUGE_VAL;
    for (Name const& name : names) {
        last = std::min(name.y, last - 13);
        svg.text(x, last + 4, name.text, "font-size=\"11\"");
    }
}

void draw_plot(Svg& svg, Shapes const& shapes, std::size_t constant, Against const& against,
               Box const& box, std::string const& title) {
    SG_EXPECT(!shapes.empty());
    XyPlot plot(svg, box, axis_along(shapes, against), axis_of_c(shapes, constant), title);
    auto const y_of = [&](double c) { return plot.y(std::log2(c)); };
    svg.line(box.x, y_of(2), box.x + box.width, y_of(2),
             "stroke=\"#222\" stroke-width=\"1.2\" stroke-dasharray=\"2 3\"");
    auto const groups = values_of(shapes, against.curve);
    std::vector<Name> names;
    int g = 0;
    for (int const value : groups) {
        double const part = groups.size() > 1 ? g / (static_cast<double>(groups.size()) - 1) : 0.5;
        double const aside = 3 * (g - (static_cast<double>(groups.size()) - 1) / 2);
        std::vector<MedianMark> marks;
        for (Shape const* shape : shapes)
            if (shape->*against.curve == value)
                marks.push_back({plot.x(against.place(shape->*against.along)) + aside,
                                 &summary_of(*shape, constant)});
        std::sort(marks.begin(), marks.end(),
                  [](MedianMark const& a, MedianMark const& b) { return a.x < b.x; });
        draw_medians(svg, marks, y_of, box,
                     {viridis(shown_viridis * part), g, MedianBar::interval, true});
        names.push_back(
            {y_of(marks.back().summary->median), fmt::format("{} = {}", against.letter, value)});
        ++g;
    }
    plot.frame();
    draw_names(svg, names, box.x + box.width + 7);
}

}  // namespace

std::vector<Figure> constants_figures(ReportContent const& content) {
    char const* title = "Critical constants";
    Svg svg;
    figure_heading(
        svg, title,
        "medians over the seeds; thin bars: 95 % interval of the median (range of fewer than 5 "
        "seeds); thick: quartiles");
    svg.text(left, 66, "hollow, with an arrow: only bounded, lies further that way; dotted: c = 2",
             "fill=\"#555\"");
    std::set<std::vector<double>> settings;
    for (Shape const& shape : content.found.shapes) settings.insert(shape.swept);
    int rows = 0;
    for (auto const& swept : settings)
        for (std::size_t k = 0; k < constant_names.size(); ++k) {
            Shapes shapes;
            for (Shape const& shape : content.found.shapes)
                if (shape.swept == swept && !std::isnan(summary_of(shape, k).median))
                    shapes.push_back(&shape);
            if (shapes.empty()) continue;
            double const top = head + 20 + rows * row;
            std::string const name =
                fmt::format("{}{}", constant_names[k], setting_text(content.study, swept));
            draw_plot(svg, shapes, k, against_width, {left, top, width, height}, name);
            draw_plot(svg, shapes, k, against_depth, {left + column, top, width, height}, name);
            ++rows;
        }
    if (rows == 0) return {};
    return {{"constants.svg", svg.page(left + 2 * column - 20, head + 10 + rows * row, title)}};
}

}  // namespace sg
