// SPDX-License-Identifier: MIT
#include "host/spectra.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <set>
#include <string_view>

#include "cuda/exec/error.hpp"
#include "host/report_figures.hpp"

namespace sg {

namespace {

constexpr std::size_t most_panels = 6;
constexpr double least_density = 1e-7;  // shown, per decade
constexpr double gaussian = 0.06;       // width of the Gaussian, in decades
constexpr double linear_share = 1e-4;   // of the largest |λ|: where the axis becomes linear

using Members = std::vector<Trajectory const*>;

// Nodes or weights of all members at one of the steps, one behind the other.
std::vector<double> at_step(Members const& members, std::vector<double> Trajectory::*values,
                            std::size_t step, std::size_t per_step) {
    std::vector<double> all;
    for (Trajectory const* row : members) {
        SG_EXPECT((step + 1) * per_step <= (row->*values).size());
        auto const begin = (row->*values).begin() + static_cast<std::ptrdiff_t>(step * per_step);
        all.insert(all.end(), begin, begin + static_cast<std::ptrdiff_t>(per_step));
    }
    return all;
}

// The seeds of one shape at one c: the middle one of those that were measured to the end.
Members shown_members(StoredStudy const& study, Shape const& shape) {
    Members all;
    std::set<double> whole, any;
    std::size_t const per_step = study.spectrum.probes * static_cast<std::size_t>(study.spectrum.order);
    for (Trajectory const& row : study.rows) {
        if (row.depth != shape.depth || row.width != shape.width || row.swept != shape.swept) continue;
        all.push_back(&row);
        any.insert(row.c);
        if (!std::isnan(row.density_node[row.density_node.size() - per_step])) whole.insert(row.c);
    }
    auto const& values = whole.empty() ? any : whole;
    if (values.empty()) return {};
    double const c = *std::next(values.begin(), static_cast<std::ptrdiff_t>((values.size() - 1) / 2));
    std::erase_if(all, [&](Trajectory const* row) { return row->c != c; });
    return all;
}

std::string title_of(StoredStudy const& study, Members const& members) {
    Trajectory const& row = *members.front();
    return shape_text(study, row.depth, row.width, row.swept) +
           fmt::format(", c = {:.4g}, {} seed{}", row.c, members.size(),
                       members.size() == 1 ? "" : "s");
}

// Steps differ by more than colour.
constexpr std::array<std::string_view, 4> dashes{"", R"( stroke-dasharray="7 3")", R"( stroke-dasharray="2 2")",
                                                 R"( stroke-dasharray="9 3 2 3")"};

// Powers of ten on both sides of 0, at most about ten of them.
std::vector<Tick> signed_ticks(double low, double high, double scale) {
    std::vector<Tick> ticks{{0, "0"}};
    int const first = static_cast<int>(std::ceil(std::log10(scale))) + 1;
    int const last = first + static_cast<int>(std::max(-low, high)) + 1;
    int const every = (last - first) / 4 + 1;
    for (int power = first; power <= last; power += every)
        for (double const sign : {-1.0, 1.0}) {
            double const at = signed_log(sign * std::pow(10.0, power), scale);
            if (at > low && at < high)
                ticks.push_back({at, fmt::format("{}1e{}", sign < 0 ? "\u2212" : "", power)});
        }
    return ticks;
}

double largest(std::vector<double> const& values) {
    double most = 0;
    for (double const x : values) most = std::fmax(most, std::abs(x));
    return most;
}

void draw_panel_of(Svg& svg, StoredStudy const& study, Members const& members, Box const& box) {
    auto const& spec = study.spectrum;
    std::size_t const per_step = spec.probes * static_cast<std::size_t>(spec.order);
    double most = 0;
    for (Trajectory const* row : members) most = std::fmax(most, largest(row->density_node));
    double const scale = linear_share * (most > 0 ? most : 1);
    XyAxis x{HUGE_VAL, -HUGE_VAL, {}, "eigenvalue"}, y{std::log10(least_density), 1, {}, "share per decade"};
    for (Trajectory const* row : members)
        for (double const node : row->density_node)
            if (!std::isnan(node)) {
                widen(x, signed_log(node, scale) - 4 * gaussian);
                widen(x, signed_log(node, scale) + 4 * gaussian);
            }
    if (!(x.low < x.high)) return;
    x.ticks = signed_ticks(x.low, x.high, scale);
    y.ticks = decade_ticks(y.low, y.high);
    std::vector<double> places;
    for (int k = 0; k <= 600; ++k) places.push_back(x.low + (x.high - x.low) * k / 600);
    std::string const title = title_of(study, members);
    XyPlot plot(svg, box, x, y, title);
    for (std::size_t t = 0; t < spec.steps.size(); ++t) {
        auto nodes = at_step(members, &Trajectory::density_node, t, per_step);
        for (double& node : nodes) node = signed_log(node, scale);
        auto const density = smoothed(
            nodes, at_step(members, &Trajectory::density_weight, t, per_step), places, gaussian);
        Svg::Points curve;
        for (std::size_t k = 0; k < places.size(); ++k)
            curve.emplace_back(places[k], std::log10(std::fmax(density[k], least_density / 10)));
        double const part = spec.steps.size() > 1 ? static_cast<double>(t) / static_cast<double>(spec.steps.size() - 1) : 0;
        std::string const stroke = fmt::format("stroke=\"{}\" stroke-width=\"1.6\"{}",
                                               viridis(shown_viridis * part), dashes[t % dashes.size()]);
        if (!std::isnan(density[0])) plot.curve(curve, stroke);
        if (t >= 9 && t + 1 < spec.steps.size()) continue;
        double const right = box.x + box.width + 8, at = box.y + 12 + 16 * static_cast<double>(std::min<std::size_t>(t, 9));
        svg.line(right, at - 4, right + 26, at - 4, stroke);
        svg.text(right + 32, at, fmt::format("step {}", spec.steps[t]), "");
    }
    plot.frame();
}

}  // namespace

double signed_log(double lambda, double scale) {
    return std::asinh(lambda / (2 * scale)) / std::numbers::ln10;
}

std::vector<double> smoothed(std::vector<double> const& nodes, std::vector<double> const& weights,
                             std::vector<double> const& places, double spread) {
    SG_EXPECT(nodes.size() == weights.size() && spread > 0);
    double total = 0;
    for (double const w : weights) total += std::isnan(w) ? 0 : w;
    std::vector<double> density(places.size(), total > 0 ? 0 : missing);
    if (!(total > 0)) return density;
    double const factor = 1 / (total * spread * std::sqrt(2 * std::numbers::pi));
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        if (std::isnan(nodes[i])) continue;
        for (std::size_t k = 0; k < places.size(); ++k) {
            double const at = (places[k] - nodes[i]) / spread;
            density[k] += factor * weights[i] * std::exp(-at * at / 2);
        }
    }
    return density;
}

