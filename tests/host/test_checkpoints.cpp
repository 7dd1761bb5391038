// SPDX-License-Identifier: MIT
// A run that goes on from checkpoints: at any step, in other slices, the bits are those of a quiet run.
#include "host/checkpoints.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "host/examples.hpp"
#include "host/slice_run.hpp"
#include "tests/host/sweep_test.hpp"
#include "tests/host/temporary.hpp"

namespace sg::test {
namespace {

namespace fs = std::filesystem;

// The rows of a run of `head.step` steps, as they are in one of `steps`.
void lengthen(CheckpointHead& head, int steps) {
    auto const entries = static_cast<std::size_t>(steps) + 1;
    for (Trajectory& row : head.rows) {
        for (auto* series :
             {&row.loss, &row.train_loss, &row.accuracy, &row.sharpness, &row.sharpness_residual})
            series->resize(entries, missing);
        row.sharpness_products.resize(entries, 0);
        row.sharpness_status.resize(entries, SharpnessStatus::not_measured);
    }
}

class CheckpointsTest : public SweepTest {
protected:
    // What a run of `study` that is stopped before step `step` leaves for one slice. It is made of a run
    // that ends there, which writes a checkpoint before each of its steps.
    void stop_at(int step, Study const& study, Plan const& planned) const {
        Study shorter = study;
        shorter.steps = step;
        std::atomic<bool> const stop{false};
        auto const data = load_dataset(study.data);
        Examples<float> const examples(exec(), data, study.loss_examples(data.examples));
        auto const& cohort = planned.cohorts.at(0);
        Arena arena(exec(), cohort.arena_bytes);
        SliceRun<float> run(exec(), arena, shorter, cohort, examples.data(), examples.count(),
                            examples.measurement(), &stop, {folder_.path("short"), policy_.key, 0});
        auto const initials = run.measure_initial({study.seeds[0]});
        std::vector<SliceMember<float>> members;
        auto const initial = std::make_shared<Initial<float> const>(initials[0]);
        for (double const c : study.c) members.push_back({initial, {c, false, study.barrier}, nullptr, 0});
        members.resize(std::min<std::size_t>(members.size(), static_cast<std::size_t>(cohort.slice_nets)));
        AuditTally audit;
        std::atomic<std::int64_t> steps{0};
        run.run(members, audit, steps);
        ASSERT_FALSE(run.checkpoint().empty());
        Checkpoint const made(run.checkpoint());
        ASSERT_EQ(made.head().step, step);
        auto head = made.head();
        lengthen(head, study.steps);
        fs::create_directories(policy_.folder);
        copy(made, head);
    }
    void copy(Checkpoint const& from, CheckpointHead const& head) const {
        CheckpointWriter writer(checkpoint_path(policy_, head), head);
        std::vector<char> state(head.state_bytes());
        for (std::size_t k = 0; k < head.living.size(); ++k) {
            from.read_state(k, 0, state.data(), state.size());
            writer.add(state.data(), state.size());
        }
        writer.publish();
    }
    // Goes on from what stop_at left, with slices of at most `most` networks.
    void expect_goes_on(int step, Study const& study, int most, Rows const& whole) {
        auto planned = plan(study);
        stop_at(step, study, planned);
        for (auto& cohort : planned.cohorts)
            set_slice(cohort, std::min(most, cohort.slice_nets), study, dataset_shape(study.data),
                      planned.space(), Precision::single);
        Todo todo(study, planned.cohorts);
        auto found = find_checkpoints(policy_, study, Precision::single, planned.cohorts, todo);
        ASSERT_EQ(found.size(), 1U);
        EXPECT_EQ(found[0].checkpoint->head().step, step);
        EXPECT_EQ(todo.done(), 0);
        expect_same(rows(study, planned, todo, {policy_, std::move(found)}), whole);
    }

