// SPDX-License-Identifier: MIT
#include "host/fit.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "cuda/exec/error.hpp"

namespace sg {

namespace {

// P(|t| < x) for n degrees of freedom: Abramowitz and Stegun 26.7.3 and 26.7.4.
double student_between(double x, int degrees) {
    double const theta = std::atan(x / std::sqrt(degrees));
    double const cosine2 = std::cos(theta) * std::cos(theta);
    bool const odd = degrees % 2 == 1;
    double term = odd ? std::cos(theta) : 1, sum = 0;
    for (int k = odd ? 3 : 2; k <= degrees; k += 2) {
        sum += term;
        term *= cosine2 * (k - 1) / k;
    }
    if (odd) return 2 / std::numbers::pi * (theta + std::sin(theta) * sum);
    return std::sin(theta) * sum;
}

void set_intervals(LineFit& fit, std::span<std::pair<double, double> const> points) {
    SG_EXPECT(fit.count > 2 && fit.spread_x > 0);
    double squares = 0;
    for (auto const& [x, y] : points) squares += std::pow(y - fit.at(x), 2);
    fit.deviation = std::sqrt(squares / (fit.count - 2));
    double const half = student_975(fit.count - 2) * fit.deviation / std::sqrt(fit.spread_x);
    fit.slope_low = fit.slope - half;
    fit.slope_high = fit.slope + half;
}

}  // namespace

double student_975(int degrees) {
    SG_EXPECT(degrees >= 1);
    if (degrees > 1000) return 1.959964;  // the normal distribution's; 0.1 % off at most
    double low = 1.9, high = 12.8;        // of infinitely many and of one
    for (int k = 0; k < 50; ++k) {
        double const middle = (low + high) / 2;
        (student_between(middle, degrees) < 0.95 ? low : high) = middle;
    }
    return high;
}

double LineFit::half_width(double x) const {
    if (std::isnan(deviation)) return missing;
    return student_975(count - 2) * deviation *
           std::sqrt(1.0 / count + (x - mean_x) * (x - mean_x) / spread_x);
}

LineFit fit_line(std::span<std::pair<double, double> const> points) {
    LineFit fit;
    fit.count = static_cast<int>(points.size());
    if (points.empty()) return fit;
    double mean_y = 0, xy = 0, yy = 0;
    fit.mean_x = fit.spread_x = 0;
    for (auto const& [x, y] : points) {
        SG_EXPECT(std::isfinite(x) && std::isfinite(y));
        fit.mean_x += x / fit.count;
        mean_y += y / fit.count;
    }
    for (auto const& [x, y] : points) {
        fit.spread_x += (x - fit.mean_x) * (x - fit.mean_x);
        xy += (x - fit.mean_x) * (y - mean_y);
        yy += (y - mean_y) * (y - mean_y);
    }
    // All x equal up to the rounding of their mean: no slope.
    if (!(fit.spread_x > 1e-24 * fit.mean_x * fit.mean_x)) return fit;
    fit.slope = xy / fit.spread_x;
    fit.intercept = mean_y - fit.slope * fit.mean_x;
    if (yy > 0) fit.correlation = xy / std::sqrt(fit.spread_x * yy);
    if (fit.count > 2) set_intervals(fit, points);
    return fit;
}

std::vector<ConstantFit> fit_constants(std::vector<Shape> const& shapes) {
    std::vector<std::vector<double>> settings;
    for (Shape const& shape : shapes)
        if (std::find(settings.begin(), settings.end(), shape.swept) == settings.end())
            settings.push_back(shape.swept);
    std::vector<ConstantFit> fits;
    for (auto const& setting : settings)
        for (std::size_t k = 0; k < constant_names.size(); ++k) {
            ConstantFit fit{setting, static_cast<Constant>(k), {}, 0, {}};
            for (Shape const& shape : shapes) {
                SeedSummary const& summary = shape.constants[k];
                if (shape.swept != setting || summary.seeds == 0) continue;
                if (*summary.bound == '\0' && std::isfinite(summary.median))
                    fit.points.emplace_back(static_cast<double>(shape.depth) / shape.width,
                                            std::log2(summary.median / 2));
                else
                    ++fit.left_out;
            }
            if (fit.points.empty() && fit.left_out == 0) continue;
            fit.line = fit_line(fit.points);
            fits.push_back(std::move(fit));
        }
    return fits;
}

}  // namespace sg
