// SPDX-License-Identifier: MIT
// The barrier between first and last weights, against the oracle's loss on a fine line.
#include <gtest/gtest.h>

#include "cuda/nets/tensors.hpp"
#include "host/examples.hpp"
#include "host/slice_run.hpp"
#include "tests/host/sweep_test.hpp"
#include "tests/host/temporary.hpp"
#include "tests/support/oracle.hpp"

namespace sg::test {
namespace {

class BarrierTest : public SweepTest {
protected:
    // θ_T is in the checkpoint that was written before the last measurement.
    struct Run {
        std::vector<Trajectory> rows;
        std::vector<Vec> first, last;  // weights, of each row
        oracle::Examples examples;
        FcnSpec spec;
    };
    Run run(Study const& study, std::vector<Request> const& wanted) const {
        TemporaryFolder const folder;
        std::atomic<bool> const stop{false};
        auto const planned = plan(study);
        auto const data = load_dataset(study.data);
        Examples<double> const examples(exec(), data, study.sharpness.examples);
        auto cohort = planned.cohorts.at(0);
        set_slice(cohort, static_cast<int>(wanted.size()), study, dataset_shape(study.data),
                  planned.space(), Precision::dual);
        Arena arena(exec(), cohort.arena_bytes);
        SliceRun<double> slice(exec(), arena, study, cohort, examples.data(), examples.count(),
                               examples.measurement(), &stop, {folder.path("c"), "key", 0});
        auto const initials = slice.measure_initial({study.seeds[0]});
        auto const initial = std::make_shared<Initial<double> const>(initials[0]);
        std::vector<SliceMember<double>> members;
        for (auto const& request : wanted) members.push_back({initial, request, nullptr, 0});
        AuditTally audit;
        std::atomic<std::int64_t> steps{0};
        Run result{slice.run(members, audit, steps), {}, {}, {}, cohort.spec};
        Checkpoint const end(slice.checkpoint());
        EXPECT_EQ(end.head().step, study.steps);
        auto const P = static_cast<std::size_t>(cohort.model.params());
        Buffer<double> const theta(exec(), cohort.model.params());
        Buffer<std::uint64_t> const seed(exec(), std::vector<std::uint64_t>{study.seeds[0]});
        auto const view = View<double, 2>::dense(theta.data(), 1, cohort.model.params());
        initialise(exec(), Nets{1}, cohort.model.tensors, seed.data(), view);
        for (std::size_t k = 0; k < end.head().living.size(); ++k) {
            result.first.push_back(to_host(exec(), view));
            Vec last(P);
            end.read_state(k, 0, last.data(), P * sizeof(double));
            result.last.push_back(last);
        }
        auto const batch = examples.measurement();
        auto const labels = to_host(exec(), batch.labels.labels.data, examples_of(study));
        result.examples = {examples_of(study), cohort.spec.inputs, cohort.spec.classes,
                           to_host(exec(), batch.x.data, std::int64_t{examples_of(study)} * cohort.spec.inputs),
                           {labels.begin(), labels.end()}};
        return result;
    }
    static int examples_of(Study const& study) { return study.sharpness.examples; }

    static double oracle_ratio(Run const& run, std::size_t k, Loss loss) {
        double most = 0, start = 0;
        for (int i = 0; i <= 4000; ++i) {
            double const s = i / 4000.0;
            oracle::Net net{run.spec, run.first[k]};
            for (std::size_t p = 0; p < net.theta.size(); ++p)
                net.theta[p] = (1 - s) * run.first[k][p] + s * run.last[k][p];
            double const value = oracle::loss(net, run.examples, loss);
            if (i == 0) start = value;
            most = std::max(most, value);
        }
        return most / start;
    }
};
SG_DEVICES(BarrierTest);

TEST_P(BarrierTest, IsThatOfTheOracle) {
    auto study = study_of("{c: [1, 4, 4.5, 4.7], seeds: 1}");
    study.barrier = true;
    std::vector<Request> wanted;
    for (double const c : study.c) wanted.push_back({c, false, true});
    auto const result = run(study, wanted);
    ASSERT_EQ(result.last.size(), wanted.size()) << "take c that hold";
    int barriers = 0;
    for (std::size_t k = 0; k < wanted.size(); ++k) {
        double const truth = oracle_ratio(result, k, Loss::mse);
        barriers += truth > 1.01;
        EXPECT_NEAR(result.rows[k].barrier_ratio, truth, 1e-3 * (truth - 1) + 1e-9) << wanted[k].c;
    }
    EXPECT_GE(barriers, 1);
    EXPECT_LT(barriers, 4);
}

// What nobody asked for stays missing, and changes no bit of the others.
TEST_P(BarrierTest, IsMeasuredWhereItIsWanted) {
    auto study = study_of("{c: [1, 4.6, 1e4], seeds: 1}");
    study.barrier = true;
    auto const all = run(study, {{1, false, true}, {4.6, false, true}, {1e4, false, true}});
    auto const one = run(study, {{1, false, false}, {4.6, false, true}, {1e4, false, false}});
    EXPECT_FALSE(std::isnan(all.rows[0].barrier_ratio));
    EXPECT_TRUE(std::isnan(all.rows[2].barrier_ratio));  // it diverged: there is no θ_T
    EXPECT_TRUE(std::isnan(one.rows[0].barrier_ratio));
    EXPECT_SAME_BITS((Vec{one.rows[1].barrier_ratio}), (Vec{all.rows[1].barrier_ratio}));
}

TEST_P(BarrierTest, DoesNotDependOnSlices) {
    auto study = study_of("{c: [1, 2, 3, 4, 12, 30, 1e4], seeds: 2}");
    study.barrier = true;
    auto const whole = rows(study);
    auto m = machine();
    m.workers = 1;
    m.slice_limit = 2;
    auto planned = make_plan(study, dataset_shape(study.data), m, Precision::single);
    planned.workers = 1;  // so that slices follow slices whose graphs are replayed
    expect_same(rows(study, planned), whole);
    int measured = 0;
    for (auto const& [key, row] : whole) measured += !std::isnan(row[6]);
    EXPECT_GE(measured, 4);
}

}  // namespace
}  // namespace sg::test