    TemporaryFolder folder_;
    CheckpointPolicy policy_{folder_.path("kept"), "key", 1e9};
};
SG_DEVICES(CheckpointsTest);

// With networks that diverge on the way, so that slices are compacted.
TEST_P(CheckpointsTest, AtAnyStepAndInAnySliceTheBitsAreTheSame) {
    auto const study = study_of("{c: [1, 4, 30, 64, 1e4], seeds: 2}");
    auto const whole = rows(study);
    for (int step = 1; step <= study.steps; ++step) expect_goes_on(step, study, 1024, whole);
    expect_goes_on(2, study, 1, whole);
    expect_goes_on(3, study, 2, whole);
}

TEST_P(CheckpointsTest, MomentumAndEveryMethodGoOn) {
    auto const with = [](auto change) {
        auto study = study_of("{c: [1, 4, 1e4], seeds: 1}");
        change(study);
        return study;
    };
    for (auto const& study :
         {with([](Study& s) { s.variants[0].momentum = 0.9; }),
          with([](Study& s) { s.variants[0].batch = 0; }),
          with([](Study& s) { s.barrier = true; }),
          with([](Study& s) { s.sharpness.method = SharpnessMethod::power; }),
          with([](Study& s) { s.sharpness.method = SharpnessMethod::exact; }),
          with([](Study& s) { s.sharpness.every = 3; }),
          with([](Study& s) {
              s.sharpness.protocol = Protocol::published;
              s.sharpness.method = SharpnessMethod::power;
          }),
          with([](Study& s) { s.spectrum = {{0, 1, 3}, 2, true, 1, 5}; })})
        expect_goes_on(2, study, 1024, rows(study));
}

// The whole sweep, stopped by its flag before any step is done, and a run that writes a checkpoint at each.
TEST_P(CheckpointsTest, ARunThatWritesThemHasTheSameBits) {
    auto const study = study_of("{c: [1, 4, 64, 1e4], seeds: 2}");
    auto const planned = plan(study);
    auto policy = policy_;
    policy.seconds = 0;
    auto const again = rows(study, planned, Todo(study, planned.cohorts), {policy, {}});
    EXPECT_GE(std::distance(fs::directory_iterator(policy.folder), {}), 2);
    expect_same(again, rows(study));
}

TEST(Checkpoints, TakeATwentiethOfTheTime) {
    EXPECT_EQ(checkpoint_interval(60, 0.5), 60);
    EXPECT_EQ(checkpoint_interval(60, 20), 400);
    EXPECT_EQ(checkpoint_interval(60, 100), 600);  // what is lost at a kill
    EXPECT_EQ(checkpoint_interval(0, 100), 0);
}

TEST_P(CheckpointsTest, OnesOfNoUseAreRemoved) {
    auto const study = study_of("{c: [1, 4], seeds: 2}");
    auto const planned = plan(study);
    auto const found = [&](Study const& now, std::string const& key, Todo todo) {
        stop_at(2, study, planned);
        auto policy = policy_;
        policy.key = key;
        auto const some = find_checkpoints(policy, now, Precision::single, planned.cohorts, todo);
        EXPECT_EQ(some.empty(), fs::is_empty(policy.folder));
        return some.size();
    };
    Todo const all(study, planned.cohorts);
    EXPECT_EQ(found(study, "key", all), 1U);
    EXPECT_EQ(found(study, "another key", all), 0U);
    auto longer = study;
    longer.steps = 9;
    EXPECT_EQ(found(longer, "key", all), 0U);
    auto fewer = study;
    fewer.c = {4};
    EXPECT_EQ(found(fewer, "key", Todo(fewer, planned.cohorts)), 0U);
    auto momentum = study;
    momentum.variants[0].momentum = 0.9;  // a state of another size
    EXPECT_EQ(found(momentum, "key", all), 0U);
    auto under_way = all;
    under_way.set_under_way(planned.cohorts[0], study.seeds[0], 4);
    EXPECT_EQ(found(study, "key", under_way), 0U);
    auto grown = study;
    grown.c = {1, 2, 4};
    EXPECT_EQ(found(grown, "key", Todo(grown, planned.cohorts)), 1U);
}

// What is not ours stays, and so does the folder.
TEST(CheckpointFolder, IsRemovedWithWhatIsOursAlone) {
    TemporaryFolder const folder;
    auto const output = folder.path("a.h5");
    EXPECT_EQ(checkpoint_folder(output), output + ".checkpoints");
    remove_checkpoints(output);  // none
    make_checkpoint_folder(checkpoint_folder(output));
    make_checkpoint_folder(checkpoint_folder(output));
    auto const ours = folder.write("a.h5.checkpoints/d2-w4-0.checkpoint", "x");
    auto const notes = folder.write("a.h5.checkpoints/notes.txt", "x");
    remove_checkpoints(output);
    EXPECT_FALSE(fs::exists(ours));
    EXPECT_TRUE(fs::exists(notes));
    fs::remove(notes);
    remove_checkpoints(output);
    EXPECT_FALSE(fs::exists(checkpoint_folder(output)));
    folder.write("a.h5.checkpoints", "a file");
    EXPECT_THROW(make_checkpoint_folder(checkpoint_folder(output)), ResourceError);
}

}  // namespace
}  // namespace sg::test
