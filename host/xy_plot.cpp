// SPDX-License-Identifier: MIT
#include "host/xy_plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "cuda/exec/error.hpp"

namespace sg {

std::vector<Tick> linear_ticks(double low, double high, int count) {
    SG_EXPECT(count > 0 && low <= high);
    double const raw = (high - low) / count;
    if (!(raw > 0)) return {{low, fmt::format("{:.3g}", low)}};
    double const power = std::pow(10, std::floor(std::log10(raw)));
    double step = power;
    for (double const times : {2.0, 5.0, 10.0})
        if (step < 0.75 * raw) step = times * power;
    std::vector<Tick> ticks;
    for (double k = std::ceil(low / step); k * step <= high + 1e-9 * step; ++k)
        ticks.push_back({k * step, fmt::format("{:.6g}", k * step + 0.0)});  // no -0
    return ticks;
}

std::vector<Tick> decade_ticks(double low, double high) {
    SG_EXPECT(std::isfinite(low) && std::isfinite(high));
    std::vector<Tick> ticks;
    bool const few = high - low < 2.2;
    int const every = std::max(1, static_cast<int>(std::ceil((high - low) / 8)));
    for (int k = static_cast<int>(std::floor(low)); k <= high; k += every)
        for (double const times : {1.0, 2.0, 5.0}) {
            double const value = k + std::log10(times);
            if (value >= low && value <= high && (few || times == 1.0))
                ticks.push_back({value, fmt::format("{:.6g}", std::pow(10, value))});
        }
    return ticks;
}

std::vector<Tick> octave_ticks(double low, double high, int most) {
    SG_EXPECT(most > 0 && std::isfinite(high - low));
    std::vector<Tick> ticks;
    double const every = std::max(1.0, std::ceil((high - low) / most));
    for (double k = std::ceil(low); k <= high; k += every)
        ticks.push_back({k, fmt::format("{:.4g}", std::exp2(k))});
    return ticks;
}

XyPlot::XyPlot(Svg& svg, Box const& box, XyAxis x, XyAxis y, std::string_view title)
    : svg_(svg), box_(box), x_(std::move(x)), y_(std::move(y)), title_(title) {
    SG_EXPECT(x_.low < x_.high);
    SG_EXPECT(y_.low < y_.high);
    for (Tick const& tick : y_.ticks)
        svg_.line(box_.x, this->y(tick.value), box_.x + box_.width, this->y(tick.value),
                  "stroke=\"#e3e6ea\"");
}

double XyPlot::x(double value) const {
    return box_.x + box_.width * (value - x_.low) / (x_.high - x_.low);
}

double XyPlot::y(double value) const {
    return box_.y + box_.height * (y_.high - value) / (y_.high - y_.low);
}

// One straight piece, cut at the upper and lower side of the frame; `open` is the line so far.
void XyPlot::piece(std::pair<double, double> from, std::pair<double, double> to, Svg::Points& open,
                   std::string_view style) {
    auto const cut = [&](std::pair<double, double> out, std::pair<double, double> other) {
        double const side = std::clamp(out.second, y_.low, y_.high);
        double const share = (side - other.second) / (out.second - other.second);
        return std::pair{other.first + share * (out.first - other.first), side};
    };
    bool const from_in = inside(from.second), to_in = inside(to.second);
    if (!from_in && !to_in) return;
    if (!from_in) from = cut(from, to);
    if (open.empty()) open.emplace_back(x(from.first), y(from.second));
    if (!to_in) to = cut(to, from);
    open.emplace_back(x(to.first), y(to.second));
    if (to_in) return;
    svg_.polyline(open, style);
    open.clear();
}

void XyPlot::curve(Svg::Points const& values, std::string_view style) {
    Svg::Points open;
    for (std::size_t k = 1; k < values.size(); ++k) {
        if (std::isfinite(values[k - 1].second) && std::isfinite(values[k].second)) {
            piece(values[k - 1], values[k], open, style);
        } else if (!open.empty()) {
            svg_.polyline(open, style);
            open.clear();
        }
    }
    if (!open.empty()) svg_.polyline(open, style);
}

void XyPlot::frame() {
    double const bottom = box_.y + box_.height, middle = box_.x + box_.width / 2;
    svg_.rect(box_.x, box_.y, box_.width, box_.height, "fill=\"none\" stroke=\"#222\"");
    for (Tick const& tick : x_.ticks) {
        svg_.line(x(tick.value), bottom, x(tick.value), bottom + 4, "stroke=\"#222\"");
        svg_.text(x(tick.value), bottom + 17, tick.text, "text-anchor=\"middle\"");
    }
    for (Tick const& tick : y_.ticks) {
        svg_.line(box_.x - 4, y(tick.value), box_.x, y(tick.value), "stroke=\"#222\"");
        svg_.text(box_.x - 8, y(tick.value) + 4, tick.text, "text-anchor=\"end\"");
    }
    svg_.text(middle, bottom + 35, x_.title, "text-anchor=\"middle\"");
    svg_.text(middle, box_.y - 8, title_, "text-anchor=\"middle\" font-weight=\"bold\"");
    std::size_t longest = 0;
    for (Tick const& tick : y_.ticks) longest = std::max(longest, tick.text.size());
    double const left = box_.x - std::max(46.0, 20 + 7.5 * static_cast<double>(longest)), height = box_.y + box_.height / 2;
    svg_.text(left, height, y_.title,
              fmt::format("text-anchor=\"middle\" transform=\"rotate(-90 {} {})\"", left, height));
}

std::string viridis(double part) {
    constexpr std::array<std::array<int, 3>, 11> colours{{{0x44, 0x01, 0x54},
                                                          {0x48, 0x24, 0x75},
                                                          {0x41, 0x44, 0x87},
                                                          {0x35, 0x5f, 0x8d},
                                                          {0x2a, 0x78, 0x8e},
                                                          {0x21, 0x91, 0x8c},
                                                          {0x22, 0xa8, 0x84},
                                                          {0x44, 0xbf, 0x70},
                                                          {0x7a, 0xd1, 0x51},
                                                          {0xbd, 0xdf, 0x26},
                                                          {0xfd, 0xe7, 0x25}}};
    SG_EXPECT(!std::isnan(part));
    double const place = std::clamp(part, 0.0, 1.0) * (colours.size() - 1);
    auto const below = std::min(colours.size() - 2, static_cast<std::size_t>(place));
    double const share = place - static_cast<double>(below);
    auto const mixed = [&](std::size_t k) {
        return static_cast<int>(
            std::lround(colours[below][k] * (1 - share) + colours[below + 1][k] * share));
    };
    return fmt::format("#{:02x}{:02x}{:02x}", mixed(0), mixed(1), mixed(2));
}

}  // namespace sg
