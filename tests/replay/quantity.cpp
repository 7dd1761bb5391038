// SPDX-License-Identifier: MIT
#include "tests/replay/quantity.hpp"

#include <algorithm>
#include <utility>

namespace sg::replay {
namespace {

double ratio(Comparison const& c) {
    if (c.difference == 0) return 0;
    double const infinity = std::numeric_limits<double>::infinity();
    return c.tolerance > 0 ? c.difference / c.tolerance : infinity;
}

}  // namespace

bool Quantity::passes() const { return !worst.exceeds() && crossed_one_in * crossed <= compared; }

// In double `above_strict` stays zero, so that nothing is loosened.
Quantity summarise(std::string name, std::vector<Comparison> comparisons, Precision precision) {
    Quantity q{std::move(name), {}, 0, 0, 0};
    auto const strays = [&](Comparison const& one) {
        return precision == Precision::single && !one.crossed && one.tolerance == float_strict &&
               one.exceeds();
    };
    q.compared = static_cast<std::int64_t>(comparisons.size());
    q.above_strict = std::count_if(comparisons.begin(), comparisons.end(), strays);
    q.crossed = std::count_if(comparisons.begin(), comparisons.end(),
                              [](Comparison const& one) { return one.crossed; });
    double const plain = static_cast<double>(q.compared - q.crossed);
    auto const most = static_cast<std::int64_t>(float_share * plain);
    bool first = true;
    for (Comparison one : comparisons) {
        if (one.crossed) one.tolerance = std::max(one.tolerance, float_crossed);
        if (strays(one) && q.above_strict <= most) one.tolerance = float_loose;
        if (first || ratio(one) > ratio(q.worst)) q.worst = one;
        first = false;
    }
    return q;
}

}  // namespace sg::replay
