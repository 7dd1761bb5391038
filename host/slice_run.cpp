// SPDX-License-Identifier: MIT
#include "host/slice_run.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "cuda/exec/random.hpp"
#include "cuda/train/sgd.hpp"

namespace sg {

namespace {

SharpnessStatus status_of(EigenStatus s)
{
    switch (s) {
        case EigenStatus::converged: return SharpnessStatus::converged;
        case EigenStatus::not_converged: return SharpnessStatus::not_converged;
        case EigenStatus::collapsed: return SharpnessStatus::collapsed;
        case EigenStatus::skipped: break;
    }
    return SharpnessStatus::not_measured;
}

bool diverged(double loss) { return !(loss <= divergence_threshold); }

// Whether a measurement belongs to the audit: 1 in 64, from what it is and never from when it was done.
bool is_audited(FcnSpec const& spec, int variant, std::uint64_t seed, double c, int step)
{
    auto const shape = static_cast<std::uint32_t>(spec.depth * 7919 + spec.width * 31 + variant);
    RandomKey const key{seed, Purpose::audit, shape & 0xffffffu, static_cast<std::uint32_t>(step)};
    return random_uniform(random_bits(key, std::bit_cast<std::uint64_t>(c)), 0) < 1.0 / 64;
}

template <class V>
void resize_all(std::size_t n, std::vector<V>& v)
{
    v.assign(n, V{});
}

}  // namespace

template <class T>
bool Initial<T>::usable() const
{
    return std::isfinite(sharpness.lambda) && sharpness.lambda > 0 && !diverged(loss);
}

template <class T>
SliceRun<T>::SliceRun(Exec const& exec, Arena& arena, Study const& study, Cohort const& cohort,
                      ExampleData const& data, std::int64_t examples, Batch<T> const& measurement,
                      std::atomic<bool> const* stop)
    : exec_(exec), study_(study), cohort_(cohort),
      variant_(study.variants.at(static_cast<std::size_t>(cohort.variant))), stop_(stop),
      slice_(exec, arena, cohort.model, train_options(variant_), cohort.slice_nets,
             cohort.unit_seeds, data, examples),
      hessian_(exec, arena, cohort.model, variant_.loss, cohort.slice_nets, measurement),
      meter_(exec, arena, cohort.model, cohort.slice_nets, meter_options(study)),
      not_audited_(arena.take<unsigned char, 1>(cohort.slice_nets))
{
    auto const n = static_cast<std::size_t>(cohort.slice_nets);
    resize_all(n * 3, score_);
    resize_all(n * 2, train_score_);
    resize_all(n, dead_);
    resize_all(n, skip_audit_);
}

template <class T>
std::vector<Initial<T>> SliceRun<T>::measure_initial(std::vector<std::uint64_t> const& seeds)
{
    std::vector<Member> members;
    for (auto const seed : seeds) members.push_back({seed, 0});
    slice_.begin(members);
    hessian_.evaluate(slice_.nets(), slice_.theta());
    mark_diverged(exec_, slice_.nets(), hessian_.score(), slice_.dead());
    hessian_.linearise(slice_.nets());
    meter_.measure_initial(hessian_, slice_.nets(), slice_.seed());
    results_.resize(seeds.size());
    meter_.read_results(results_);
    exec_.copy_out(score_.data(), hessian_.score().data, seeds.size() * 3 * sizeof(double));
    std::vector<Initial<T>> initials;
    for (std::size_t n = 0; n < seeds.size(); ++n) {
        initials.push_back({seeds[n], score_[3 * n], score_[3 * n + 1], results_[n],
                            meter_.start_vectors(static_cast<int>(n))});
    }
    return initials;
}

template <class T>
void SliceRun<T>::record_initial(Trajectory& row, SliceMember<T> const& member) const
{
    auto const& first = *member.initial;
    auto const entries = static_cast<std::size_t>(study_.steps) + 1;
    row.depth = cohort_.spec.depth;
    row.width = cohort_.spec.width;
    row.swept = variant_.swept;
    row.seed = first.seed;
    row.c = member.c;
    row.sharpness_0 = first.sharpness.lambda;
    row.sharpness_0_residual = first.sharpness.residual;
    if (first.usable()) row.learning_rate = member.c / first.sharpness.lambda;
    for (auto* series : {&row.loss, &row.train_loss, &row.accuracy, &row.sharpness,
                         &row.sharpness_residual})
        series->assign(entries, missing);
    row.sharpness_products.assign(entries, 0);
    row.sharpness_status.assign(entries, SharpnessStatus::not_measured);
    row.loss[0] = first.loss;
    row.accuracy[0] = first.accuracy;
    row.sharpness[0] = first.sharpness.lambda;
    row.sharpness_residual[0] = first.sharpness.residual;
    row.sharpness_products[0] = first.sharpness.products;
    row.sharpness_status[0] = status_of(first.sharpness.status);
}

template <class T>
void SliceRun<T>::start(std::vector<SliceMember<T>> const& members)
{
    rows_.assign(members.size(), Trajectory{});
    row_of_member_.clear();
    std::vector<Member> training;
    for (std::size_t i = 0; i < members.size(); ++i) {
        auto& row = rows_[i];
        record_initial(row, members[i]);
        if (!members[i].initial->usable()) {
            // Without a positive λ₀ there is no learning rate, and nothing to train.
            bool const collapsed = members[i].initial->sharpness.status == EigenStatus::collapsed;
            bool const exploded = diverged(members[i].initial->loss);
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
    for (std::size_t s = 0; s < training.size(); ++s) {
        auto const& first = *members[static_cast<std::size_t>(row_of_member_[s])].initial;
        meter_.set_start(static_cast<int>(s), first.start, first.sharpness.lambda);
    }
}

template <class T>
void SliceRun<T>::measure(int step, AuditTally& audit)
{
    bool const full = variant_.batch == 0;
    if (step == 0 && !full) return;  // known from λ₀
    hessian_.evaluate(slice_.nets(), slice_.theta());
    mark_diverged(exec_, slice_.nets(), hessian_.score(), slice_.dead());
    bool const sharpness = step > 0 && study_.measured_at(step);
    if (full)
        hessian_.gradient(slice_.nets(), slice_.grad());
    else if (sharpness)
        hessian_.linearise(slice_.nets());
    if (sharpness) meter_.measure(hessian_, slice_.nets(), slice_.seed(), step);

    auto const active = static_cast<std::size_t>(slice_.active());
    exec_.copy_out(score_.data(), hessian_.score().data, active * 3 * sizeof(double));
    results_.assign(active, EigenResult{});
    if (sharpness) meter_.read_results(results_);
    record_losses(step);
    if (sharpness && study_.sharpness.method == SharpnessMethod::lanczos) audit_some(step, audit);
}

template <class T>
void SliceRun<T>::record_losses(int step)
{
    auto const t = static_cast<std::size_t>(step);
    for (std::size_t s = 0; s < results_.size(); ++s) {
        if (dead_[s]) continue;
        auto& row = rows_[static_cast<std::size_t>(
            row_of_member_[static_cast<std::size_t>(slice_.member_of(static_cast<int>(s)))])];
        row.loss[t] = score_[3 * s];
        row.accuracy[t] = score_[3 * s + 1];
        bool const collapsed = score_[3 * s + 2] == 0;
        row.status = collapsed ? RunStatus::collapsed : RunStatus::finished;
        if (diverged(row.loss[t])) {
            row.status = RunStatus::diverged;
            row.diverged_step = step;
            dead_[s] = 1;
            continue;
        }
        auto const& r = results_[s];
        if (step == 0 || r.status == EigenStatus::skipped) continue;
        row.sharpness[t] = r.lambda;
        row.sharpness_residual[t] = r.residual;
        row.sharpness_products[t] = r.products;
        row.sharpness_status[t] = status_of(r.status);
    }
}

template <class T>
void SliceRun<T>::audit_some(int step, AuditTally& audit)
{
    bool any = false;
    std::fill(skip_audit_.begin(), skip_audit_.end(), static_cast<unsigned char>(1));
    for (std::size_t s = 0; s < results_.size(); ++s) {
        auto const& row = rows_[static_cast<std::size_t>(
            row_of_member_[static_cast<std::size_t>(slice_.member_of(static_cast<int>(s)))])];
        if (dead_[s] || results_[s].status == EigenStatus::collapsed) continue;
        if (!is_audited(cohort_.spec, cohort_.variant, row.seed, row.c, step)) continue;
        skip_audit_[s] = 0;
        any = true;
    }
    if (!any) return;
    exec_.copy_in(not_audited_.data, skip_audit_.data(), results_.size());
    Nets const chosen{slice_.active(), not_audited_.data};
    meter_.audit(hessian_, chosen, slice_.seed(), step);
    audited_.assign(results_.size(), EigenResult{});
    meter_.read_results(audited_);
    double const bound = variant_.last_layer == LastLayer::zero ? 1e-2 : 1e-3;
    for (std::size_t s = 0; s < results_.size(); ++s) {
        if (skip_audit_[s]) continue;
        double const truth = audited_[s].lambda;
        double const shortfall = (truth - results_[s].lambda) / std::abs(truth);
        audit.measurements += 1;
        audit.misses += !(shortfall <= bound);
        if (shortfall > audit.worst) audit.worst = shortfall;
    }
}

template <class T>
void SliceRun<T>::train(int step)
{
    auto const t = static_cast<std::size_t>(step);
    bool const full = variant_.batch == 0;
    auto const active = static_cast<std::size_t>(slice_.active());
    if (!full) {
        slice_.find_gradient(step);
        mark_diverged(exec_, slice_.nets(), slice_.score(), slice_.dead());
        exec_.copy_out(train_score_.data(), slice_.score().data, active * 2 * sizeof(double));
    }
    slice_.update();
    for (std::size_t s = 0; s < active; ++s) {
        if (dead_[s]) continue;
        auto& row = rows_[static_cast<std::size_t>(
            row_of_member_[static_cast<std::size_t>(slice_.member_of(static_cast<int>(s)))])];
        row.train_loss[t] = full ? row.loss[t] : train_score_[2 * s];
        if (!diverged(row.train_loss[t])) continue;
        row.status = RunStatus::diverged;
        row.diverged_step = step;
        dead_[s] = 1;
    }
}

template <class T>
void SliceRun<T>::compact_if_half_dead()
{
    std::vector<int> keep;
    int const active = slice_.active();
    auto const living = std::count(dead_.begin(), dead_.begin() + active, 0);
    if (2 * living > active) return;
    for (int s = 0; s < active; ++s)
        if (!dead_[static_cast<std::size_t>(s)]) keep.push_back(s);
    slice_.compact(keep);
    meter_.compact(slice_.kept(), static_cast<int>(keep.size()));
    std::fill(dead_.begin(), dead_.end(), static_cast<unsigned char>(0));
}

template <class T>
std::vector<Trajectory> SliceRun<T>::run(std::vector<SliceMember<T>> const& members,
                                         AuditTally& audit, std::atomic<std::int64_t>& steps_done)
{
    SG_EXPECT(static_cast<int>(members.size()) <= cohort_.slice_nets);
    std::fill(dead_.begin(), dead_.end(), static_cast<unsigned char>(0));
    start(members);
    auto const total = static_cast<std::int64_t>(members.size());
    for (int t = 0; t <= study_.steps && slice_.active() > 0; ++t) {
        if (*stop_) return {};
        measure(t, audit);
        if (t < study_.steps) train(t);
        compact_if_half_dead();
        steps_done += t < study_.steps ? total : 0;
    }
    return std::move(rows_);
}

template struct Initial<float>;
template struct Initial<double>;
template class SliceRun<float>;
template class SliceRun<double>;

}  // namespace sg
