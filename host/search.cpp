// SPDX-License-Identifier: MIT
#include "host/search.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "cuda/exec/error.hpp"

namespace sg {

// One position of a level.
struct Search::Wanted {
    Position position;
    bool sharpness, barrier;
};

Search::Search(SearchSpec const& spec, bool barrier) : barrier_(barrier), first_(spec.log2_min) {
    double const range = spec.log2_max - spec.log2_min;
    SG_EXPECT(range > 0 && spec.step > 0 && spec.resolution > 0);
    auto const intervals = static_cast<Position>(std::ceil(range / spec.step - 1e-9));
    double const coarse = range / static_cast<double>(intervals);
    // A coarse interval is cut into a power of two, in quarters while that is not too fine.
    Position cuts = 1;
    while (coarse / static_cast<double>(cuts) > spec.resolution * (1 + 1e-9)) cuts *= 2;
    unit_ = coarse / static_cast<double>(cuts);
    end_ = intervals * cuts;
    for (Position spacing = cuts;; spacing = std::max<Position>(1, spacing / 4)) {
        spacing_.push_back(spacing);
        if (spacing == 1) break;
    }
    for (Position at = 0; at <= end_; at += cuts) coarse_.push_back(c_at(at));
}

int Search::most_networks() const {
    Position most = static_cast<Position>(coarse_.size());
    for (std::size_t l = 1; l < spacing_.size(); ++l)
        most += (barrier_ ? 4 : 3) * (spacing_[l - 1] / spacing_[l] - 1);
    return static_cast<int>(most);
}

// Rounded, so that the c of equal exponents are equal.
double Search::c_at(Position position) const {
    double const exponent = first_ + static_cast<double>(position) * unit_;
    return std::exp2(std::round(exponent * 1e12) / 1e12);
}

// −1: c is not on the lattice.
Search::Position Search::position_of(double c) const {
    if (std::isnan(c)) return -1;
    auto const nearest = static_cast<Position>(std::llround((std::log2(c) - first_) / unit_));
    return nearest >= 0 && nearest <= end_ && c_at(nearest) == c ? nearest : -1;
}

// The positions of a level, given the verdicts of all levels before it.
std::vector<Search::Wanted> Search::level(int number, std::vector<Verdict> const& seen) const {
    std::map<Position, Wanted> wanted;
    Position const spacing = spacing_[static_cast<std::size_t>(number)];
    if (number == 0) {
        for (Position at = 0; at <= end_; at += spacing) wanted[at] = {at, true, barrier_};
    } else {
        auto const constants = constants_of(seen);
        Bracket const& c_max = constants[static_cast<std::size_t>(Constant::c_max)];
        for (std::size_t k = 0; k < constants.size(); ++k) {
            auto const constant = static_cast<Constant>(k);
            if (constant == Constant::c_barrier && !barrier_) continue;
            Bracket const& bracket = constants[k];
            // What no network below c_max showed may yet be shown by one inside the bracket of c_max.
            bool const none = bracket.status == BracketStatus::none_below_c_max;
            Position const low = position_of(bracket.low),
                           high = position_of(none ? c_max.high : bracket.high);
            if (low < 0 || high < 0) continue;
            for (Position at = low + spacing; at < high; at += spacing) {
                Wanted& entry = wanted.try_emplace(at, Wanted{at, false, false}).first->second;
                entry.sharpness |= constant == Constant::c_sharp;
                entry.barrier |= constant == Constant::c_barrier;
            }
        }
    }
    std::vector<Wanted> list;
    for (auto const& [at, entry] : wanted) list.push_back(entry);
    return list;
}

std::vector<Request> Search::next(std::vector<Verdict> const& known) const {
    std::map<Position, Verdict> verdicts;
    for (Verdict const& verdict : known)
        if (Position const at = position_of(verdict.c); at >= 0) verdicts[at] = verdict;
    std::map<Position, Verdict> seen;
    for (int number = 0; number < static_cast<int>(spacing_.size()); ++number) {
        std::vector<Verdict> before;
        for (auto const& [at, verdict] : seen) before.push_back(verdict);
        std::vector<Request> requests;
        for (Wanted const& wanted : level(number, before)) {
            if (seen.contains(wanted.position)) continue;
            auto const found = verdicts.find(wanted.position);
            if (found == verdicts.end())
                requests.push_back({c_at(wanted.position), wanted.sharpness, wanted.barrier});
            else
                seen.insert(*found);
        }
        if (!requests.empty()) return requests;
    }
    return {};
}

}  // namespace sg
