// SPDX-License-Identifier: MIT
#include "host/todo.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "cuda/exec/error.hpp"
#include "host/config.hpp"
#include "tests/host/trajectories.hpp"

namespace sg {
namespace {

Study small() {
    return parse_study(
        "study: small\n"
        "data: {set: synthetic, examples: 64, inputs: 5, classes: 3}\n"
        "model: {kind: fcn, depth: [2, 3], width: [8, 64], activation: [relu, tanh]}\n"
        "training: {batch: 16, steps: 4}\n"
        "grid: {c: [1, 2, 4], seeds: 5}\n"
        "sharpness: {examples: 32}\n",
        "test");
}

std::vector<Cohort> cohorts_of(Study const& study) {
    return make_cohorts(study, {64, 5, 3}, Space::cpu, Precision::single,
                        {4, std::size_t{1} << 30});
}

Trajectory row_of(Study const& study, Cohort const& cohort, std::uint64_t seed, double c) {
    Trajectory row = test::network(c, cohort.spec.depth, cohort.spec.width, seed);
    row.swept = study.variants[static_cast<std::size_t>(cohort.variant)].swept;
    return row;
}

TEST(Todo, WantsEverythingOfANewStudy) {
    Study const study = small();
    auto const cohorts = cohorts_of(study);
    Todo const todo(study, cohorts);
    EXPECT_EQ(todo.networks(), 8 * 5 * 3);
    EXPECT_EQ(todo.networks() - todo.done(), 8 * 5 * 3);
    EXPECT_TRUE(todo.request(cohorts[3], 4, 2).has_value());
}

TEST(Todo, LeavesOutWhatIsDone) {
    Study const study = small();
    auto const cohorts = cohorts_of(study);
    std::vector<Trajectory> done;
    for (double const c : {1.0, 2.0, 4.0}) done.push_back(row_of(study, cohorts[0], 3, c));
    done.push_back(row_of(study, cohorts[5], 2, 4));
    Todo const todo(study, cohorts, {}, done);
    EXPECT_EQ(todo.networks(), 120);
    EXPECT_EQ(todo.networks() - todo.done(), 116);
    EXPECT_TRUE(todo.requests(cohorts[0], 3).empty());
    EXPECT_FALSE(todo.requests(cohorts[0], 2).empty());
    EXPECT_FALSE(todo.requests(cohorts[5], 2).empty());
    EXPECT_FALSE(todo.request(cohorts[5], 2, 4).has_value());
    EXPECT_TRUE(todo.request(cohorts[5], 2, 2).has_value());
    double const all = Todo(study, cohorts).flops();
    double const spared = 4 * cohorts[0].flops + cohorts[0].initial_flops;
    EXPECT_LT(todo.flops(), all - 0.7 * spared);
    done[0].swept = {7};
    EXPECT_THROW(Todo(study, cohorts, {}, done), InternalError);
}

TEST(Todo, ShardsCoverTheStudyOnceAndAreBalanced) {
    Study const study = small();
    auto const cohorts = cohorts_of(study);
    for (int const count : {1, 2, 3, 7, 40, 64}) {
        std::vector<Todo> shards;
        for (int index = 1; index <= count; ++index)
            shards.emplace_back(study, cohorts, Shard{index, count});
        double most_of_a_cell = 0;
        for (Cohort const& cohort : cohorts) {
            most_of_a_cell = std::max(most_of_a_cell, 3 * cohort.flops + cohort.initial_flops);
            for (std::uint64_t const seed : study.seeds)
                EXPECT_EQ(std::count_if(shards.begin(), shards.end(),
                                        [&](Todo const& t) { return !t.requests(cohort, seed).empty(); }),
                          1);
        }
        auto const least_and_most =
            std::minmax_element(shards.begin(), shards.end(),
                                [](Todo const& a, Todo const& b) { return a.flops() < b.flops(); });
        // No shard has more than a cell more than another.
        EXPECT_LE(least_and_most.second->flops() - least_and_most.first->flops(),
                  most_of_a_cell * 1.001);
    }
}

}  // namespace
}  // namespace sg
