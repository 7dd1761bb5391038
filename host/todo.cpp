// SPDX-License-Identifier: MIT
#include "host/todo.hpp"

#include <algorithm>

#include "cuda/exec/error.hpp"

namespace sg {

namespace {

struct Costly {
    Cohort const* cohort;
    std::uint64_t seed;
    double flops;
};

// The costly cells first, each to the shard that has least to do: the shards then end together.
// Cost is a figure of the study alone, so all shards agree wherever they run.
template <class Take>
void deal(Study const& study, std::vector<Cohort> const& cohorts, Shard const& shard, Take take) {
    std::vector<Costly> cells;
    int const networks = networks_of_point(study);
    for (Cohort const& cohort : cohorts) {
        double const cost = cohort.initial_flops + network_cost(study, cohort) * networks;
        for (std::uint64_t const seed : study.seeds) cells.push_back({&cohort, seed, cost});
    }
    std::stable_sort(cells.begin(), cells.end(),
                     [](Costly const& a, Costly const& b) { return a.flops > b.flops; });
    std::vector<double> load(static_cast<std::size_t>(shard.count), 0);
    for (Costly const& cell : cells) {
        auto const least = std::min_element(load.begin(), load.end());
        *least += cell.flops;
        if (least - load.begin() == shard.index - 1) take(*cell.cohort, cell.seed);
    }
}

}  // namespace

Todo::Key Todo::key_of(Cohort const& cohort, std::uint64_t seed) {
    return {{cohort.variant, cohort.spec.depth}, {cohort.spec.width, seed}};
}

Todo::Key Todo::key_of(Trajectory const& row) const {
    return {{study_.variant_of(row.swept), row.depth}, {row.width, row.seed}};
}

Todo::Todo(Study const& study, std::vector<Cohort> const& cohorts, Shard const& shard,
           std::vector<Trajectory> const& done)
    : study_(study) {
    SG_EXPECT(shard.index >= 1 && shard.index <= shard.count);
    if (study.search) search_.emplace(*study.search, study.barrier);
    deal(study, cohorts, shard,
         [&](Cohort const& cohort, std::uint64_t seed) { cells_[key_of(cohort, seed)]; });
    add(done);
    count(study, cohorts);
}

void Todo::add(std::vector<Trajectory> const& rows) {
    for (Trajectory const& row : rows) {
        auto const cell = cells_.find(key_of(row));
        if (cell == cells_.end()) continue;  // of another shard
        double const margin = study_.margin(study_.variant_of(row.swept));
        done_ += cell->second.known.emplace(row.c, verdict_of(row, margin)).second;
        cell->second.under_way.erase(row.c);
    }
}

std::vector<Request> Todo::missing(Cell const& cell) const {
    if (search_) {
        std::vector<Verdict> known;
        for (auto const& [c, verdict] : cell.known) known.push_back(verdict);
        return search_->next(known);
    }
    std::vector<Request> requests;
    for (double const c : study_.c)
        if (!cell.known.contains(c)) requests.push_back({c, false, study_.barrier});
    return requests;
}

void Todo::count(Study const& study, std::vector<Cohort> const& cohorts) {
    std::int64_t const all = networks_of_point(study);
    for (Cohort const& cohort : cohorts)
        for (std::uint64_t const seed : study.seeds) {
            auto const cell = cells_.find(key_of(cohort, seed));
            if (cell == cells_.end()) continue;
            auto const known = static_cast<std::int64_t>(cell->second.known.size());
            bool const whole = missing(cell->second).empty();
            std::int64_t const here = whole ? known : std::max(all, known);
            networks_ += here;
            flops_ += whole ? 0
                            : cohort.flops * static_cast<double>(here - known) + cohort.initial_flops;
        }
}

std::vector<Request> Todo::requests(Cohort const& cohort, std::uint64_t seed) const {
    auto const cell = cells_.find(key_of(cohort, seed));
    if (cell == cells_.end()) return {};
    auto requests = missing(cell->second);
    std::erase_if(requests, [&](Request const& r) { return cell->second.under_way.contains(r.c); });
    return requests;
}

std::optional<Request> Todo::request(Cohort const& cohort, std::uint64_t seed, double c) const {
    for (Request const& request : requests(cohort, seed))
        if (request.c == c) return request;
    return {};
}

void Todo::set_under_way(Cohort const& cohort, std::uint64_t seed, double c) {
    cells_.at(key_of(cohort, seed)).under_way.insert(c);
}

bool Todo::is_under_way(Cohort const& cohort, std::uint64_t seed) const {
    return !cells_.at(key_of(cohort, seed)).under_way.empty();
}

bool Todo::complete() const {
    return std::all_of(cells_.begin(), cells_.end(),
                       [&](auto const& cell) { return missing(cell.second).empty(); });
}

int networks_of_point(Study const& study) {
    return study.search ? Search(*study.search, study.barrier).most_networks()
                        : static_cast<int>(study.c.size());
}

}  // namespace sg
