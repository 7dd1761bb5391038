// SPDX-License-Identifier: MIT
// y(c) and y″(c) of each shape, with c_crit and its interval.
#include <fmt/format.h>

#include <cmath>

#include "cuda/exec/error.hpp"
#include "host/report_figures.hpp"

namespace sg {

namespace {

constexpr double left = 66, head = 84, width = 330, height = 240;
constexpr char const* colour = "#0072b2";

std::string result_text(CriticalC const& one) {
    if (std::isnan(one.c_crit)) return "y does not bend down: there is no c_crit";
    std::string text = fmt::format("c_crit {:.3g}", one.c_crit);
    if (!std::isnan(one.low))
        text += fmt::format(", {} {:.3g} to {:.3g}",
                            one.bootstrapped ? "95 %" : "range of the seeds", one.low, one.high);
    if (one.status == CritStatus::at_the_end_of_the_range)
        text += "; at the end of the range: the least y″ may lie outside";
    return text;
}

void draw_values(Svg& svg, CriticalC const& one, std::vector<double> const& values, Box const& box,
                 std::string_view name) {
    SG_EXPECT(one.c.size() == values.size());
    XyAxis x{one.c.front(), one.c.back(), {}, "c"}, y{HUGE_VAL, -HUGE_VAL, {}, name};
    Svg::Points curve;
    for (std::size_t k = 0; k < values.size(); ++k) {
        curve.emplace_back(one.c[k], values[k]);
        widen(y, values[k]);
    }
    pad(x, 0.03);
    pad(y);
    x.ticks = linear_ticks(x.low, x.high, 6);
    y.ticks = linear_ticks(y.low, y.high, 6);
    XyPlot plot(svg, box, x, y, "");
    if (!std::isnan(one.low) && one.low < one.high)
        svg.rect(plot.x(one.low), box.y, plot.x(one.high) - plot.x(one.low), box.height,
                 "fill=\"#d5ecf9\"");
    if (!std::isnan(one.c_crit))
        svg.line(plot.x(one.c_crit), box.y, plot.x(one.c_crit), box.y + box.height,
                 "stroke=\"#222\" stroke-width=\"1.4\" stroke-dasharray=\"2 3\"");
    plot.curve(curve, fmt::format("stroke=\"{}\" stroke-width=\"1.6\"", colour));
    for (auto const& [c, value] : curve)
        if (!std::isnan(value))
            svg.circle(plot.x(c), plot.y(value), 2.5, fmt::format("fill=\"{}\"", colour));
    plot.frame();
}

std::string c_crit_svg(ReportContent const& content, CriticalC const& one) {
    std::string const title = shape_text(content.study, one.depth, one.width, one.swept);
    Svg svg;
    figure_heading(svg, title,
                   fmt::format("y: mean over {} seeds of λ at step {:g}/c over λ₀. {}", one.seeds,
                               content.found.c_crit_s, result_text(one)));
    draw_values(svg, one, one.y, {left, head - 10, width, height}, "y");
    draw_values(svg, one, one.bends, {left + width + 76, head - 10, width, height}, "y″");
    return svg.page(left + 2 * width + 106, head + height + 45, title);
}

}  // namespace

std::vector<Figure> c_crit_figures(ReportContent const& content) {
    std::vector<Figure> figures;
    for (CriticalC const& one : content.found.c_crit)
        if (one.status != CritStatus::too_few_c)
            figures.push_back(
                {figure_name(content.study, "c_crit", one.depth, one.width, one.swept),
                 c_crit_svg(content, one)});
    return figures;
}

}  // namespace sg
