// SPDX-License-Identifier: MIT
// A frame with axes and ticks as SVG, and the places of values in it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/panel.hpp"
#include "host/svg.hpp"

namespace sg {

struct Tick {
    double value = 0;  // on the axis
    std::string text;
};

struct XyAxis {
    double low = 0, high = 1;  // log10 or log2 of the values where the ticks say so
    std::vector<Tick> ticks;
    std::string_view title;
};

// Round numbers, about `count` of them.
std::vector<Tick> linear_ticks(double low, double high, int count);
// Powers of ten of an axis in log10; 2 and 5 times them too where there are few.
std::vector<Tick> decade_ticks(double low, double high);
// Powers of two of an axis in log2.
std::vector<Tick> octave_ticks(double low, double high, int most);

class XyPlot {
public:
    XyPlot(Svg& svg, Box const& box, XyAxis x, XyAxis y, std::string_view title);

    double x(double value) const;
    double y(double value) const;
    // Cut where it leaves the frame. NaN breaks it.
    void curve(Svg::Points const& values, std::string_view style);
    void frame();  // drawn last

private:
    bool inside(double value) const { return y_.low <= value && value <= y_.high; }
    void piece(std::pair<double, double> from, std::pair<double, double> to, Svg::Points& open,
               std::string_view style);

    Svg& svg_;
    Box box_;
    XyAxis x_, y_;
    std::string_view title_;
};

// Viridis, 0 to 1: "#440154"
std::string viridis(double part);

}  // namespace sg
