// SPDX-License-Identifier: MIT
// The figures of a report as SVG: each kind in a file of its own, host/report_figures.cpp lists
// them.
#pragma once

#include <string>
#include <vector>

#include "host/report.hpp"
#include "host/xy_plot.hpp"

namespace sg {

// Medians against 1/w and d; where no constant was measured, none.
std::vector<Figure> constants_figures(ReportContent const& content);
// log2(c/2) against d/w, with the line.
std::vector<Figure> opening_figures(ReportContent const& content);
// λ and loss of the networks of each shape's first seed.
std::vector<Figure> trajectories_figures(ReportContent const& content);
// λη of one network of each shape: the first of those that went through most regimes.
std::vector<Figure> regimes_figures(ReportContent const& content);
// y and y″ of each shape that has enough c.
std::vector<Figure> c_crit_figures(ReportContent const& content);
// Spectral densities by step, where they were measured.
std::vector<Figure> spectra_figures(ReportContent const& content);

// What they share.
inline constexpr double shown_viridis = 0.88;  // the light end would not be seen on white

// "depth 3, width 64, activation relu"
std::string shape_text(StoredStudy const& study, int depth, int width,
                       std::vector<double> const& swept);
std::string setting_text(StoredStudy const& study, std::vector<double> const& swept);  // ", ..."
// "KIND_d3_w64_relu.svg": a name that any file system takes. more: "_s0"
std::string figure_name(StoredStudy const& study, char const* kind, int depth, int width,
                        std::vector<double> const& swept, std::string const& more = "");

void widen(XyAxis& axis, double value);  // NaN leaves it
void pad(XyAxis& axis, double part = 0.06);
void figure_heading(Svg& svg, std::string_view title, std::string_view below);

// The first of each shape among items with depth, width and swept.
template <class T>
std::vector<T const*> first_of_shapes(std::vector<T> const& items) {
    std::vector<T const*> firsts;
    for (T const& item : items) {
        bool known = false;
        for (T const* first : firsts)
            known |= first->depth == item.depth && first->width == item.width &&
                     first->swept == item.swept;
        if (!known) firsts.push_back(&item);
    }
    return firsts;
}

}  // namespace sg
