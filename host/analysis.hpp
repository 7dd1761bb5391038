// SPDX-License-Identifier: MIT
// Critical constants from trajectories on a grid of c (arXiv 2302.12250; DESIGN, section 6).
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include "host/statistics.hpp"
#include "host/trajectory.hpp"

namespace sg {

enum class Constant : std::uint8_t { c_loss, c_sharp, c_barrier, c_max };
inline constexpr std::array<std::string_view, 4> constant_names{"c_loss", "c_sharp", "c_barrier",
                                                                "c_max"};

enum class BracketStatus : std::int8_t {
    found,
    below_range,
    none_below_c_max,
    above_range,
    not_monotone,
    not_measured
};
inline constexpr std::array<std::string_view, 6> bracket_status_names{
    "found", "below range", "none below c_max", "above range", "not monotone", "not measured"};

// low and high in c (not its logarithm); an open side is NaN.
struct Bracket {
    double low = missing;
    double high = missing;
    BracketStatus status = BracketStatus::not_measured;
    bool rests_on_collapsed = false;  // the network at low or at high collapsed
};

// What one trajectory says of each criterion; `unknown`: what decides it was not measured.
enum class Answer : std::uint8_t { no, yes, unknown };
struct Verdict {
    double c = missing;
    bool collapsed = false;
    std::array<Answer, 4> meets{};  // in the order of Constant
};

// `margin`: ε of c_sharp.
Verdict verdict_of(Trajectory const& network, double margin);

// The brackets of one point.   verdicts: ascending in c
std::array<Bracket, 4> constants_of(std::vector<Verdict> const& verdicts);

// One (model, depth, width, seed, other swept keys).
struct Point {
    int depth = 0;
    int width = 0;
    std::uint64_t seed = 0;
    std::vector<double> swept;
    double sharpness_0 = missing;
    std::array<Bracket, 4> constants;  // in the order of Constant
    int networks = 0;
    int collapsed = 0;
    int diverged = 0;
};

// Of one constant over seeds, in c. Missing where the seeds bound it from neither side.
struct Quantile {
    double value = missing;
    char const* bound = "";  // "", ">" or "<": it is only known to lie above or below the value
    double other = missing;  // with ">" it may be known to lie below this, too
};

// Over the seeds of one (model, depth, width, other swept keys): a quantile of log2 c where it
// falls on found brackets (midpoint of log2), else a bound.
struct SeedSummary {
    double median = missing;                  // in c
    char const* bound = "";                   // as in Quantile
    double median_other = missing;            // as in Quantile
    Quantile lower_quartile, upper_quartile;  // with fewer than 3 seeds missing
    // 95 % bootstrap interval of the median from 5 seeds on, else the range of the seeds; a side
    // that no seed bounds is missing.
    double interval_low = missing, interval_high = missing;
    bool bootstrapped = false;
    double mean = missing;  // 2 to the mean of log2 c, where no seed is censored
    double low = missing;   // smallest and largest finite side over the seeds
    double high = missing;
    int found = 0;
    std::array<int, bracket_status_names.size()> statuses{};  // how many seeds have each
    int on_collapsed = 0;  // seeds whose bracket rests on a collapsed network
    int seeds = 0;         // without those that were not measured

    int count(BracketStatus status) const { return statuses[static_cast<std::size_t>(status)]; }
};
struct Shape {
    int depth = 0;
    int width = 0;
    std::vector<double> swept;
    std::array<SeedSummary, 4> constants;
};

// `margin`: ε of c_sharp, one per trajectory's variant (0, or 0.05 for a zero last layer).
// Trajectories may come in any order; those that are pending or stopped are left out. Points are
// sorted by depth, width, seed and the swept keys.
std::vector<Point> find_constants(std::vector<Trajectory> const& trajectories,
                                  std::vector<double> const& margins);
// Shapes are sorted by depth, width and the swept keys. A constant that was not measured for a seed
// is left out; a median that hangs on an open side is a bound.
std::vector<Shape> summarise(std::vector<Point> const& points);

// log2 of c for one seed; the midpoint of a bracket that has both sides.
Bounded log2_of(Bracket const& bracket);
Quantile in_c(Bounded const& log2_c);

// Regions of the phase diagram.
enum class Region : std::uint8_t {
    below_2,
    sharpness_reduction,
    loss_catapult,
    sharpness_catapult,
    loss_and_sharpness_catapult,
    divergent
};
inline constexpr std::array<std::string_view, 6> region_names{"below 2",
                                                              "sharpness reduction",
                                                              "loss catapult",
                                                              "sharpness catapult",
                                                              "loss and sharpness catapult",
                                                              "divergent"};

// Where the networks of one point stand, by c. A search measures λ of few: of the others the
// nearest ones that were measured say whether it rose; between two that differ a network is left
// out.   verdicts: ascending in c
std::map<double, Region> regions_of(std::vector<Verdict> const& verdicts);

}  // namespace sg
