// SPDX-License-Identifier: MIT
#include "host/analysis.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <tuple>

#include "cuda/exec/error.hpp"

namespace sg {

namespace {

// Whether max over t ≥ 1 of values_t exceeds values_0 · factor; entries that are NaN do not count.
Answer rises(std::vector<double> const& values, double first, double factor) {
    Answer answer = Answer::unknown;
    for (std::size_t t = 1; t < values.size(); ++t) {
        if (std::isnan(values[t])) continue;
        if (values[t] > first * factor) return Answer::yes;
        answer = Answer::no;
    }
    return std::isnan(first) ? Answer::unknown : answer;
}

Answer loss_rises(Trajectory const& network) {
    return network.loss.empty() ? Answer::unknown : rises(network.loss, network.loss.front(), 1);
}

// λ_0 of the trajectory itself; it is the shared one wherever step 0 was not measured again.
Answer sharpness_rises(Trajectory const& network, double margin) {
    auto const& lambda = network.sharpness;
    bool const measured = !lambda.empty() && !std::isnan(lambda.front());
    return rises(lambda, measured ? lambda.front() : network.sharpness_0, 1 + margin);
}

Answer meets(Constant constant, Trajectory const& network, double margin) {
    switch (constant) {
        case Constant::c_loss:
            return loss_rises(network);
        case Constant::c_sharp:
            return sharpness_rises(network, margin);
        case Constant::c_barrier:
            if (std::isnan(network.barrier_ratio)) return Answer::unknown;
            return network.barrier_ratio > 1 ? Answer::yes : Answer::no;
        case Constant::c_max:
            return network.status == RunStatus::diverged ? Answer::yes : Answer::no;
    }
    return Answer::unknown;
}

Answer answer(Verdict const& verdict, Constant constant) {
    return verdict.meets[static_cast<std::size_t>(constant)];
}

// samples: ascending in c, all of which tell. `none` is the status where no sample meets the criterion.
Bracket bracket(std::vector<Verdict> const& samples, Constant constant, BracketStatus none) {
    if (samples.empty()) return {};
    auto const meet = [&](Verdict const& sample) { return answer(sample, constant) == Answer::yes; };
    auto const first = std::find_if(samples.begin(), samples.end(), meet);
    Bracket result;
    if (first != samples.begin()) {
        result.low = std::prev(first)->c;
        result.rests_on_collapsed = std::prev(first)->collapsed;
    }
    if (first == samples.end()) {
        result.status = none;
        return result;
    }
    result.high = first->c;
    result.rests_on_collapsed = result.rests_on_collapsed || first->collapsed;
    if (first == samples.begin())
        result.status = BracketStatus::below_range;
    else
        result.status = std::all_of(first, samples.end(), meet) ? BracketStatus::found
                                                                : BracketStatus::not_monotone;
    return result;
}

using Member = std::pair<Trajectory const*, double>;  // a network and its ε of c_sharp

// Only those up to `most`, and only those that tell.
std::vector<Verdict> samples_of(Constant constant, std::vector<Verdict> const& verdicts,
                                double most) {
    std::vector<Verdict> samples;
    for (Verdict const& verdict : verdicts)
        if (verdict.c <= most && answer(verdict, constant) != Answer::unknown)
            samples.push_back(verdict);
    return samples;
}

Point point_of(std::vector<Member> const& members) {
    Trajectory const& first = *members.front().first;
    Point point{first.depth, first.width, first.seed, first.swept, first.sharpness_0, {}, 0, 0, 0};
    for (auto const& [network, margin] : members) {
        ++point.networks;
        point.collapsed += network->status == RunStatus::collapsed;
        point.diverged += network->status == RunStatus::diverged;
    }
    std::vector<Verdict> verdicts;
    for (auto const& [network, margin] : members) verdicts.push_back(verdict_of(*network, margin));
    point.constants = constants_of(verdicts);
    return point;
}

// log2 of c for one seed; equal sides where it is known, else an infinite one.
struct Place {
    double lower, upper;
};

Place place_of(Bracket const& bracket) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    double const low = std::isnan(bracket.low) ? -infinity : std::log2(bracket.low);
    double const high = std::isnan(bracket.high) ? infinity : std::log2(bracket.high);
    if (std::isfinite(low) && std::isfinite(high)) return {(low + high) / 2, (low + high) / 2};
    return {low, high};
}

// Between the two nearest of the ascending values, in proportion; infinite where one of them is.
double quantile_of(std::vector<double> const& values, double part) {
    SG_EXPECT(!values.empty() && 0 <= part && part <= 1);
    double const place = part * static_cast<double>(values.size() - 1);
    auto const below = static_cast<std::size_t>(place);
    double const share = place - static_cast<double>(below);
    double const low = values[below], high = values[share > 0 ? below + 1 : below];
    return low == high ? low : (1 - share) * low + share * high;
}

// The quantile lies between that of the lower and that of the upper places; they are equal unless
// it falls among the censored ones.
Quantile quantile_of(std::vector<Place> const& places, double part) {
    std::vector<double> lower, upper;
    for (Place const& place : places) {
        lower.push_back(place.lower);
        upper.push_back(place.upper);
    }
    std::sort(lower.begin(), lower.end());
    std::sort(upper.begin(), upper.end());
    double const least = quantile_of(lower, part), most = quantile_of(upper, part);
    if (least == most) return {std::exp2(least), ""};
    if (std::isfinite(least)) return {std::exp2(least), ">"};
    if (std::isfinite(most)) return {std::exp2(most), "<"};
    return {};
}

void set_quantiles(SeedSummary& summary, std::vector<Place> const& places) {
    constexpr std::size_t fewest = 3;  // quartiles of fewer would be the range again
    Quantile const median = quantile_of(places, 0.5);
    summary.median = median.value;
    summary.bound = median.bound;
    if (places.size() < fewest) return;
    summary.lower_quartile = quantile_of(places, 0.25);
    summary.upper_quartile = quantile_of(places, 0.75);
}

// NaN gives way to any number.
void widen(SeedSummary& summary, double side) {
    summary.low = std::fmin(summary.low, side);
    summary.high = std::fmax(summary.high, side);
}

SeedSummary summary_of(std::vector<Point const*> const& seeds, std::size_t constant) {
    SeedSummary summary;
    std::vector<Place> places;
    for (Point const* point : seeds) {
        Bracket const& bracket = point->constants[constant];
        if (bracket.status == BracketStatus::not_measured) continue;
        ++summary.seeds;
        summary.found += !std::isnan(bracket.low) && !std::isnan(bracket.high);
        widen(summary, bracket.low);
        widen(summary, bracket.high);
        places.push_back(place_of(bracket));
    }
    if (!places.empty()) set_quantiles(summary, places);
    return summary;
}

// Calls `use` with each run of neighbours that `same` holds together.
template <class T, class Same, class Use>
void for_groups(std::vector<T> const& sorted, Same same, Use use) {
    for (auto begin = sorted.begin(); begin != sorted.end();) {
        auto const end = std::find_if_not(begin, sorted.end(),
                                          [&](T const& other) { return same(*begin, other); });
        use(std::vector<T>(begin, end));
        begin = end;
    }
}

}  // namespace

