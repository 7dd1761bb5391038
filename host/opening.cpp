// SPDX-License-Identifier: MIT
#include "host/opening.hpp"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <optional>
#include <utility>

#include "cuda/exec/error.hpp"

namespace sg {

namespace {

constexpr std::size_t fewest_points = 3;

using Places = std::vector<std::pair<double, double>>;  // (x, y)
using Line = MedianLine::Line;

Line least_squares(Places const& places) {
    if (places.size() < fewest_points) return {};
    double mean_x = 0, mean_y = 0, xx = 0, xy = 0;
    auto const count = static_cast<double>(places.size());
    for (auto const& [x, y] : places) {
        SG_EXPECT(std::isfinite(x) && std::isfinite(y));
        mean_x += x / count;
        mean_y += y / count;
    }
    for (auto const& [x, y] : places) {
        xx += (x - mean_x) * (x - mean_x);
        xy += (x - mean_x) * (y - mean_y);
    }
    // All x equal up to the rounding of their mean: no slope.
    if (!(xx > 1e-24 * mean_x * mean_x)) return {};
    return {xy / xx, mean_y - xy / xx * mean_x};
}

// The seeds of a point, drawn anew.
std::vector<Bounded> drawn(SeedsAt const& point, std::size_t stream, std::uint32_t replicate) {
    std::vector<Bounded> seeds;
    for (std::size_t const k : resampled(point.y.size(), stream, replicate))
        seeds.push_back(point.y[k]);
    return seeds;
}

// What stands for the median in a line, if it may.
std::optional<double> fitted_median(std::span<Bounded const> seeds) {
    if (seeds.empty()) return std::nullopt;
    Bounded const median = quantile(seeds, 0.5);
    if (median.known()) return median.lower;
    if (!(median.upper - median.lower <= MedianLine::narrow)) return std::nullopt;
    return (median.lower + median.upper) / 2;
}

Line drawn_line(std::span<SeedsAt const> points, std::uint32_t replicate) {
    Places places;
    for (std::size_t k = 0; k < points.size(); ++k)
        if (auto const median = fitted_median(drawn(points[k], k, replicate)))
            places.emplace_back(points[k].x, *median);
    return least_squares(places);
}

template <class Get>
Bounded interval_of(std::vector<Line> const& lines, Get get) {
    auto const statistic = [&](std::uint32_t k) { return Bounded{get(lines[k]), get(lines[k])}; };
    return bootstrap_interval(statistic, static_cast<std::uint32_t>(lines.size()));
}

void set_intervals(MedianLine& line, std::span<SeedsAt const> points, std::uint32_t replicates) {
    for (SeedsAt const& point : points)
        if (!point.y.empty() && point.y.size() < bootstrap_fewest) return;
    for (std::uint32_t replicate = 0; replicate < replicates; ++replicate)
        line.drawn.push_back(drawn_line(points, replicate));
    line.slope_interval = interval_of(line.drawn, [](Line const& one) { return one.slope; });
    line.intercept_interval = line.interval_at(0);
}

}  // namespace

Bounded MedianLine::interval_at(double x) const {
    if (drawn.empty()) return {missing, missing};
    return interval_of(drawn, [x](Line const& one) { return one.at(x); });
}

std::string correlation_text(double rank_correlation) {
    return std::isnan(rank_correlation) ? "-" : fmt::format("{:.2f}", rank_correlation);
}

MedianLine fit_medians(std::span<SeedsAt const> points, std::uint32_t replicates) {
    MedianLine line;
    Places places;
    std::vector<double> x, y;
    for (std::size_t k = 0; k < points.size(); ++k) {
        SG_EXPECT(std::isfinite(points[k].x));
        auto const median = fitted_median(points[k].y);
        line.medians.push_back(median.value_or(missing));
        if (!median) {
            line.left_out.push_back(k);
            continue;
        }
        places.emplace_back(points[k].x, *median);
        x.push_back(points[k].x);
        y.push_back(*median);
    }
    line.used = x.size();
    Line const fitted = least_squares(places);
    line.slope = fitted.slope;
    line.intercept = fitted.intercept;
    if (std::isnan(line.slope)) return line;
    line.rank_correlation = rank_correlation(x, y);
    set_intervals(line, points, replicates);
    return line;
}

std::vector<Opening> find_openings(std::vector<Point> const& points, Constant constant) {
    using ShapeKey = std::pair<int, int>;  // depth, width
    std::map<std::vector<double>, std::map<ShapeKey, std::vector<Bounded>>> settings;
    for (Point const& point : points) {
        Bracket const& bracket = point.constants[static_cast<std::size_t>(constant)];
        if (bracket.status == BracketStatus::not_measured) continue;
        Bounded const log2_c = log2_of(bracket);
        settings[point.swept][{point.depth, point.width}].push_back(
            {log2_c.lower - 1, log2_c.upper - 1});
    }
    std::vector<Opening> openings;
    for (auto const& [swept, shapes] : settings) {
        if (shapes.size() < fewest_points) continue;
        std::vector<SeedsAt> at;
        std::vector<ShapeKey> keys;
        for (auto const& [key, seeds] : shapes) {
            keys.push_back(key);
            at.push_back({static_cast<double>(key.first) / key.second, seeds});
        }
        Opening opening{swept, constant, fit_medians(at), {}, {}};
        for (std::size_t k = 0; k < keys.size(); ++k)
            if (std::isfinite(opening.line.medians[k]))
                opening.fitted.push_back({keys[k].first, keys[k].second, opening.line.medians[k]});
        for (std::size_t const k : opening.line.left_out) {
            Bounded const median = quantile(at[k].y, 0.5);
            opening.left_out.push_back({keys[k].first, keys[k].second,
                                        in_c({median.lower + 1, median.upper + 1}),
                                        2 * std::exp2(opening.line.at(at[k].x))});
        }
        openings.push_back(std::move(opening));
    }
    return openings;
}

}  // namespace sg
