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

// samples: ascending in c, all of which tell. `none` is the status where no sample meets the
// criterion.
Bracket bracket(std::vector<Verdict> const& samples, Constant constant, BracketStatus none) {
    if (samples.empty()) return {};
    auto const meet = [&](Verdict const& sample) {
        return answer(sample, constant) == Answer::yes;
    };
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

double side_in_c(double log2_c) { return std::isfinite(log2_c) ? std::exp2(log2_c) : missing; }

// log2_c: one per seed. `stream` tells the random numbers of one constant from another's.
void set_statistics(SeedSummary& summary, std::vector<Bounded> const& log2_c,
                    std::uint64_t stream) {
    SG_EXPECT(!log2_c.empty());
    constexpr std::size_t fewest_for_quartiles = 3;  // of fewer they would be the range again
    Quantile const median = in_c(quantile(log2_c, 0.5));
    summary.median = median.value;
    summary.bound = median.bound;
    summary.median_other = median.other;
    if (log2_c.size() >= fewest_for_quartiles) {
        summary.lower_quartile = in_c(quantile(log2_c, 0.25));
        summary.upper_quartile = in_c(quantile(log2_c, 0.75));
    }
    summary.bootstrapped = log2_c.size() >= bootstrap_fewest;
    Bounded const interval = summary.bootstrapped
                                 ? quantile_interval(log2_c, 0.5, stream)
                                 : Bounded{quantile(log2_c, 0).lower, quantile(log2_c, 1).upper};
    summary.interval_low = side_in_c(interval.lower);
    summary.interval_high = side_in_c(interval.upper);
    double sum = 0;
    for (Bounded const& one : log2_c) sum += one.known() ? one.lower : missing;
    summary.mean = std::exp2(sum / static_cast<double>(log2_c.size()));
}

// NaN gives way to any number.
void widen(SeedSummary& summary, double side) {
    summary.low = std::fmin(summary.low, side);
    summary.high = std::fmax(summary.high, side);
}

SeedSummary summary_of(std::vector<Point const*> const& seeds, std::size_t constant) {
    SeedSummary summary;
    std::vector<Bounded> log2_c;
    for (Point const* point : seeds) {
        Bracket const& bracket = point->constants[constant];
        ++summary.statuses[static_cast<std::size_t>(bracket.status)];
        if (bracket.status == BracketStatus::not_measured) continue;
        ++summary.seeds;
        summary.found += !std::isnan(bracket.low) && !std::isnan(bracket.high);
        widen(summary, bracket.low);
        widen(summary, bracket.high);
        summary.on_collapsed += bracket.rests_on_collapsed;
        log2_c.push_back(log2_of(bracket));
    }
    Point const& first = *seeds.front();
    auto const stream = static_cast<std::uint64_t>(first.depth) << 32 |
                        static_cast<std::uint64_t>(first.width) << 8 | constant;
    if (!log2_c.empty()) set_statistics(summary, log2_c, stream);
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

Region region_of(Verdict const& network, bool sharpness) {
    if (answer(network, Constant::c_max) == Answer::yes) return Region::divergent;
    bool const loss = answer(network, Constant::c_loss) == Answer::yes;
    if (loss && sharpness) return Region::loss_and_sharpness_catapult;
    if (loss) return Region::loss_catapult;
    if (sharpness) return Region::sharpness_catapult;
    return network.c > 2 ? Region::sharpness_reduction : Region::below_2;
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

Bounded log2_of(Bracket const& bracket) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    double const low = std::isnan(bracket.low) ? -infinity : std::log2(bracket.low);
    double const high = std::isnan(bracket.high) ? infinity : std::log2(bracket.high);
    if (std::isfinite(low) && std::isfinite(high)) return {(low + high) / 2, (low + high) / 2};
    return {low, high};
}

Quantile in_c(Bounded const& log2_c) {
    if (log2_c.known()) return {std::exp2(log2_c.lower), ""};
    if (std::isfinite(log2_c.lower)) return {std::exp2(log2_c.lower), ">", side_in_c(log2_c.upper)};
    if (std::isfinite(log2_c.upper)) return {std::exp2(log2_c.upper), "<"};
    return {};
}

std::map<double, Region> regions_of(std::vector<Verdict> const& verdicts) {
    SG_EXPECT(std::is_sorted(verdicts.begin(), verdicts.end(),
                             [](Verdict const& a, Verdict const& b) { return a.c < b.c; }));
    auto const tells = [](Verdict const& verdict) {
        return answer(verdict, Constant::c_max) != Answer::yes &&
               answer(verdict, Constant::c_sharp) != Answer::unknown;
    };
    std::map<double, Region> regions;
    auto below = verdicts.end();  // the last one that tells
    auto above = std::find_if(verdicts.begin(), verdicts.end(), tells);  // the next one
    for (auto it = verdicts.begin(); it != verdicts.end(); ++it) {
        if (above < it) above = std::find_if(it, verdicts.end(), tells);
        if (above == it) below = it;
        Answer const before =
            below == verdicts.end() ? Answer::unknown : answer(*below, Constant::c_sharp);
        Answer const after = above == verdicts.end() ? before : answer(*above, Constant::c_sharp);
        bool const diverged = answer(*it, Constant::c_max) == Answer::yes;
        bool const agree = before == after || before == Answer::unknown;
        if (diverged || agree) regions[it->c] = region_of(*it, after == Answer::yes);
    }
    return regions;
}

}  // namespace sg
