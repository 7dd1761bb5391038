// SPDX-License-Identifier: MIT
// λη of a long run over the logarithm of the step, with the regimes it went through.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "cuda/exec/error.hpp"
#include "host/report_figures.hpp"

namespace sg {

namespace {

constexpr double step_0 = -0.4;  // where step 0 stands on an axis in log10
// Tints of the palette of Okabe and Ito; each region has its name in it, too.
constexpr std::array<char const*, 4> fills{"#e6e6e6", "#d5ecf9", "#f8f1a0", "#f3d3c3"};

double place(int step) { return step == 0 ? step_0 : std::log10(step); }

void draw_spans(Svg& svg, XyPlot& plot, NetworkRegimes const& network, Box const& box) {
    double y = box.y + box.height + 56;
    for (RegimeSpan const& span : network.spans) {
        auto const kind = static_cast<std::size_t>(span.regime);
        double const from = plot.x(place(span.first)), to = plot.x(place(span.last));
        svg.rect(from, box.y, to - from, box.height,
                 fmt::format("fill=\"{}\" stroke=\"#999\" stroke-width=\"0.6\"", fills[kind]));
        svg.text((from + to) / 2, box.y + 15, std::to_string(kind + 1),
                 "text-anchor=\"middle\" font-weight=\"bold\"");
        std::string const slope =
            std::isnan(span.slope) ? ""
                                   : fmt::format("; slope of ln λ {:+.2f} per decade", span.slope);
        svg.text(box.x, y,
                 fmt::format("{}  {}: steps {} to {}, λη {:.2f} to {:.2f}{}", kind + 1,
                             regime_names[kind], span.first, span.last, span.at_first, span.at_last,
                             slope),
                 "font-size=\"11\"");
        y += 16;
    }
    svg.text(box.x, y,
             fmt::format("last fifth of the steps: λη {:.3g} [{:.3g}, {:.3g}]", network.late_median,
                         network.late_low, network.late_high),
             "font-size=\"11\"");
}

std::string regimes_svg(ReportContent const& content, NetworkRegimes const& network) {
    SG_EXPECT(network.row < content.study.rows.size());
    Trajectory const& row = content.study.rows[network.row];
    std::string const title =
        fmt::format("{}, seed {}, c = {:.4g}",
                    shape_text(content.study, row.depth, row.width, row.swept), row.seed, row.c);
    Box const box{66, 76, 640, 280};
    XyAxis x{step_0, std::log10(network.steps), {{step_0, "0"}}, "step (log)"};
    XyAxis y{std::log10(network.edge), std::log10(network.edge), {}, "learning rate × sharpness"};
    Svg::Points curve;
    for (std::size_t t = 0; t < row.sharpness.size(); ++t) {
        double const product = row.sharpness[t] * row.learning_rate;
        if (!(product > 0) || !std::isfinite(product)) continue;
        curve.emplace_back(place(static_cast<int>(t)), std::log10(product));
        widen(y, curve.back().second);
    }
    pad(y, 0.1);
    auto const decades = decade_ticks(0, x.high);
    x.ticks.insert(x.ticks.end(), decades.begin(), decades.end());
    y.ticks = decade_ticks(y.low, y.high);
    Svg svg;
    figure_heading(
        svg, title,
        fmt::format("regimes of a long run; dotted: {:.3g} = 2(1 + momentum)", network.edge));
    XyPlot plot(svg, box, x, y, "");
    draw_spans(svg, plot, network, box);
    double const edge = plot.y(std::log10(network.edge));
    svg.line(box.x, edge, box.x + box.width, edge,
             "stroke=\"#222\" stroke-width=\"1.4\" stroke-dasharray=\"2 3\"");
    plot.curve(curve, "stroke=\"#0072b2\" stroke-width=\"1.6\"");
    plot.frame();
    return svg.page(740, box.y + box.height + 150, title);
}

}  // namespace

std::vector<Figure> regimes_figures(ReportContent const& content) {
    auto networks = content.found.regimes;
    std::stable_sort(networks.begin(), networks.end(),
                     [](auto const& a, auto const& b) { return a.spans.size() > b.spans.size(); });
    std::vector<Figure> figures;
    for (NetworkRegimes const* network : first_of_shapes(networks))
        figures.push_back(
            {figure_name(content.study, "regimes", network->depth, network->width, network->swept,
                         fmt::format("_s{}_c{:.4g}", network->seed, network->c)),
             regimes_svg(content, *network)});
    return figures;
}

}  // namespace sg
