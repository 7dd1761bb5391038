// SPDX-License-Identifier: MIT
// c_crit: where the sharpness that a network settles at bends down as c grows.
#pragma once

#include <string_view>
#include <vector>

#include "host/statistics.hpp"
#include "host/trajectory.hpp"

namespace sg {

enum class CritStatus : std::uint8_t { found, at_the_end_of_the_range, too_few_c, no_bend };
inline constexpr std::array<std::string_view, 4> crit_status_names{
    "found", "at the end of the range", "too few c", "no bend"};

// Of one (model, depth, width, other swept keys). y(c) = mean over the seeds of λ_τ/λ_0 at the time
// τ = S/c, linear in τ between measured steps; c_crit is the minimum of y″, which is the curvature
// of a least-squares parabola through its neighbours.
struct CriticalC {
    int depth = 0, width = 0;
    std::vector<double> swept;
    double c_crit = missing;
    CritStatus status = CritStatus::too_few_c;
    // 95 % over the seeds from bootstrap_fewest on; else, from 2 on, the range of the seeds alone.
    double low = missing, high = missing;
    bool bootstrapped = false;
    std::vector<double> c, y;   // those c at which every seed has a value
    std::vector<double> bends;  // y″ there; missing where a parabola does not reach far enough
    int seeds = 0;
    int left_out = 0;  // c at which a seed has none: diverged, collapsed, or S/c beyond its steps
};

// A parabola reaches over as many c to either side, and at least so far: c is dimensionless and
// what happens lies near 2, while the points of a logarithmic grid crowd where c is small.
inline constexpr std::size_t crit_reach = 3;
inline constexpr double crit_half_width = 0.5;

inline constexpr double usual_c_crit_s = 200;

// λ_τ/λ_0 of one network; NaN where it is not known there.
double settled_ratio(Trajectory const& network, double tau);

// y″ at each c, which ascend.
std::vector<double> second_derivative(std::vector<double> const& c, std::vector<double> const& y);

struct Bend {
    double c = missing;
    CritStatus status = CritStatus::too_few_c;
};
// c: ascending. A y that nowhere bends down (y″ ≥ 0 up to rounding) has none.
Bend sharpest_bend(std::vector<double> const& c, std::vector<double> const& y);

// `s` is S. Sorted by depth, width and the swept keys.
std::vector<CriticalC> find_c_crit(std::vector<Trajectory> const& networks, double s);

}  // namespace sg
