// SPDX-License-Identifier: MIT
#include "host/report_figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cuda/exec/error.hpp"
#include "host/figure.hpp"
#include "host/tables.hpp"

namespace sg {

std::vector<Figure> report_figures(ReportContent const& content) {
    std::vector<Figure> figures{
        {"phase_diagram.svg",
         phase_diagram_svg(content.study, content.points, content.found.shapes)}};
    for (auto* kind : {constants_figures, opening_figures, trajectories_figures, regimes_figures,
                       c_crit_figures, spectra_figures})
        for (Figure& figure : kind(content)) figures.push_back(std::move(figure));
    return figures;
}

std::string setting_text(StoredStudy const& study, std::vector<double> const& swept) {
    SG_EXPECT(swept.size() == study.swept.size());
    std::string text;
    for (std::size_t k = 0; k < swept.size(); ++k)
        text += fmt::format(", {} {}", study.swept[k].name, swept_text(study.swept[k], swept[k]));
    return text;
}

std::string shape_text(StoredStudy const& study, int depth, int width,
                       std::vector<double> const& swept) {
    return fmt::format("depth {}, width {}{}", depth, width, setting_text(study, swept));
}

std::string figure_name(StoredStudy const& study, char const* kind, int depth, int width,
                        std::vector<double> const& swept, std::string const& more) {
    SG_EXPECT(swept.size() == study.swept.size());
    std::string name = fmt::format("{}_d{}_w{}", kind, depth, width);
    for (std::size_t k = 0; k < swept.size(); ++k)
        name += "_" + swept_text(study.swept[k], swept[k]);
    name += more + ".svg";
    std::replace(name.begin(), name.end(), '/', '-');
    return name;
}

void widen(XyAxis& axis, double value) {
    axis.low = std::fmin(axis.low, value);
    axis.high = std::fmax(axis.high, value);
}

void pad(XyAxis& axis, double part) {
    double const space = axis.high > axis.low ? part * (axis.high - axis.low) : 0.5;
    axis.low -= space;
    axis.high += space;
}

void figure_heading(Svg& svg, std::string_view title, std::string_view below) {
    svg.text(66, 30, title, "font-size=\"17\" font-weight=\"bold\"");
    svg.text(66, 50, below, "fill=\"#555\"");
}

}  // namespace sg
