// SPDX-License-Identifier: MIT
// A study on a device: one set of launches for all networks of a slice, few waits of the host, the
// same bits however memory cuts the work.
#include "host/sweep.hpp"

#include <algorithm>
#include <cmath>

#include "host/examples.hpp"
#include "host/slice_run.hpp"
#include "tests/host/sweep_test.hpp"

namespace sg::test {
namespace {

SG_DEVICES(SweepTest);

// One slice of a study, run `times` times, with what the last of them asked of the device.
struct OneSlice {
    OneSlice(Exec const& exec, Study const& study, Plan const& plan, int times = 1)
        : data(load_dataset(study.data)), examples(exec, data, study.sharpness.examples) {
        auto const& cohort = plan.cohorts.at(0);
        Arena arena(exec, cohort.arena_bytes);
        SliceRun<float> run(exec, arena, study, cohort, examples.data(), examples.count(),
                            examples.measurement(), &stop);
        std::vector<std::uint64_t> const seeds(study.seeds.begin(),
                                               study.seeds.begin() + cohort.unit_seeds);
        auto const initials = run.measure_initial(seeds);
        std::vector<SliceMember<float>> members;
        for (auto const& initial : initials)
            for (double const c : study.c)
                members.push_back(
                    {std::make_shared<Initial<float> const>(initial), {c, false, false}, nullptr, 0});
        for (int i = 0; i < times; ++i) {
            auto const before = exec.counters();
            std::atomic<std::int64_t> steps{0};
            audit = {};
            rows = run.run(members, audit, steps);
            auto const after = exec.counters();
            asked = {after.launches - before.launches, after.waits - before.waits,
                     after.captures - before.captures, after.replays - before.replays};
        }
    }

