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

double cell_cost(Study const& study, Cohort const& cohort) {
    return cohort.initial_flops + network_cost(study, cohort) * static_cast<double>(study.c.size());
}

// The costly cells first, each to the shard that has least to do: the shards then end together.
// Cost is a figure of the study alone, so all shards agree wherever they run.
template <class Take>
void deal(Study const& study, std::vector<Cohort> const& cohorts, Shard const& shard, Take take) {
    std::vector<Costly> cells;
    for (Cohort const& cohort : cohorts)
        for (std::uint64_t const seed : study.seeds)
            cells.push_back({&cohort, seed, cell_cost(study, cohort)});
    std::stable_sort(cells.begin(), cells.end(),
                     [](Costly const& a, Costly const& b) { return a.flops > b.flops; });
    std::vector<double> load(static_cast<std::size_t>(shard.count), 0);
    for (Costly const& cell : cells) {
        auto const least = std::min_element(load.begin(), load.end());
        *least += cell.flops;
        if (least - load.begin() == shard.index - 1) take(*cell.cohort, cell.seed);
    }
}

int variant_of(Study const& study, Trajectory const& row) {
    for (std::size_t v = 0; v < study.variants.size(); ++v)
        if (study.variants[v].swept == row.swept) return static_cast<int>(v);
    throw InternalError("a network of the file belongs to no variant of the study");
}

}  // namespace

Todo::Cell Todo::cell_of(Cohort const& cohort, std::uint64_t seed) {
    return {{cohort.variant, cohort.spec.depth}, {cohort.spec.width, seed}};
}

Todo::Todo(Study const& study, std::vector<Cohort> const& cohorts, Shard const& shard,
           std::vector<Trajectory> const& done)
    : per_seed_(study.c.size()) {
    SG_EXPECT(shard.index >= 1 && shard.index <= shard.count);
    deal(study, cohorts, shard,
         [&](Cohort const& cohort, std::uint64_t seed) { cells_.insert(cell_of(cohort, seed)); });
    for (Trajectory const& row : done)
        done_[{{variant_of(study, row), row.depth}, {row.width, row.seed}}].insert(row.c);
    count(study, cohorts);
}

void Todo::count(Study const& study, std::vector<Cohort> const& cohorts) {
    for (Cohort const& cohort : cohorts)
        for (std::uint64_t const seed : study.seeds) {
            if (!cells_.contains(cell_of(cohort, seed))) continue;
            std::int64_t missing = 0;
            for (double const c : study.c) missing += wants(cohort, seed, c);
            networks_ += static_cast<std::int64_t>(study.c.size());
            missing_ += missing;
            flops_ += cohort.flops * static_cast<double>(missing) +
                      (missing > 0 ? cohort.initial_flops : 0);
        }
}

void Todo::set_under_way(Cohort const& cohort, std::vector<Trajectory> const& rows) {
    for (Trajectory const& row : rows) done_[cell_of(cohort, row.seed)].insert(row.c);
}

bool Todo::wants(Cohort const& cohort, std::uint64_t seed, double c) const {
    Cell const cell = cell_of(cohort, seed);
    if (!cells_.contains(cell)) return false;
    auto const done = done_.find(cell);
    return done == done_.end() || !done->second.contains(c);
}

bool Todo::wants(Cohort const& cohort, std::uint64_t seed) const {
    Cell const cell = cell_of(cohort, seed);
    if (!cells_.contains(cell)) return false;
    auto const done = done_.find(cell);
    // A study that grew has every c of the file, so equal counts are equal sets.
    return done == done_.end() || done->second.size() < per_seed_;
}

}  // namespace sg
