// SPDX-License-Identifier: MIT
#include "host/slice_run.hpp"

#include <algorithm>
#include <cmath>

#include "cuda/train/sgd.hpp"

namespace sg {

namespace {

// How many slots stay active when `living` networks are left of N: N halved as often as it goes, so that
// few lengths of slice, and so few graphs, are seen. On the CPU nothing is captured.
int bucket(Exec const& exec, int N, int living)
{
    if (exec.on_cpu() || living == 0) return living;
    while ((N + 1) / 2 >= living && N > 1) N = (N + 1) / 2;
    return N;
}

}  // namespace

template <class T>
bool Initial<T>::usable() const
{
    return std::isfinite(sharpness.lambda) && sharpness.lambda > 0 && !has_diverged(loss);
}

template <class T>
SliceRun<T>::SliceRun(Exec const& exec, Arena& arena, Study const& study, Cohort const& cohort,
                      ExampleData const& data, std::int64_t examples, Batch<T> const& measurement,
                      std::atomic<bool> const* stop, CheckpointPolicy policy)
    : exec_(exec), study_(study), cohort_(cohort),
      variant_(study.variants.at(static_cast<std::size_t>(cohort.variant))), stop_(stop),
      policy_(std::move(policy)),
      slice_(exec, arena, cohort.model, train_options(study, variant_), cohort.slice_nets,
             cohort.unit_seeds, data, examples),
      hessian_(exec, arena, cohort.model, variant_.loss, cohort.slice_nets,
               study.published() ? slice_.batch() : measurement, cohort.recompute),
      meter_(exec, arena,
             study.sharpness.method == SharpnessMethod::exact ? cohort.model : hessian_.coordinates(),
             cohort.slice_nets, meter_options(study)),
      not_audited_(arena.take<unsigned char, 1>(cohort.slice_nets)),
      not_measured_(arena.take<unsigned char, 1>(cohort.slice_nets)),
      position_(study.barrier ? arena.take<double, 1>(cohort.slice_nets) : View<double, 1>{}), graphs_(exec)
{
    auto const n = cohort.slice_nets;
    SG_EXPECT(measurement.examples() == study.loss_examples(examples));
    if (study.published()) {
        SG_EXPECT(variant_.batch > 0 && study.sharpness.method == SharpnessMethod::power);
        training_set_.emplace(exec, arena, cohort.model, variant_.loss, n, measurement, true, Path::none);
        auto const first = chunk(measurement, 0, study.sharpness_0_examples(examples));
        initial_.emplace(exec, arena, cohort.model, variant_.loss, cohort.unit_seeds, first,
                         cohort.recompute);
    }
    if (study.sharpness.method == SharpnessMethod::lanczos) hessian_.allow_parts(arena);
    if (!study.spectrum.steps.empty())
        spectrum_.emplace(exec, arena, cohort.model, n, spectrum_options(study));
    dead_.assign(static_cast<std::size_t>(n), 0);
    skip_audit_.assign(static_cast<std::size_t>(n), 0);
    skip_measurement_.assign(static_cast<std::size_t>(n), 0);
    if (arena.measuring()) return;
    score_ = Pinned<double>(exec, std::int64_t{3} * n);
    for (auto& score : train_score_) score = Pinned<double>(exec, std::int64_t{2} * n);
    results_ = Pinned<EigenResult>(exec, n);
    audited_ = Pinned<EigenResult>(exec, n);
}

template <class T>
void SliceRun<T>::start(std::vector<SliceMember<T>> const& members)
{
    rows_.assign(members.size(), Trajectory{});
    wanted_.clear();
    row_of_member_.clear();
    std::vector<Member> training;
    for (std::size_t i = 0; i < members.size(); ++i) {
        auto& row = rows_[i];
        wanted_.push_back(members[i].wanted);
        record_initial(row, members[i]);
        if (!members[i].initial->usable()) {
            // Without a positive λ₀ there is no learning rate, and nothing to train.
            bool const collapsed = members[i].initial->sharpness.status == EigenStatus::collapsed;
            bool const exploded = has_diverged(members[i].initial->loss);
            row.status = collapsed  ? RunStatus::collapsed
                         : exploded ? RunStatus::diverged
                                    : RunStatus::stopped;
            if (exploded) row.diverged_step = 0;
            continue;
        }
        training.push_back({row.seed, row.learning_rate});
        row_of_member_.push_back(static_cast<int>(i));
    }
    slice_.begin(training);
    for (auto const& g : slice_.groups()) {  // one for each seed
        auto const row = row_of_member_[static_cast<std::size_t>(g.first)];
        auto const& initial = *members[static_cast<std::size_t>(row)].initial;
        meter_.set_start(g.first, g.count, initial.start);
    }
}

// The step that `members` begin with.
template <class T>
int SliceRun<T>::begin(std::vector<SliceMember<T>> const& members, AuditTally& audit)
{
    checkpoint_.clear();
    saved_at_ = Clock::now();
    if (!members.empty() && members.front().from) return restore(members, audit);
    recorded_ = -1;
    start(members);
    return 0;
}

// A mini-batch on its way to the device, and what of it the launches depend on.
template <class T>
void SliceRun<T>::load_batch(std::int64_t number, Graphs::Key& key)
{
    slice_.load_batch(number);
    for (auto const& g : slice_.groups()) key.insert(key.end(), {g.first, g.count, g.batch});
}

template <class T>
void SliceRun<T>::train(int step)
{
    Nets const nets = slice_.nets();
    bool const full = variant_.batch == 0;
    Graphs::Key key{1, nets.count, full};
    if (!full) load_batch(training_batch(step), key);
    graphs_.run(key, [&] {
        if (!full) {
            slice_.find_gradient_of_batch();
            mark_diverged(exec_, nets, slice_.score(), slice_.dead());
        }
        slice_.update();
    });
    if (!full) train_score_[step % 2].fetch(slice_.score().data, std::int64_t{2} * nets.count);
}

template <class T>
bool SliceRun<T>::half_dead() const
{
    return 2 * std::count(dead_.begin(), dead_.begin() + slice_.active(), 0) <= slice_.active();
}

// Gives the slots of the dead to the living, once half of the slots are dead.
template <class T>
void SliceRun<T>::compact_if_half_dead(int step)
{
    if (!half_dead()) return;
    if (step < study_.steps) {  // the slots of what was fetched are about to change
        exec_.wait();
        record_training(step);
    }
    std::vector<int> keep;
    for (int s = 0; s < slice_.active(); ++s)
        if (!dead_[static_cast<std::size_t>(s)]) keep.push_back(s);
    int const living = static_cast<int>(keep.size());
    int const count = bucket(exec_, cohort_.slice_nets, living);
    if (count >= slice_.active()) return;
    slice_.compact(keep, count);
    meter_.compact(slice_.kept(), living);
    for (int s = 0; s < count; ++s) dead_[static_cast<std::size_t>(s)] = s >= living;
}

template <class T>
std::vector<Trajectory> SliceRun<T>::run(std::vector<SliceMember<T>> const& members,
                                         AuditTally& audit, std::atomic<std::int64_t>& steps_done)
{
    SG_EXPECT(static_cast<int>(members.size()) <= cohort_.slice_nets);
    std::fill(dead_.begin(), dead_.end(), static_cast<unsigned char>(0));
    int const first = begin(members, audit);
    auto const total = static_cast<std::int64_t>(members.size());
    steps_done += first * total;
    for (int t = first; t <= study_.steps && slice_.active() > 0; ++t) {
        if (t > first && (checkpoint_is_due() || (*stop_ && !policy_.folder.empty()))) save(t, audit);
        if (*stop_) return {};
        measure(t);
        auto const fetched = exec_.moment();
        if (t < study_.steps) train(t);
        if (measured_) {
            exec_.wait_for(fetched);  // the device trains on meanwhile
            if (t > 0) record_training(t - 1);
            record_measurement(t, audit);
        }
        compact_if_half_dead(t);
        steps_done += t < study_.steps ? total : 0;
    }
    if (study_.barrier) measure_barriers();
    return std::move(rows_);
}

template struct Initial<float>;
template struct Initial<double>;
template class SliceRun<float>;
template class SliceRun<double>;

}  // namespace sg
