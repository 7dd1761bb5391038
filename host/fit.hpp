// SPDX-License-Identifier: MIT
// Straight lines through the critical constants: how they grow with depth over width.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "host/analysis.hpp"

namespace sg {

// y ≈ intercept + slope x by least squares. Missing what the points do not determine: with fewer
// than two different x everything, with fewer than three points the intervals.
struct LineFit {
    int count = 0;
    double slope = missing, intercept = missing;
    double slope_low = missing, slope_high = missing;  // 95 % interval, Student's t, count − 2
    double correlation = missing;                      // Pearson's r; missing for a level line
    double mean_x = missing, spread_x = missing;       // spread: Σ (x − mean)²
    double deviation = missing;  // of the residuals: √(Σ r² / (count − 2))

    double at(double x) const { return intercept + slope * x; }
    // Half of the 95 % interval of the line at x.
    double half_width(double x) const;
};
LineFit fit_line(std::span<std::pair<double, double> const> points);

// The value below which Student's t with n degrees of freedom (n ≥ 1) lies with probability 0.975.
double student_975(int degrees);

// log2(c/2) against depth over width, over the shapes of one setting of the swept keys whose median
// is no bound.
struct ConstantFit {
    std::vector<double> swept;
    Constant constant = Constant::c_loss;
    std::vector<std::pair<double, double>> points;  // (d/w, log2(c/2))
    int left_out = 0;                               // shapes whose median is a bound, or unknown
    LineFit line;
};
// For each setting, in the order of the shapes, and each constant that some shape measured.
std::vector<ConstantFit> fit_constants(std::vector<Shape> const& shapes);

}  // namespace sg
