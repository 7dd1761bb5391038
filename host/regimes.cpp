// SPDX-License-Identifier: MIT
#include "host/regimes.hpp"

#include <algorithm>
#include <cmath>

#include "cuda/exec/error.hpp"
#include "host/statistics.hpp"

namespace sg {

namespace {

constexpr double bins_per_decade = 10;
constexpr double fall = 0.2;  // of ln λ: what a settled λ does not fall by
constexpr double rise = 0.1;  // of ln λ: what sharpening adds to the plateau
constexpr double edge_low = 0.95, edge_high = 1.2;
constexpr int edge_bins = 3;
constexpr double growth = 1.5;    // of the steps: the least of a saturation and of an edge
constexpr int early_steps = 100;  // a transient may pass the edge slowly

// Measurements within a tenth of a decade of steps.
struct Bin {
    int step;    // of the first
    double log;  // median of ln(λη)
};
using Bins = std::vector<Bin>;

double median(std::vector<double>& values) {
    std::sort(values.begin(), values.end());
    return quantile(values, 0.5);
}

bool counts(double lambda) { return std::isfinite(lambda) && lambda > 0; }

int bin_of(int step) {
    return step == 0 ? -1 : static_cast<int>(std::floor(bins_per_decade * std::log10(step) + 1e-9));
}

Bins bins_of(Trajectory const& network) {
    Bins bins;
    std::vector<double> logs;
    auto const& lambda = network.sharpness;
    auto const close = [&] {
        if (!logs.empty()) bins.back().log = median(logs);
        logs.clear();
    };
    int last = -2;
    for (int t = 0; t < static_cast<int>(lambda.size()); ++t) {
        double const value = lambda[static_cast<std::size_t>(t)];
        if (!counts(value)) continue;
        if (bin_of(t) != last) {
            close();
            bins.push_back({t, missing});
            last = bin_of(t);
        }
        logs.push_back(std::log(value * network.learning_rate));
    }
    close();
    return bins;
}

// Half-open ranges of bins.
struct Range {
    std::size_t begin, end;
    bool empty() const { return begin == end; }
};

// The last stretch near the edge; empty at the end where there is none.
Range edge_of(Bins const& bins, double edge) {
    auto const within = [&](std::size_t k) {
        return bins[k].log >= std::log(edge_low * edge) &&
               bins[k].log <= std::log(edge_high * edge);
    };
    Range found{bins.size(), bins.size()};
    for (std::size_t begin = 0; begin < bins.size(); ++begin) {
        if (!within(begin)) continue;
        std::size_t last = begin;
        for (std::size_t k = begin + 1; k < bins.size() && k <= last + 2; ++k)
            if (within(k)) last = k;
        bool const grows = bins[last].step >= growth * bins[begin].step;
        if (last - begin + 1 >= edge_bins && grows && bins[last].step > early_steps)
            found = {begin, last + 1};
        begin = last;
    }
    return found;
}

// The bins of the decade after bin b, itself included, before `end`.
Range decade_after(Bins const& bins, std::size_t b, std::size_t end) {
    SG_EXPECT(b < end && end <= bins.size());
    double const limit = 10.0 * std::max(bins[b].step, 10);
    std::size_t k = b;
    while (k < end && bins[k].step <= limit) ++k;
    return {b, k};
}

bool falls(Bins const& bins, Range range) {
    double highest = bins[range.begin].log;
    for (std::size_t k = range.begin; k < range.end; ++k) {
        highest = std::max(highest, bins[k].log);
        if (bins[k].log < highest - fall) return true;
    }
    return false;
}

// The first bin that is settled; `end` where λ falls until then, or there is too little after it to
// tell.
std::size_t settled(Bins const& bins, std::size_t end) {
    for (std::size_t b = 0; b < end; ++b) {
        if (falls(bins, decade_after(bins, b, end))) continue;
        bool const long_enough = end < bins.size() || bins.back().step >= 2 * bins[b].step;
        return long_enough ? b : end;
    }
    return end;
}

// The last bin before λ stays above its plateau, which begins at `begin`; the last one where it
// does not.
std::size_t plateau_end(Bins const& bins, std::size_t begin, std::size_t end) {
    Range const decade = decade_after(bins, begin, end);
    double level = bins[begin].log;
    for (std::size_t k = decade.begin; k < decade.end; ++k) level = std::min(level, bins[k].log);
    for (std::size_t b = begin + 1; b < end; ++b) {
        Range const after = decade_after(bins, b, end);
        bool const reaches_edge = after.end == end && end < bins.size();
        if (!reaches_edge && after.end - after.begin < edge_bins) break;  // noise would do
        bool above = true;
        for (std::size_t k = after.begin; k < after.end; ++k) above &= bins[k].log > level + rise;
        if (above) return b - 1;
    }
    return end - 1;
}

double slope_of(Bins const& bins, std::size_t first, std::size_t last) {
    SG_EXPECT(first <= last && last < bins.size());
    double n = 0, x = 0, y = 0, xx = 0, xy = 0;
    for (std::size_t k = first; k <= last; ++k) {
        if (bins[k].step == 0) continue;
        double const decade = std::log10(bins[k].step);
        ++n;
        x += decade;
        y += bins[k].log;
        xx += decade * decade;
        xy += decade * bins[k].log;
    }
    return n > 1 ? (n * xy - x * y) / (n * xx - x * x) : missing;
}

// The span from one bin to another. A last bin stands for its steps to the end of the run.
RegimeSpan span_of(Bins const& bins, Regime regime, std::size_t first, std::size_t last,
                   NetworkRegimes const& network) {
    std::vector<double> logs;
    for (std::size_t k = first; k <= last; ++k) logs.push_back(bins[k].log);
    RegimeSpan span;
    span.regime = regime;
    span.first = bins[first].step;
    span.last = bins[last].step;
    if (last + 1 == bins.size()) span.last = network.steps;
    span.at_first = std::exp(bins[first].log);
    span.at_last = std::exp(bins[last].log);
    span.slope = slope_of(bins, first, last);
    span.from_edge = std::exp(median(logs)) - network.edge;
    return span;
}

void set_spans(NetworkRegimes& network, Bins const& bins) {
    auto const add = [&](Regime regime, std::size_t first, std::size_t last) {
        if (first < last) network.spans.push_back(span_of(bins, regime, first, last, network));
    };
    SG_EXPECT(!bins.empty());
    Range const edge = edge_of(bins, network.edge);
    std::size_t const end = edge.begin;
    std::size_t const last = edge.empty() ? bins.size() - 1 : edge.begin;
    std::size_t const start = settled(bins, end);
    add(Regime::early_transient, 0, std::min(start, last));
    if (start < end) {
        std::size_t flat = plateau_end(bins, start, end);
        if (bins[flat].step < growth * bins[start].step) flat = start;
        add(Regime::intermediate_saturation, start, flat);
        // λ that falls again after it rose belongs to no regime.
        std::size_t top = flat;
        for (std::size_t k = flat; k < end; ++k)
            if (bins[k].log >= bins[top].log) top = k;
        bool const falls_again = end == bins.size() && bins.back().log < bins[top].log - fall;
        if (flat + 1 < bins.size())
            add(Regime::progressive_sharpening, flat, falls_again ? top : last);
    }
    if (!edge.empty()) add(Regime::edge_of_stability, edge.begin, edge.end - 1);
}

void set_late(NetworkRegimes& result, Trajectory const& network) {
    std::vector<double> late;
    for (int t = result.steps - result.steps / 5; t <= result.steps; ++t) {
        double const lambda = network.sharpness[static_cast<std::size_t>(t)];
        if (counts(lambda)) late.push_back(lambda * network.learning_rate);
    }
    if (late.empty()) return;
    result.late_median = median(late);  // sorts
    result.late_low = late.front();
    result.late_high = late.back();
}

}  // namespace

NetworkRegimes find_regimes(Trajectory const& network, double momentum) {
    SG_EXPECT(momentum >= 0 && momentum < 1);
    NetworkRegimes result;
    result.depth = network.depth;
    result.width = network.width;
    result.seed = network.seed;
    result.swept = network.swept;
    result.c = network.c;
    result.edge = 2 * (1 + momentum);
    result.steps = std::max(0, static_cast<int>(network.sharpness.size()) - 1);
    result.measured =
        static_cast<int>(std::count_if(network.sharpness.begin(), network.sharpness.end(), counts));
    bool const whole = network.status == RunStatus::finished && network.learning_rate > 0;
    if (!whole || result.steps < fewest_steps || result.measured < fewest_measured) return result;
    set_spans(result, bins_of(network));
    set_late(result, network);
    return result;
}

std::vector<NetworkRegimes> find_regimes(std::vector<Trajectory> const& networks,
                                         std::vector<double> const& momenta) {
    SG_EXPECT(networks.size() == momenta.size());
    std::vector<NetworkRegimes> found;
    for (std::size_t k = 0; k < networks.size(); ++k) {
        NetworkRegimes network = find_regimes(networks[k], momenta[k]);
        network.row = k;
        if (!network.spans.empty()) found.push_back(std::move(network));
    }
    return found;
}

}  // namespace sg
