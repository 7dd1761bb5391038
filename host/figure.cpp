// SPDX-License-Identifier: MIT
#include "host/figure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "cuda/exec/error.hpp"
#include "host/panel.hpp"

namespace sg {

namespace {

constexpr double panel_width = 232, panel_height = 330;
constexpr double gap = 26, left_margin = 66, right_margin = 22;
constexpr double head = 88;  // title, second line, title of the panel
constexpr double row_gap = 74, foot = 52, legend_line = 24;
constexpr std::size_t panels_in_a_row = 4;

bool shown(std::vector<Panel> const& panels, Region region) {
    for (Panel const& panel : panels)
        for (auto const& [width, column] : panel.columns)
            for (auto const& [seed, stripe] : column)
                for (auto const& [c, found] : stripe)
                    if (found == region) return true;
    return false;
}

bool shown(std::vector<Panel> const& panels, Constant constant) {
    for (Panel const& panel : panels)
        for (Shape const& shape : panel.shapes)
            if (!std::isnan(shape.constants[static_cast<std::size_t>(constant)].median))
                return true;
    return false;
}

// Entries flow from left to right, and to a new line where they would leave the page.
class Legend {
public:
    Legend(Svg& svg, double y, double width) : svg_(svg), y_(y), right_(left_margin + width) {}

    void region(Region region) {
        auto const name = region_names[static_cast<std::size_t>(region)];
        double const x = place(name);
        svg_.rect(
            x, y_ - 10, 22, 13,
            fmt::format("fill=\"{}\" stroke=\"#666\" stroke-width=\"0.6\"", region_fill(region)));
        svg_.text(x + symbol, y_, name, "");
    }
    void constant(Constant constant) {
        auto const name = constant_names[static_cast<std::size_t>(constant)];
        double const x = place(name);
        svg_.line(x, y_ - 4, x + 22, y_ - 4,
                  fmt::format("stroke=\"{}\" stroke-width=\"2\"", constant_colour(constant)));
        draw_marker(svg_, constant, x + 11, y_ - 4, false);
        svg_.raw(
            fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\"><tspan font-style=\"italic\">c</tspan>"
                        "<tspan dy=\"3\" font-size=\"9.5\">{}</tspan></text>\n",
                        x + symbol, y_, name.substr(2)));
    }
    void bound() {
        double const x = place("median is a bound");
        draw_marker(svg_, Constant::c_loss, x + 11, y_ - 4, true);
        svg_.text(x + symbol, y_, "median is a bound", "");
    }
    void line_at_2() {
        double const x = place("c = 2");
        svg_.line(x, y_ - 4, x + 22, y_ - 4,
                  "stroke=\"#222\" stroke-width=\"1.2\" stroke-dasharray=\"2 3\"");
        svg_.text(x + symbol, y_, "c = 2", "");
    }
    void new_line() {
        x_ = left_margin;
        y_ += legend_line;
    }
    double bottom() const { return y_; }

private:
    static constexpr double symbol = 29;

    double place(std::string_view name) {
        double const width = symbol + 6.4 * static_cast<double>(name.size()) + 20;
        if (x_ > left_margin && x_ + width - 20 > right_) new_line();
        double const x = x_;
        x_ += width;
        return x;
    }

    Svg& svg_;
    double x_ = left_margin;
    double y_, right_;
};

double draw_legend(Svg& svg, std::vector<Panel> const& panels, double y, double width) {
    Legend legend(svg, y, width);
    for (Region const region :
         {Region::below_2, Region::sharpness_reduction, Region::loss_catapult,
          Region::sharpness_catapult, Region::loss_and_sharpness_catapult, Region::divergent})
        if (shown(panels, region)) legend.region(region);
    legend.new_line();
    for (Constant const constant :
         {Constant::c_loss, Constant::c_sharp, Constant::c_barrier, Constant::c_max})
        if (shown(panels, constant)) legend.constant(constant);
    legend.line_at_2();
    for (Panel const& panel : panels)
        for (Shape const& shape : panel.shapes)
            for (SeedSummary const& summary : shape.constants)
                if (*summary.bound != '\0') {
                    legend.bound();
                    return legend.bottom();
                }
    return legend.bottom();
}

std::string second_line(StoredStudy const& study) {
    return fmt::format("{}: {} on {}, {} networks", study.title, study.model, study.data_name,
                       study.rows.size());
}

std::string caption(std::vector<Point> const& points) {
    std::set<std::uint64_t> seeds;
    for (Point const& point : points) seeds.insert(point.seed);
    if (seeds.size() == 1)
        return "Colours: what each network did. Curves: critical constants, bars: their brackets.";
    return fmt::format(
        "Colours: what each network did, a stripe for each of {} seeds. Curves: medians; thin "
        "bars: "
        "range of the brackets; thick: quartiles.",
        seeds.size());
}

// As many panels as there are depths, where a row has room for them.
std::size_t row_length(std::vector<Panel> const& panels) {
    auto const other = [&](Panel const& panel) { return panel.swept != panels.front().swept; };
    auto const end = std::find_if(panels.begin(), panels.end(), other);
    return std::min(static_cast<std::size_t>(end - panels.begin()), panels_in_a_row);
}

// Panels in rows; returns the size of the area that they take.
Box draw_panels(Svg& svg, std::vector<Panel> const& panels) {
    Axes const axes = axes_of(panels);
    std::size_t const in_a_row = row_length(panels);
    double bottom = 0;
    for (std::size_t k = 0; k < panels.size(); ++k) {
        Box const box{left_margin + static_cast<double>(k % in_a_row) * (panel_width + gap),
                      head + static_cast<double>(k / in_a_row) * (panel_height + row_gap),
                      panel_width, panel_height};
        draw_panel(svg, panels[k], axes, box, k % in_a_row == 0);
        bottom = box.y + box.height;
        svg.text(box.x + box.width / 2, bottom + 35, "width (log scale of 1/width)",
                 "text-anchor=\"middle\"");
        if (k % in_a_row == 0) {
            double const x = 20, y = box.y + box.height / 2;
            svg.text(x, y, "c = learning rate × initial sharpness",
                     fmt::format("text-anchor=\"middle\" transform=\"rotate(-90 {} {})\"", x, y));
        }
    }
    double const n = static_cast<double>(in_a_row);
    return {left_margin, head, n * panel_width + (n - 1) * gap, bottom - head};
}

}  // namespace

std::string phase_diagram_svg(StoredStudy const& study, std::vector<Point> const& points,
                              std::vector<Shape> const& shapes) {
    SG_EXPECT(study.rows.size() == study.margins.size());
    auto const panels = panels_of(study, shapes);
    char const* title = "Phase diagram of early training";
    Svg svg;
    svg.text(left_margin, 30, title, "font-size=\"17\" font-weight=\"bold\"");
    if (panels.empty()) {
        svg.text(left_margin, 60, "no network has finished", "");
        return svg.page(480, 90, title);
    }
    svg.raw(region_patterns());
    svg.text(left_margin, 50, second_line(study), "fill=\"#555\"");
    Box const area = draw_panels(svg, panels);
    double const width = std::max(area.width, 740.0);
    double const bottom =
        draw_legend(svg, panels, area.y + area.height + foot + legend_line / 2, width);
    svg.text(left_margin, bottom + legend_line, caption(points), "fill=\"#555\" font-size=\"11\"");
    return svg.page(left_margin + width + right_margin, bottom + legend_line + 18, title);
}

}  // namespace sg
