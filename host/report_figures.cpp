// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cuda/exec/error.hpp"
#include "host/figure.hpp"
#include "host/fit.hpp"
#include "host/report.hpp"
#include "host/tables.hpp"
#include "host/xy_plot.hpp"

namespace sg {

namespace {

constexpr double shown_viridis = 0.88;  // the light end would not be seen on white
constexpr double ceiling = 30;          // of the first value: what diverges would flatten the rest

std::string setting_text(StoredStudy const& study, std::vector<double> const& swept) {
    std::string text;
    for (std::size_t k = 0; k < swept.size(); ++k)
        text += fmt::format(", {} {}", study.swept[k].name, swept_text(study.swept[k], swept[k]));
    return text;
}

void widen(XyAxis& axis, double value) {
    axis.low = std::fmin(axis.low, value);
    axis.high = std::fmax(axis.high, value);
}

void pad(XyAxis& axis) {
    double const space = axis.high > axis.low ? 0.06 * (axis.high - axis.low) : 0.5;
    axis.low -= space;
    axis.high += space;
}

std::string fit_sentence(LineFit const& line) {
    if (std::isnan(line.slope)) return "not enough shapes for a line";
    std::string const interval =
        std::isnan(line.slope_low)
            ? "not enough shapes for an interval"
            : fmt::format("95 %: {:.3g} to {:.3g}", line.slope_low, line.slope_high);
    return fmt::format("slope {:.3g} ({}), r = {:.3f}", line.slope, interval, line.correlation);
}

void draw_fit(Svg& svg, StoredStudy const& study, ConstantFit const& fit, Box const& box) {
    SG_EXPECT(!fit.points.empty());
    XyAxis x{0, 0, {}, "d/w"}, y{HUGE_VAL, -HUGE_VAL, {}, "log2(c/2)"};
    for (auto const& [at, value] : fit.points) {
        widen(x, at);
        widen(y, value);
    }
    x.high *= 1.06;
    pad(y);
    x.ticks = linear_ticks(x.low, x.high, 5);
    y.ticks = linear_ticks(y.low, y.high, 6);
    std::string const colour = constant_colour(fit.constant);
    std::string const title =
        fmt::format("{}{}", constant_names[static_cast<std::size_t>(fit.constant)],
                    setting_text(study, fit.swept));
    XyPlot plot(svg, box, x, y, title);
    Svg::Points line, upper, lower;
    for (double at = x.low; at <= x.high; at += (x.high - x.low) / 50) {
        double const value = fit.line.at(at), half = fit.line.half_width(at);
        line.emplace_back(at, value);
        upper.emplace_back(at, value + half);
        lower.emplace_back(at, value - half);
    }
    std::string const thin =
        fmt::format("stroke=\"{}\" stroke-width=\"1\" stroke-dasharray=\"4 3\"", colour);
    plot.curve(line, fmt::format("stroke=\"{}\" stroke-width=\"2\"", colour));
    plot.curve(upper, thin);
    plot.curve(lower, thin);
    for (auto const& [at, value] : fit.points)
        draw_marker(svg, fit.constant, plot.x(at), plot.y(value), false);
    plot.frame();
    svg.text(box.x, box.y + box.height + 54, fit_sentence(fit.line),
             "fill=\"#555\" font-size=\"11\"");
    if (fit.left_out > 0)
        svg.text(box.x, box.y + box.height + 69,
                 fmt::format("{} of {} shapes left out: their median is a bound", fit.left_out,
                             static_cast<std::size_t>(fit.left_out) + fit.points.size()),
                 "fill=\"#555\" font-size=\"11\"");
}

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

bool same_shape(Point const& a, Point const& b) {
    return a.depth == b.depth && a.width == b.width && a.swept == b.swept;
}

// A name that any file system takes.
std::string file_name(StoredStudy const& study, Point const& point) {
    std::string name = fmt::format("trajectories_d{}_w{}", point.depth, point.width);
    for (std::size_t k = 0; k < point.swept.size(); ++k)
        name += "_" + swept_text(study.swept[k], point.swept[k]);
    name += fmt::format("_s{}.svg", point.seed);
    std::replace(name.begin(), name.end(), '/', '-');
    return name;
}

}  // namespace

std::string constants_svg(ReportContent const& content) {
    char const* title = "Critical constants against depth over width";
    constexpr double left = 66, head = 84, width = 250, height = 220, column = 340, line = 340;
    Svg svg;
    svg.text(left, 30, title, "font-size=\"17\" font-weight=\"bold\"");
    svg.text(left, 50, "medians over the seeds; least squares with its 95 % interval",
             "fill=\"#555\"");
    int count = 0;
    for (ConstantFit const& fit : fit_constants(content.shapes)) {
        if (fit.points.empty()) continue;
        Box const box{left + count % 3 * column, head + count / 3 * line, width, height};
        draw_fit(svg, content.study, fit, box);
        ++count;
    }
    if (count == 0) svg.text(left, 84, "no shape has a median that is more than a bound", "");
    int const rows = std::max(1, (count + 2) / 3), in_a_row = std::clamp(count, 2, 3);
    return svg.page(left + in_a_row * column - 40, count == 0 ? 110 : head + rows * line - 20,
                    title);
}

std::string trajectories_svg(ReportContent const& content, Point const& point) {
    auto const members = members_of(content.study, point);
    SG_EXPECT(!members.empty());
    std::string const title = fmt::format("depth {}, width {}{}, seed {}", point.depth, point.width,
                                          setting_text(content.study, point.swept), point.seed);
    constexpr double left = 66, head = 76, width = 340, height = 260;
    Svg svg;
    svg.text(left, 30, title, "font-size=\"17\" font-weight=\"bold\"");
    svg.text(left, 50, fmt::format("λ₀ = {:.4g}; dashed: 2/η of each c", point.sharpness_0),
             "fill=\"#555\"");
    draw_histories(svg, members, &Trajectory::sharpness, {left, head, width, height}, "sharpness");
    draw_histories(svg, members, &Trajectory::loss, {left + width + 76, head, width, height},
                   "loss");
    draw_colour_bar(svg, members, {left + 2 * width + 96, head, 14, height});
    return svg.page(left + 2 * width + 160, head + height + 50, title);
}

std::vector<Figure> report_figures(ReportContent const& content) {
    std::vector<Figure> figures{
        {"phase_diagram.svg", phase_diagram_svg(content.study, content.points, content.shapes)},
        {"constants.svg", constants_svg(content)}};
    std::vector<Point const*> drawn;
    for (Point const& point : content.points) {
        auto const same = [&](Point const* other) { return same_shape(*other, point); };
        if (std::any_of(drawn.begin(), drawn.end(), same)) continue;
        drawn.push_back(&point);
        figures.push_back({file_name(content.study, point), trajectories_svg(content, point)});
    }
    return figures;
}

}  // namespace sg
