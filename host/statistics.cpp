// SPDX-License-Identifier: MIT
#include "host/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "cuda/exec/error.hpp"
#include "cuda/exec/random.hpp"

namespace sg {

namespace {

constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

// The rank of each value, from 0; equal values share the mean of their ranks.
std::vector<double> ranks(std::span<double const> values) {
    std::vector<std::size_t> order(values.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
    std::vector<double> rank(values.size());
    for (std::size_t begin = 0; begin < order.size();) {
        std::size_t end = begin;
        while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
        for (std::size_t k = begin; k < end; ++k)
            rank[order[k]] = static_cast<double>(begin + end - 1) / 2;
        begin = end;
    }
    return rank;
}

}  // namespace

double quantile(std::span<double const> ascending, double part) {
    SG_EXPECT(!ascending.empty());
    SG_EXPECT(part >= 0 && part <= 1);
    double const place = part * static_cast<double>(ascending.size() - 1);
    auto const below = static_cast<std::size_t>(place);
    double const share = place - static_cast<double>(below);
    double const low = ascending[below], high = ascending[share > 0 ? below + 1 : below];
    return low == high ? low : (1 - share) * low + share * high;  // equal: perhaps infinite
}

Bounded quantile(std::span<Bounded const> samples, double part) {
    std::vector<double> lower, upper;
    for (Bounded const& sample : samples) {
        SG_EXPECT(sample.lower <= sample.upper);
        lower.push_back(sample.lower);
        upper.push_back(sample.upper);
    }
    std::sort(lower.begin(), lower.end());
    std::sort(upper.begin(), upper.end());
    return {quantile(lower, part), quantile(upper, part)};
}

std::vector<std::size_t> resampled(std::size_t n, std::uint64_t stream, std::uint32_t replicate) {
    RandomKey const key{stream, Purpose::bootstrap, 0, replicate};
    std::vector<std::size_t> drawn(n);
    RandomBits bits{};
    for (std::size_t k = 0; k < n; ++k) {
        if (k % 4 == 0) bits = random_bits(key, k / 4);
        // The high part of word · n: uneven by less than n / 2^32.
        drawn[k] = static_cast<std::size_t>(std::uint64_t{bits.word[k % 4]} * n >> 32);
    }
    return drawn;
}

Bounded bootstrap_interval(std::function<Bounded(std::uint32_t)> const& statistic,
                           std::uint32_t replicates) {
    SG_EXPECT(replicates > 0);
    std::vector<double> lower, upper;
    for (std::uint32_t replicate = 0; replicate < replicates; ++replicate) {
        Bounded const value = statistic(replicate);
        if (std::isnan(value.lower) || std::isnan(value.upper)) continue;
        lower.push_back(value.lower);
        upper.push_back(value.upper);
    }
    if (lower.size() < 0.9 * replicates) return {nothing, nothing};
    std::sort(lower.begin(), lower.end());
    std::sort(upper.begin(), upper.end());
    return {quantile(lower, 0.025), quantile(upper, 0.975)};
}

Bounded quantile_interval(std::span<Bounded const> samples, double part, std::uint64_t stream,
                          std::uint32_t replicates) {
    std::vector<Bounded> drawn;
    return bootstrap_interval(
        [&](std::uint32_t replicate) {
            drawn.clear();
            for (std::size_t const k : resampled(samples.size(), stream, replicate))
                drawn.push_back(samples[k]);
            return quantile(drawn, part);
        },
        replicates);
}

double rank_correlation(std::span<double const> x, std::span<double const> y) {
    SG_EXPECT(x.size() == y.size());
    auto const rank_x = ranks(x), rank_y = ranks(y);
    double const mean = (static_cast<double>(x.size()) - 1) / 2;
    double xx = 0, yy = 0, xy = 0;
    for (std::size_t k = 0; k < rank_x.size(); ++k) {
        xx += (rank_x[k] - mean) * (rank_x[k] - mean);
        yy += (rank_y[k] - mean) * (rank_y[k] - mean);
        xy += (rank_x[k] - mean) * (rank_y[k] - mean);
    }
    return xx > 0 && yy > 0 ? xy / std::sqrt(xx * yy) : nothing;
}

}  // namespace sg