    Dataset data;
    Examples<float> examples;
    std::atomic<bool> stop{false};
    std::vector<Trajectory> rows;
    AuditTally audit;
    Exec::Counters asked;
};

// Two seeds, and 4 or 128 values of c: a slice of 8 networks, or of 256.
TEST_P(SweepTest, LaunchesDoNotGrowWithTheNetworks) {
    if (GetParam() != Where::cuda) GTEST_SKIP() << "a slice on the CPU has a few networks";
    auto const few = study_of("{c: [0.1, 0.2, 0.3, 0.4], seeds: 2}");
    std::string list = "0.1";
    for (int i = 1; i < 128; ++i) list += ", " + std::to_string(0.1 + 0.01 * i);
    auto const many = study_of("{c: [" + list + "], seeds: 2}");
    std::vector<std::int64_t> launches;
    for (auto study : {few, many}) {
        study.sharpness.method = SharpnessMethod::power;  // a fixed number of products
        study.sharpness.iterations = 3;
        auto const planned = plan(study);
        OneSlice const slice(exec(), study, planned, 2);  // the first finds algorithms
        EXPECT_EQ(planned.cohorts[0].slice_nets, 2 * static_cast<int>(study.c.size()));
        EXPECT_EQ(slice.rows.size(), 2 * study.c.size());
        launches.push_back(slice.asked.launches + slice.asked.replays);
    }
    EXPECT_EQ(launches[0], launches[1]);
    EXPECT_GT(launches[0], 0);
}

TEST_P(SweepTest, TheHostWaitsOncePerStepAndOncePerTwoProducts) {
    auto const study = study_of("{c: [0.5, 1, 2, 3], seeds: [3, 4]}");
    OneSlice const slice(exec(), study, plan(study), 3);
    ASSERT_EQ(slice.audit.measurements, 0) << "take seeds without an audit";
    std::int64_t allowed = 0;
    for (std::size_t t = 1; t <= 4; ++t) {
        int most = 0;
        for (auto const& row : slice.rows) most = std::max(most, row.sharpness_products[t]);
        allowed += 1 + (most + 1) / 2;
    }
    EXPECT_LE(slice.asked.waits, allowed);
    if (GetParam() == Where::cuda) {
        EXPECT_GE(slice.asked.waits, 4);
        EXPECT_EQ(slice.asked.captures, 0);  // all was captured before
        EXPECT_GE(slice.asked.replays, 3 * 4);
        EXPECT_LT(slice.asked.launches,
                  3 * slice.asked.replays);  // what starts a slice is launched
    }
}

// Memory that the device does not have: the first allocation fails, at every size down to one
// network.
TEST_P(SweepTest, WhatIsMissingAloneGetsTheSameBits) {
    auto const study = study_of("{c: [1, 4, 16, 64, 1e4], seeds: 4}");
    auto const planned = plan(study);
    auto missing = rows(study, planned);
    std::vector<Trajectory> done;
    for (std::uint64_t const seed : study.seeds)
        for (double const c : study.c)
            if ((seed == 2 || c == 16 || c == 1) && !(seed == 1 && c == 1)) {
                Trajectory row;
                row.depth = study.depth[0];
                row.width = study.width[0];
                row.seed = seed;
                row.c = c;
                missing.erase({row.depth, row.width, seed, c});
                done.push_back(row);
            }
    expect_same(rows(study, planned, done), missing);
}

TEST_P(SweepTest, OutOfMemoryHalvesTheSlicesAndChangesNoBit) {
    if (GetParam() != Where::cuda) GTEST_SKIP() << "on the CPU memory is refused beforehand";
    auto const study = study_of("{c: [1, 4, 16, 64, 1e4], seeds: 4}");
    auto const planned = plan(study);
    auto const whole = rows(study, planned);
    auto greedy = planned;
    greedy.cohorts[0].arena_bytes = std::size_t{1} << 50;
    expect_same(rows(study, greedy), whole);
    for (int const most : {1, 3, 7}) {
        auto m = machine();
        m.slice_limit = most;
        expect_same(rows(study, make_plan(study, dataset_shape(study.data), m, Precision::single)),
                    whole);
    }
}

// On the CPU too, where the plan chooses; the first is the same work once more.
TEST_P(SweepTest, SlicesAndWorkersOfAnyNumberGiveTheSameBits) {
    bool const on_cpu = GetParam() != Where::cuda;
    auto const study = study_of("{c: [1, 4, 16, 64, 1e4], seeds: 4}");
    auto planned = plan(study);
    auto const whole = rows(study, planned);
    for (int const most : on_cpu ? std::vector{planned.cohorts[0].slice_nets, 1, 3, 7} : std::vector{2}) {
        for (auto& cohort : planned.cohorts)
            set_slice(cohort, most, study, dataset_shape(study.data), planned.space(), planned.precision);
        expect_same(rows(study, planned), whole);
        if (on_cpu) planned.workers = planned.workers % 3 + 1;
    }
}

// One network on several cores: wide enough that its launches are cut.
TEST(SweepThreads, GiveTheBitsOfOne) {
    prepare_process();
    auto const study = parse_study(
        "study: wide\ndata: {set: synthetic, examples: 400, inputs: 300, classes: 10}\n"
        "model: {kind: fcn, depth: 3, width: [48, 128], activation: tanh}\n"
        "training: {loss: mse, batch: 200, steps: 3}\ngrid: {c: [2], seeds: 1}\n"
        "sharpness: {method: lanczos, examples: 400}\noutput: {file: none.h5}\n",
        "wide.yaml");
    Machine m;
    m.host_memory = Exec::cpu().memory().free;
    std::vector<Vec> whole;
    for (int const threads : {1, 2, 3}) {
        auto planned = make_plan(study, dataset_shape(study.data), m, Precision::single);
        planned.threads = threads;
        Todo todo(study, planned.cohorts, {}, {});
        std::vector<Vec> rows;
        std::atomic<bool> stop{false};
        Counters counters;
        sweep(study, planned, todo, load_dataset(study.data), stop, counters,
              [&](std::vector<Trajectory> const& slice, AuditTally const&, std::string const&) {
                  for (auto const& row : slice) rows.push_back(numbers(row));
              },
              {});
        ASSERT_EQ(rows.size(), 2U);
        if (threads == 1) whole = rows;
        for (std::size_t i = 0; i < rows.size(); ++i) EXPECT_SAME_BITS(rows[i], whole[i]);
    }
}

// With a spectrum: at a step without λ as well, and shared by all c at step 0.
TEST_P(SweepTest, SpectraHaveTheSameBitsInSlicesOfAnyNumber) {
    auto const study = study_of("{c: [1, 4, 64, 1e4], seeds: 2}",
                                ", every: 3, spectrum: {steps: [0, 2, 3], top: 3, smallest: true, "
                                "density: {probes: 2, order: 7}}");
    auto planned = plan(study);
    auto const whole = rows(study, planned);
    for (int const most : {1, 3}) {
        for (auto& cohort : planned.cohorts)
            set_slice(cohort, most, study, dataset_shape(study.data), planned.space(), planned.precision);
        expect_same(rows(study, planned), whole);
    }
    auto without = study;
    without.spectrum = {};
    for (auto const& [key, row] : rows(without)) {  // and nothing else changes
        auto const& with = whole.at(key);
        EXPECT_SAME_BITS(row, Vec(with.begin(), with.begin() + static_cast<std::ptrdiff_t>(row.size())));
    }
}

TEST_P(SweepTest, SpectraStandAtTheirSteps) {
    auto const study = study_of("{c: [1, 1e4], seeds: 1}",
                                ", spectrum: {steps: [0, 2, 3], top: 2, smallest: true, "
                                "density: {probes: 2, order: 50}}");
    auto const planned = plan(study);
    Todo todo(study, planned.cohorts);
    auto all = trajectories(study, planned, todo);
    std::sort(all.begin(), all.end(), [](auto const& a, auto const& b) { return a.c < b.c; });
    ASSERT_EQ(all.size(), 2u);
    Trajectory const &calm = all[0], &wild = all[1];
    for (std::size_t i = 0; i < 3; ++i) {
        double const lambda = calm.sharpness[static_cast<std::size_t>(study.spectrum.steps[i])];
        EXPECT_NEAR(calm.top_eigenvalue[2 * i], lambda, 1e-3 * lambda);
        EXPECT_LT(calm.top_eigenvalue[2 * i + 1], calm.top_eigenvalue[2 * i]);
        EXPECT_LT(calm.smallest_eigenvalue[i], 0.5 * lambda);
        EXPECT_EQ(calm.spectrum_status[i], SharpnessStatus::converged);
        EXPECT_GT(calm.spectrum_products[i], 0);
        double weight = 0;  // 32 parameters: the nodes end before the fiftieth
        for (std::size_t k = 0; k < 50; ++k) {
            double const w = calm.density_weight[100 * i + 50 + k];
            EXPECT_EQ(std::isnan(w), std::isnan(calm.density_node[100 * i + 50 + k]));
            weight += std::isnan(w) ? 0 : w;
        }
        EXPECT_NEAR(weight, 1, 1e-9);
        EXPECT_TRUE(std::isnan(calm.density_weight[100 * i + 99]));
    }
    // Both begin alike; one has diverged by step 2.
    EXPECT_EQ(wild.top_eigenvalue[0], calm.top_eigenvalue[0]);
    EXPECT_EQ(wild.status, RunStatus::diverged);
    ASSERT_LE(wild.diverged_step, 2);
    for (std::size_t i = 1; i < 3; ++i) {
        EXPECT_TRUE(std::isnan(wild.top_eigenvalue[2 * i]));
        EXPECT_TRUE(std::isnan(wild.density_node[100 * i]));
        EXPECT_EQ(wild.spectrum_products[i], 0);
        EXPECT_EQ(wild.spectrum_status[i], SharpnessStatus::not_measured);
    }
}

// Not taken for a lack of device memory, which would make the slices smaller and run them again.
TEST_P(SweepTest, AFullDiskEndsTheRun) {
    auto const study = study_of("{c: [1, 4, 16], seeds: 4}");
    auto const planned = plan(study);
    std::atomic<bool> stop{false};
    std::atomic<int> calls{0};
    Counters counters;
    auto const full = [&](std::vector<Trajectory>&&, AuditTally const&, std::string const&) {
        ++calls;
        throw ResourceError("no space left");
    };
    std::vector<Trajectory> const none;
    Todo todo(study, planned.cohorts, {}, none);
    auto const data = load_dataset(study.data);
    EXPECT_THROW(sweep(study, planned, todo, data, stop, counters, full), ResourceError);
    EXPECT_GE(calls, 1);
    EXPECT_LE(calls, planned.workers);
}

TEST_P(SweepTest, SeveralDevicesGiveTheSameBits) {
    if (GetParam() != Where::cuda) GTEST_SKIP() << "the CPU is one device";
    if (cuda_device_count() < 2) GTEST_SKIP() << "there is one device";
    auto const study = study_of("{c: [1, 4, 16, 64, 1e4], seeds: 6}");
    auto m = machine();
    m.slice_limit = 5;  // six units
    auto const one = rows(study, make_plan(study, dataset_shape(study.data), m, Precision::single));
    m.devices = {0, 1};
    auto const plan = make_plan(study, dataset_shape(study.data), m, Precision::single);
    EXPECT_GE(plan.workers, 2);
    EXPECT_NE(plan.device_of(0), plan.device_of(1));
    expect_same(rows(study, plan), one);
}

// On the CPU too: with a memory that holds the activations of one chunk alone.
TEST_P(SweepTest, RecomputationChangesNoBit) {
    auto study = study_of("{c: [1, 4, 64], seeds: 2}");
    study.spectrum = {{2}, 1, false, 1, 3};
    study.data.examples = 9000;
    study.sharpness.examples = 9000;
    auto planned = plan(study);
    auto const kept = rows(study, planned);
    for (auto& cohort : planned.cohorts) {
        EXPECT_FALSE(cohort.recompute);
        cohort.recompute = true;
    }
    expect_same(rows(study, planned), kept);
}

}  // namespace
}  // namespace sg::test
