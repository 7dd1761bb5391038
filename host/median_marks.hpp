// SPDX-License-Identifier: MIT
// Medians over seeds in a figure, and how far they are known.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "host/analysis.hpp"
#include "host/svg.hpp"

namespace sg {

struct MedianMark {
    double x;                    // in pixels
    SeedSummary const* summary;  // one without a median is not drawn
};

// What the thin bars show: the range of the seeds' brackets, or the interval of the median (with
// one seed its bracket).
enum class MedianBar { brackets, interval };

struct MedianStyle {
    std::string colour;
    int symbol = 0;  // of draw_symbol
    MedianBar bar = MedianBar::interval;
    bool joined = true;  // by a line, dashed next to a bound
};

// A median that is a bound is hollow, with an arrow; so an interval ends where no seed bounds it.
// The thick bar are the quartiles, with an open triangle at one that is a bound.   y_of: c to
// pixels
void draw_medians(Svg& svg, std::vector<MedianMark> const& marks,
                  std::function<double(double)> const& y_of, Box const& box,
                  MedianStyle const& style);

// 0 circle, 1 square, 2 diamond, 3 triangle, and again.
void draw_symbol(Svg& svg, int symbol, std::string const& colour, double x, double y, bool hollow);

}  // namespace sg
