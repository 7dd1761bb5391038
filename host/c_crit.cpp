// SPDX-License-Identifier: MIT
#include "host/c_crit.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <tuple>

#include "cuda/exec/error.hpp"

namespace sg {

namespace {

// The points of the parabola at c[k]; none where the range does not reach far enough.
struct Window {
    std::size_t begin = 0, end = 0;
};

Window window_of(std::vector<double> const& c, std::size_t k) {
    constexpr double tolerance = 1e-9;
    double const low = c[k] - crit_half_width, high = c[k] + crit_half_width;
    if (low < c.front() - tolerance || high > c.back() + tolerance) return {};
    Window window{k - crit_reach, k + crit_reach + 1};
    while (window.begin > 0 && c[window.begin - 1] >= low - tolerance) --window.begin;
    while (window.end < c.size() && c[window.end] <= high + tolerance) ++window.end;
    return window;
}

// Twice the leading coefficient of the parabola through n points by least squares. Orthogonal
// polynomials of the points: no ill-conditioned system.
double curvature(double const* x, double const* y, std::size_t n) {
    SG_EXPECT(n > 3 && x[0] < x[n - 1]);
    double const count = static_cast<double>(n);
    double mean = 0;
    for (std::size_t k = 0; k < n; ++k) mean += x[k] / count;
    double square = 0, cube = 0;
    for (std::size_t k = 0; k < n; ++k) {
        double const u = x[k] - mean;
        square += u * u;
        cube += u * u * u;
    }
    double qq = 0, qy = 0;
    for (std::size_t k = 0; k < n; ++k) {
        double const u = x[k] - mean;
        double const q = u * u - cube / square * u - square / count;
        qq += q * q;
        qy += q * y[k];
    }
    return 2 * qy / qq;
}

// The minimum of the parabola through three points, the middle one the lowest.
double vertex(double const* x, double const* y) {
    double const left = (y[1] - y[0]) / (x[1] - x[0]), right = (y[2] - y[1]) / (x[2] - x[1]);
    double const bend = right - left;
    if (!(bend > 0)) return x[1];
    double const at = (x[0] + x[1]) / 2 - left * (x[2] - x[0]) / (2 * bend);
    return std::clamp(at, x[0], x[2]);
}

using Curve = std::vector<double>;  // λ_τ/λ_0 of one seed, one for each c

// The curves of one shape, at the c where all seeds have a value.
struct Curves {
    std::vector<double> c;
    std::vector<Curve> seeds;
    int left_out = 0;
};

using Networks = std::map<std::uint64_t, std::map<double, Trajectory const*>>;  // by seed and c

Curves curves_of(Networks const& networks, double s) {
    Curves curves;
    curves.seeds.resize(networks.size());
    std::map<double, Curve> by_c;
    for (auto const& [seed, row] : networks)
        for (auto const& [c, network] : row) by_c[c].push_back(settled_ratio(*network, s / c));
    for (auto const& [c, ratios] : by_c) {
        bool const all = ratios.size() == networks.size() &&
                         std::none_of(ratios.begin(), ratios.end(),
                                      [](double ratio) { return std::isnan(ratio); });
        curves.left_out += !all;
        if (!all) continue;
        curves.c.push_back(c);
        for (std::size_t k = 0; k < ratios.size(); ++k) curves.seeds[k].push_back(ratios[k]);
    }
    return curves;
}

// The mean of these seeds' curves.
Curve mean_of(Curves const& curves, std::vector<std::size_t> const& seeds) {
    SG_EXPECT(!seeds.empty());
    Curve mean(curves.c.size());
    for (std::size_t const seed : seeds)
        for (std::size_t k = 0; k < mean.size(); ++k)
            mean[k] += curves.seeds[seed][k] / static_cast<double>(seeds.size());
    return mean;
}

void set_interval(CriticalC& result, Curves const& curves, std::uint64_t stream) {
    std::size_t const seeds = curves.seeds.size();
    result.bootstrapped = seeds >= bootstrap_fewest;
    if (result.bootstrapped) {
        Bounded const interval = bootstrap_interval([&](std::uint32_t replicate) {
            Bend const bend =
                sharpest_bend(curves.c, mean_of(curves, resampled(seeds, stream, replicate)));
            return Bounded{bend.c, bend.c};
        });
        result.low = interval.lower;
        result.high = interval.upper;
    } else if (seeds > 1) {
        for (Curve const& curve : curves.seeds) {
            double const c = sharpest_bend(curves.c, curve).c;
            result.low = std::fmin(result.low, c);
            result.high = std::fmax(result.high, c);
        }
    }
}

}  // namespace

double settled_ratio(Trajectory const& network, double tau) {
    auto const& lambda = network.sharpness;
    bool const held = network.status == RunStatus::finished;
    if (!held || lambda.empty() || !(lambda[0] > 0) || !(tau >= 0)) return missing;
    std::size_t before = 0;
    for (std::size_t t = 0; t < lambda.size(); ++t) {
        if (std::isnan(lambda[t])) continue;
        auto const time = static_cast<double>(t), begin = static_cast<double>(before);
        if (time == tau) return lambda[t] / lambda[0];
        if (time > tau) {
            double const share = (tau - begin) / (time - begin);
            return ((1 - share) * lambda[before] + share * lambda[t]) / lambda[0];
        }
        before = t;
    }
    return missing;
}

std::vector<double> second_derivative(std::vector<double> const& c, std::vector<double> const& y) {
    SG_EXPECT(c.size() == y.size());
    SG_EXPECT(std::is_sorted(c.begin(), c.end()));
    std::vector<double> bends(c.size(), missing);
    for (std::size_t k = crit_reach; k + crit_reach < c.size(); ++k) {
        Window const window = window_of(c, k);
        if (window.end == 0) continue;
        bends[k] = curvature(&c[window.begin], &y[window.begin], window.end - window.begin);
    }
    return bends;
}

Bend sharpest_bend(std::vector<double> const& c, std::vector<double> const& y) {
    auto const bends = second_derivative(c, y);
    std::vector<double> at, bend;
    for (std::size_t k = 0; k < c.size(); ++k) {
        if (std::isnan(bends[k])) continue;
        at.push_back(c[k]);
        bend.push_back(bends[k]);
    }
    if (at.size() < 3) return {};
    auto const lowest = std::min_element(bend.begin(), bend.end());
    auto const k = static_cast<std::size_t>(lowest - bend.begin());
    double largest = 0;
    for (double const value : y) largest = std::max(largest, std::fabs(value));
    double const span = c.back() - c.front();
    if (!(*lowest < -1e-9 * largest / (span * span))) return {missing, CritStatus::no_bend};
    if (k == 0 || k + 1 == bend.size()) return {at[k], CritStatus::at_the_end_of_the_range};
    return {vertex(&at[k - 1], &bend[k - 1]), CritStatus::found};
}

std::vector<CriticalC> find_c_crit(std::vector<Trajectory> const& networks, double s) {
    SG_EXPECT(s > 0);
    using Key = std::tuple<int, int, std::vector<double>>;
    std::map<Key, Networks> shapes;
    for (Trajectory const& network : networks) {
        if (network.status == RunStatus::pending || network.status == RunStatus::stopped) continue;
        Key const key{network.depth, network.width, network.swept};
        shapes[key][network.seed][network.c] = &network;
    }
    std::vector<CriticalC> found;
    for (auto const& [key, seeds] : shapes) {
        Curves const curves = curves_of(seeds, s);
        CriticalC result;
        std::tie(result.depth, result.width, result.swept) = key;
        result.seeds = static_cast<int>(seeds.size());
        result.left_out = curves.left_out;
        result.c = curves.c;
        std::vector<std::size_t> everyone(seeds.size());
        std::iota(everyone.begin(), everyone.end(), std::size_t{0});
        result.y = mean_of(curves, everyone);
        result.bends = second_derivative(result.c, result.y);
        Bend const bend = sharpest_bend(result.c, result.y);
        result.c_crit = bend.c;
        result.status = bend.status;
        auto const stream = static_cast<std::uint64_t>(result.depth) << 32 |
                            static_cast<std::uint64_t>(result.width) << 8 | 255;
        if (!std::isnan(bend.c)) set_interval(result, curves, stream);
        found.push_back(std::move(result));
    }
    return found;
}

}  // namespace sg
