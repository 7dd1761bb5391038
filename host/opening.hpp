// SPDX-License-Identifier: MIT
// The opening of the sharpness-reduction phase (2 < c < c_loss) with depth over width, as numbers.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "host/analysis.hpp"

namespace sg {

// y of several seeds at one x; equal bounds where it is known.
struct SeedsAt {
    double x;
    std::vector<Bounded> y;
};

// y ≈ intercept + slope · x by least squares over the medians of y. A median known to within
// `narrow` stands in its middle. A wider or open one gives no value to fit, and taking its finite
// side would tilt the line towards it: it is left out, and `left_out` says so. Missing where fewer
// than 3 medians, or fewer than 2 x, are left.
struct MedianLine {
    struct Line {
        double slope = missing, intercept = missing;
        double at(double x) const { return intercept + slope * x; }
    };
    static constexpr double narrow = 0.5;  // of y; in log2 c, a factor of 1.4
    double slope = missing, intercept = missing;
    // 95 %, by drawing the seeds of each x anew (the same rule holds for the drawn medians);
    // missing where an x has fewer than bootstrap_fewest seeds.
    Bounded slope_interval{missing, missing}, intercept_interval{missing, missing};
    double rank_correlation = missing;  // Spearman's, of the fitted medians with x
    std::size_t used = 0;
    std::vector<double> medians;        // as fitted; missing where it is left out
    std::vector<std::size_t> left_out;  // positions
    std::vector<Line> drawn;            // of the seeds drawn anew

    double at(double x) const { return Line{slope, intercept}.at(x); }
    // 95 % of the line at x, by the same lines.
    Bounded interval_at(double x) const;
};
// "0.92", or "-" where the medians or their places do not vary.
std::string correlation_text(double rank_correlation);
MedianLine fit_medians(std::span<SeedsAt const> points,
                       std::uint32_t replicates = bootstrap_replicates);

// log2(c/2) of one constant against depth over width, for one setting of the swept keys; that of
// c_loss is how far the phase is open.
struct Opening {
    struct Fitted {
        int depth = 0, width = 0;
        double y = missing;  // log2(c/2) of the median that stands in the line
    };
    struct LeftOut {
        int depth = 0, width = 0;
        Quantile median;           // of c; a bound, or missing
        double on_line = missing;  // c of the line there: does it respect the bound?
    };
    std::vector<double> swept;
    Constant constant = Constant::c_loss;
    MedianLine line;
    std::vector<Fitted> fitted;
    std::vector<LeftOut> left_out;
};
// In the order of the swept keys; settings at fewer than 3 shapes that measured the constant are
// left out.
std::vector<Opening> find_openings(std::vector<Point> const& points,
                                   Constant constant = Constant::c_loss);

}  // namespace sg