std::string spectra_svg(ReportContent const& content) {
    StoredStudy const& study = content.study;
    std::vector<Members> panels;
    for (Shape const& shape : content.found.shapes) {
        if (study.spectrum.probes == 0) break;
        auto members = shown_members(study, shape);
        if (!members.empty() && panels.size() < most_panels) panels.push_back(std::move(members));
    }
    if (panels.empty()) return "";
    char const* title = "Spectral density of the Hessian";
    constexpr double left = 78, head = 84, panel_width = 330, height = 220, column = 480, line = 310;
    Svg svg;
    figure_heading(svg, title,
                   fmt::format("{} probes of {} nodes, each a Gaussian of {} decades; linear about 0",
                               study.spectrum.probes, study.spectrum.order, gaussian));
    for (std::size_t k = 0; k < panels.size(); ++k)
        draw_panel_of(svg, study, panels[k],
                      {left + static_cast<double>(k % 2) * column,
                       head + static_cast<double>(k / 2) * line, panel_width, height});
    auto const rows = static_cast<double>((panels.size() + 1) / 2);
    return svg.page(left + std::min<double>(2, static_cast<double>(panels.size())) * column - 40,
                    head + rows * line - 20, title);
}

std::vector<Figure> spectra_figures(ReportContent const& content) {
    std::string svg = spectra_svg(content);
    if (svg.empty()) return {};
    return {{"spectral_density.svg", std::move(svg)}};
}

std::string spectra_html(ReportContent const& content) {
    std::string const figure = spectra_svg(content);
    if (figure.empty())
        return "<p class=\"lead\">The spectral density of the Hessian was not measured in this study.</p>";
    return "<p class=\"lead\">Stochastic Lanczos quadrature: the share of the eigenvalues near each value, by step. Of "
           "each shape the middle c that was measured to the end, the mean over its seeds. The nodes and weights are "
           "density_node and density_weight of the file.</p>\n" +
           figure;
}

}  // namespace sg
