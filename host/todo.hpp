// SPDX-License-Identifier: MIT
// Which networks of a study are to be run here: those of the shard that are not there yet. On a grid all of
// them are known from the start; a search says the next ones of a point when it has seen the last.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "host/cohort.hpp"
#include "host/search.hpp"
#include "host/shard.hpp"
#include "host/trajectory.hpp"

namespace sg {

class Todo {
public:
    // `done`: rows of this study (InternalError where one is not).
    Todo(Study const& study, std::vector<Cohort> const& cohorts, Shard const& shard = {},
         std::vector<Trajectory> const& done = {});

    // What can be begun of one seed of a cohort; ascending in c.
    std::vector<Request> requests(Cohort const& cohort, std::uint64_t seed) const;
    std::optional<Request> request(Cohort const& cohort, std::uint64_t seed, double c) const;

    // Networks that are begun: they are no longer requested.
    void set_under_way(Cohort const& cohort, std::uint64_t seed, double c);
    bool is_under_way(Cohort const& cohort, std::uint64_t seed) const;  // any of the seed
    // Networks that ended. For a search this may bring new requests.
    void add(std::vector<Trajectory> const& rows);

    std::int64_t networks() const { return networks_; }  // of the shard; for a search, about
    std::int64_t done() const { return done_; }
    bool complete() const;
    double flops() const { return flops_; }  // when it was made, for what was missing; for a search, about

private:
    // One seed of one cohort: what shards are made of, because λ₀ is measured once for it.
    using Key = std::pair<std::pair<int, int>, std::pair<int, std::uint64_t>>;
    struct Cell {
        std::map<double, Verdict> known;  // of the networks that ended, by c
        std::set<double> under_way;
    };
    static Key key_of(Cohort const& cohort, std::uint64_t seed);
    Key key_of(Trajectory const& row) const;
    std::vector<Request> missing(Cell const& cell) const;  // under way or not
    void count(Study const& study, std::vector<Cohort> const& cohorts);

    Study const& study_;
    std::optional<Search> search_;
    std::map<Key, Cell> cells_;  // of the shard
    std::int64_t networks_ = 0, done_ = 0;
    double flops_ = 0;
};

// Networks of one point: of a search, the most that it expects.
int networks_of_point(Study const& study);

}  // namespace sg
