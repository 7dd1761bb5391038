// SPDX-License-Identifier: MIT
// The opening of the sharpness-reduction phase (2 < c < c_loss) with depth over width, as numbers.
#pragma once

#include <span>
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
    static constexpr double narrow = 0.5;  // of y; in log2 c, a factor of 1.4
    double slope = missing, intercept = missing;
    // 95 %, by drawing the seeds of each x anew (the same rule holds for the drawn medians);
    // missing where an x has fewer than bootstrap_fewest seeds.
    Bounded slope_interval{missing, missing}, intercept_interval{missing, missing};
    double rank_correlation = missing;  // Spearman's, of the fitted medians with x
    std::size_t used = 0;
    std::vector<std::size_t> left_out;  // positions

    double at(double x) const { return intercept + slope * x; }
};
MedianLine fit_medians(std::span<SeedsAt const> points,
                       std::uint32_t replicates = bootstrap_replicates);

// log2(c_loss/2) against depth over width, for one setting of the swept keys.
struct Opening {
    struct LeftOut {
        int depth = 0, width = 0;
        Quantile median;           // of c_loss; a bound, or missing
        double on_line = missing;  // c_loss of the line there: does it respect the bound?
    };
    std::vector<double> swept;
    MedianLine line;
    std::vector<LeftOut> left_out;
};
// In the order of the swept keys; settings at fewer than 3 shapes with c_loss are left out.
std::vector<Opening> find_openings(std::vector<Point> const& points);

}  // namespace sg