Verdict verdict_of(Trajectory const& network, double margin) {
    Verdict verdict{network.c, network.status == RunStatus::collapsed, {}};
    for (std::size_t k = 0; k < verdict.meets.size(); ++k)
        verdict.meets[k] = meets(static_cast<Constant>(k), network, margin);
    return verdict;
}

std::array<Bracket, 4> constants_of(std::vector<Verdict> const& verdicts) {
    constexpr double everything = std::numeric_limits<double>::infinity();
    auto const find = [&](Constant constant, double most, BracketStatus none) {
        return bracket(samples_of(constant, verdicts, most), constant, none);
    };
    Bracket const c_max = find(Constant::c_max, everything, BracketStatus::above_range);
    bool const diverges = c_max.status != BracketStatus::above_range;
    auto const none = diverges ? BracketStatus::none_below_c_max : BracketStatus::above_range;

    std::array<Bracket, 4> result;
    for (Constant const constant : {Constant::c_loss, Constant::c_sharp, Constant::c_barrier}) {
        Bracket& found = result[static_cast<std::size_t>(constant)];
        found = find(constant, c_max.low, none);
        // Nothing held, so there is nothing below c_max. A barrier nobody asked for stays
        // unmeasured.
        if (std::isnan(c_max.low) && (constant != Constant::c_barrier ||
                                      !samples_of(constant, verdicts, everything).empty()))
            found.status = BracketStatus::none_below_c_max;
    }
    result[static_cast<std::size_t>(Constant::c_max)] = c_max;
    return result;
}

std::vector<Point> find_constants(std::vector<Trajectory> const& trajectories,
                                  std::vector<double> const& margins) {
    SG_EXPECT(trajectories.size() == margins.size());
    std::vector<Member> members;
    for (std::size_t k = 0; k < trajectories.size(); ++k) {
        RunStatus const status = trajectories[k].status;
        if (status != RunStatus::pending && status != RunStatus::stopped)
            members.emplace_back(&trajectories[k], margins[k]);
    }
    auto const key = [](Member const& m) {
        return std::tie(m.first->depth, m.first->width, m.first->seed, m.first->swept);
    };
    std::sort(members.begin(), members.end(), [&](Member const& a, Member const& b) {
        return key(a) != key(b) ? key(a) < key(b) : a.first->c < b.first->c;
    });
    std::vector<Point> points;
    for_groups(
        members, [&](Member const& a, Member const& b) { return key(a) == key(b); },
        [&](std::vector<Member> const& group) { points.push_back(point_of(group)); });
    return points;
}

std::vector<Shape> summarise(std::vector<Point> const& points) {
    auto const key = [](Point const* p) { return std::tie(p->depth, p->width, p->swept); };
    std::vector<Point const*> sorted;
    for (Point const& point : points) sorted.push_back(&point);
    std::stable_sort(sorted.begin(), sorted.end(),
                     [&](Point const* a, Point const* b) { return key(a) < key(b); });
    std::vector<Shape> shapes;
    for_groups(
        sorted, [&](Point const* a, Point const* b) { return key(a) == key(b); },
        [&](std::vector<Point const*> const& seeds) {
            Shape shape{seeds.front()->depth, seeds.front()->width, seeds.front()->swept, {}};
            for (std::size_t k = 0; k < constant_names.size(); ++k)
                shape.constants[k] = summary_of(seeds, k);
            shapes.push_back(shape);
        });
    return shapes;
}

Region region_of(Trajectory const& network, double margin) {
    if (network.status == RunStatus::diverged) return Region::divergent;
    bool const loss = loss_rises(network) == Answer::yes;
    bool const sharpness = sharpness_rises(network, margin) == Answer::yes;
    if (loss && sharpness) return Region::loss_and_sharpness_catapult;
    if (loss) return Region::loss_catapult;
    if (sharpness) return Region::sharpness_catapult;
    return network.c > 2 ? Region::sharpness_reduction : Region::below_2;
}

}  // namespace sg
