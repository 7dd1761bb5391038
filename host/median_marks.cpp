// SPDX-License-Identifier: MIT
#include "host/median_marks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cuda/exec/error.hpp"

namespace sg {

namespace {

bool is_bound(MedianMark const& mark) { return *mark.summary->bound != '\0'; }

class MedianPlot {
public:
    MedianPlot(Svg& svg, std::function<double(double)> const& y_of, Box const& box,
               MedianStyle const& style)
        : svg_(svg), y_of_(y_of), box_(box), style_(style) {}

    // Every line is drawn twice: a white seam keeps it apart from what lies below.
    void stroke(Svg::Points const& points, double width, char const* more = "") {
        svg_.polyline(points, fmt::format("stroke=\"#fff\" stroke-width=\"{}\" "
                                          "stroke-opacity=\"0.85\" stroke-linecap=\"round\"",
                                          width + 2));
        svg_.polyline(points, fmt::format("stroke=\"{}\" stroke-width=\"{}\" {}", style_.colour,
                                          width, more));
    }

    double y_of(MedianMark const& mark) const { return y_of_(mark.summary->median); }

    void bar(MedianMark const& mark) {
        SeedSummary const& of = *mark.summary;
        bool const interval = style_.bar == MedianBar::interval && of.seeds > 1;
        double const low = interval ? of.interval_low : of.low;
        double const high = interval ? of.interval_high : of.high;
        // What is open goes on beyond all that is known of the seeds.
        double const from = y_of_(std::isnan(low) ? std::fmin(of.low, of.median) : low);
        double const to = y_of_(std::isnan(high) ? std::fmax(of.high, of.median) : high);
        SG_EXPECT(std::isfinite(from) && std::isfinite(to));
        if (from != to) stroke({{mark.x, from}, {mark.x, to}}, 1.3);
        for (double const end : {low, high})
            if (!std::isnan(end) && from != to)
                svg_.line(mark.x - 3, y_of_(end), mark.x + 3, y_of_(end),
                          fmt::format("stroke=\"{}\" stroke-width=\"1.3\"", style_.colour));
        if (interval && std::isnan(low) && *of.bound != '<') arrow(mark.x, from, 1);
        if (interval && std::isnan(high) && *of.bound != '>') arrow(mark.x, to, -1);
        if (is_bound(mark)) arrow(mark.x, y_of(mark), *of.bound == '>' ? -1 : 1);
    }

    void quartiles(MedianMark const& mark) {
        Quantile const &first = mark.summary->lower_quartile, &third = mark.summary->upper_quartile;
        if (!std::isfinite(first.value) || !std::isfinite(third.value)) return;
        svg_.line(mark.x, y_of_(first.value), mark.x, y_of_(third.value),
                  fmt::format("stroke=\"{}\" stroke-width=\"4\"", style_.colour));
        for (Quantile const& quartile : {first, third}) {
            bool const same =
                quartile.value == mark.summary->median && *quartile.bound == *mark.summary->bound;
            if (*quartile.bound == '\0' || same) continue;
            double const side = *quartile.bound == '>' ? -1 : 1;
            head(mark.x, y_of_(quartile.value) + side * 5, side,
                 fmt::format("fill=\"#fff\" stroke=\"{}\" stroke-width=\"1.3\"", style_.colour));
        }
    }

private:
    void head(double x, double y, double side, std::string const& style) {
        svg_.polygon({{x, y + side * 3}, {x - 3.5, y - side * 3}, {x + 3.5, y - side * 3}}, style);
    }

    // Stays in the box as far as it can.   side: −1 up, 1 down
    void arrow(double x, double from, double side) {
        double const room = side < 0 ? from - box_.y : box_.y + box_.height - from;
        double const tip = from + side * std::clamp(room - 3, 9.0, 17.0);
        stroke({{x, from}, {x, tip}}, 1.3);
        head(x, tip, side, fmt::format("fill=\"{}\"", style_.colour));
    }

    Svg& svg_;
    std::function<double(double)> const& y_of_;
    Box const& box_;
    MedianStyle const& style_;
};

}  // namespace

void draw_medians(Svg& svg, std::vector<MedianMark> const& marks,
                  std::function<double(double)> const& y_of, Box const& box,
                  MedianStyle const& style) {
    MedianPlot plot(svg, y_of, box, style);
    std::vector<MedianMark> known;
    for (MedianMark const& mark : marks)
        if (!std::isnan(mark.summary->median)) known.push_back(mark);
    for (std::size_t k = 1; k < known.size() && style.joined; ++k) {
        MedianMark const &from = known[k - 1], &to = known[k];
        bool const dashed = is_bound(from) || is_bound(to);
        plot.stroke({{from.x, plot.y_of(from)}, {to.x, plot.y_of(to)}}, 2,
                    dashed ? "stroke-dasharray=\"5 4\"" : "");
    }
    for (MedianMark const& mark : known) {
        plot.bar(mark);
        plot.quartiles(mark);
    }
    for (MedianMark const& mark : known)
        draw_symbol(svg, style.symbol, style.colour, mark.x, plot.y_of(mark), is_bound(mark));
}

void draw_symbol(Svg& svg, int symbol, std::string const& colour, double x, double y, bool hollow) {
    SG_EXPECT(symbol >= 0);
    std::string const style =
        hollow ? fmt::format("fill=\"#fff\" stroke=\"{}\" stroke-width=\"1.6\"", colour)
               : fmt::format("fill=\"{}\" stroke=\"#fff\" stroke-width=\"1\"", colour);
    switch (symbol % 4) {
        case 0:
            svg.circle(x, y, 4.5, style);
            break;
        case 1:
            svg.rect(x - 4, y - 4, 8, 8, style);
            break;
        case 2:
            svg.polygon({{x, y - 5.5}, {x + 5.5, y}, {x, y + 5.5}, {x - 5.5, y}}, style);
            break;
        default:
            svg.polygon({{x, y - 5.5}, {x + 5, y + 3.5}, {x - 5, y + 3.5}}, style);
    }
}

}  // namespace sg
