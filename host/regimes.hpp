// SPDX-License-Identifier: MIT
// The regimes of a long run, from the sharpness of its trajectory (arXiv 2302.12250): early
// transient, intermediate saturation, progressive sharpening, edge of stability.
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "host/trajectory.hpp"

namespace sg {

enum class Regime : std::uint8_t {
    early_transient,
    intermediate_saturation,
    progressive_sharpening,
    edge_of_stability
};
inline constexpr std::array<std::string_view, 4> regime_names{
    "early transient", "intermediate saturation", "progressive sharpening", "edge of stability"};

// A stretch of a run, with what it rests on. λ is the median over a tenth of a decade of steps.
struct RegimeSpan {
    Regime regime = Regime::early_transient;
    int first = 0, last = 0;    // steps; a regime begins where the one before it ends
    double at_first = missing;  // λη there
    double at_last = missing;
    double slope = missing;      // of ln λ per decade of steps, by least squares
    double from_edge = missing;  // median of λη minus 2(1 + β)
};

// One network of a run of at least fewest_steps. Regimes that it did not show are not there; steps
// that belong to none (λ falls again after it rose) are in no span.
struct NetworkRegimes {
    std::size_t row = 0;  // among the rows
    int depth = 0, width = 0;
    std::uint64_t seed = 0;
    std::vector<double> swept;
    double c = missing;
    double edge = 2;  // 2(1 + β), where gradient descent with momentum β becomes unstable
    int steps = 0;
    int measured = 0;               // finite, positive λ
    std::vector<RegimeSpan> spans;  // empty: diverged, collapsed, or fewer than fewest_measured
    // Of λη over the last fifth of the steps, as measured.
    double late_low = missing, late_median = missing, late_high = missing;
};

inline constexpr int fewest_steps = 200;
inline constexpr int fewest_measured = 20;

// The rules, on ln λ in bins of a tenth of a decade of steps, each with its median:
// - edge of stability: the last stretch of bins within 0.95 and 1.2 times the edge that has 3 bins,
//   grows by half in steps, and does not end before step 100; a single bin outside does not end it;
// - early transient: up to the first bin after which λ falls by no more than 18 % in a decade;
// - intermediate saturation: from there to the last bin before λ stays 10 % above its smallest
//   value, for a decade or to the edge, where the steps grow by half until then;
// - progressive sharpening: from there to the edge, or to its largest λ.
// λ may be missing at any step; `momentum` is β.
NetworkRegimes find_regimes(Trajectory const& network, double momentum);

// Of every network that finished, in the order of the rows; none where the run is too short.
// momenta: one per row.
std::vector<NetworkRegimes> find_regimes(std::vector<Trajectory> const& networks,
                                         std::vector<double> const& momenta);

}  // namespace sg
