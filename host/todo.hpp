// SPDX-License-Identifier: MIT
// Which networks of a study are to be run here: those of the shard that the file does not hold yet.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "host/cohort.hpp"
#include "host/shard.hpp"
#include "host/trajectory.hpp"

namespace sg {

class Todo {
public:
    // `done`: rows of this study (InternalError where one is not).
    Todo(Study const& study, std::vector<Cohort> const& cohorts, Shard const& shard = {},
         std::vector<Trajectory> const& done = {});

    bool wants(Cohort const& cohort, std::uint64_t seed, double c) const;
    bool wants(Cohort const& cohort, std::uint64_t seed) const;  // any c of it

    // These networks of `cohort` go on from a checkpoint: they are missing, but not to be begun.
    void set_under_way(Cohort const& cohort, std::vector<Trajectory> const& rows);

    std::int64_t networks() const { return networks_; }  // of the shard, done or not
    std::int64_t missing() const { return missing_; }    // still to be run
    double flops() const { return flops_; }              // for those

private:
    // One seed of one cohort: what shards are made of, because λ₀ is measured once for it.
    using Cell = std::pair<std::pair<int, int>, std::pair<int, std::uint64_t>>;
    static Cell cell_of(Cohort const& cohort, std::uint64_t seed);

    void count(Study const& study, std::vector<Cohort> const& cohorts);

    std::set<Cell> cells_;                   // of the shard
    std::map<Cell, std::set<double>> done_;  // their c, of those under way too
    std::size_t per_seed_ = 0;               // number of c
    std::int64_t networks_ = 0, missing_ = 0;
    double flops_ = 0;
};

}  // namespace sg
