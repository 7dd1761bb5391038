// SPDX-License-Identifier: MIT
// What a slice writes into its trajectories, from what was fetched.
#include <algorithm>
#include <cmath>

#include "cuda/train/sgd.hpp"
#include "host/schema.hpp"
#include "host/slice_run.hpp"

namespace sg {

namespace {

SharpnessStatus status_of(EigenStatus s)
{
    switch (s) {
        case EigenStatus::converged: return SharpnessStatus::converged;
        case EigenStatus::not_converged: return SharpnessStatus::not_converged;
        case EigenStatus::bound_only: return SharpnessStatus::bound_only;
        case EigenStatus::collapsed: return SharpnessStatus::collapsed;
        case EigenStatus::skipped: break;
    }
    return SharpnessStatus::not_measured;
}

// What stands where nothing was measured.
template <class T>
constexpr T nothing{};
template <>
constexpr double nothing<double> = missing;
template <>
constexpr SharpnessStatus nothing<SharpnessStatus> = SharpnessStatus::not_measured;

}  // namespace

template <class T>
void SliceRun<T>::record_initial(Trajectory& row, SliceMember<T> const& member) const
{
    auto const& first = *member.initial;
    auto const entries = static_cast<std::size_t>(study_.steps) + 1;
    row.depth = cohort_.spec.depth;
    row.width = cohort_.spec.width;
    row.swept = variant_.swept;
    row.seed = first.seed;
    row.c = member.wanted.c;
    row.sharpness_0 = first.sharpness.lambda;
    row.sharpness_0_residual = first.sharpness.residual;
    if (first.usable()) row.learning_rate = member.wanted.c / first.sharpness.lambda;
    for (auto* series : {&row.loss, &row.train_loss, &row.accuracy, &row.sharpness,
                         &row.sharpness_residual})
        series->assign(entries, missing);
    row.sharpness_products.assign(entries, 0);
    row.sharpness_status.assign(entries, SharpnessStatus::not_measured);
    row.loss[0] = first.loss;
    if (has_classes()) row.accuracy[0] = first.accuracy;
    row.sharpness[0] = first.sharpness.lambda;
    row.sharpness_residual[0] = first.sharpness.residual;
    row.sharpness_products[0] = first.sharpness.products;
    row.sharpness_status[0] = status_of(first.sharpness.status);
    for (schema::StepField const& field : schema::spectrum_fields())
        std::visit(
            [&](auto array) {
                using Value = typename std::decay_t<decltype(row.*array)>::value_type;
                (row.*array).assign(schema::spectrum_entries(field, study_.spectrum), nothing<Value>);
            },
            field.member);
    if (study_.spectrum.at(0)) record_spectrum(row, 0, first.spectrum);
}

// At its place among the steps of the study.
template <class T>
void SliceRun<T>::record_spectrum(Trajectory& row, int step, NetSpectrum const& measured) const
{
    if (measured.status == EigenStatus::skipped) return;
    auto const& spec = study_.spectrum;
    auto const at = std::lower_bound(spec.steps.begin(), spec.steps.end(), step) - spec.steps.begin();
    std::copy(measured.top.begin(), measured.top.end(), row.top_eigenvalue.begin() + at * spec.top);
    std::copy(measured.top_residual.begin(), measured.top_residual.end(),
              row.top_eigenvalue_residual.begin() + at * spec.top);
    auto const i = static_cast<std::size_t>(at);
    if (spec.smallest) {
        row.smallest_eigenvalue[i] = measured.smallest;
        row.smallest_eigenvalue_residual[i] = measured.smallest_residual;
    }
    auto place = at * spec.probes * spec.order;
    for (Quadrature const& q : measured.probes) {
        std::copy(q.node.begin(), q.node.end(), row.density_node.begin() + place);
        std::copy(q.weight.begin(), q.weight.end(), row.density_weight.begin() + place);
        place += spec.order;
    }
    row.spectrum_products[i] = measured.products;
    row.spectrum_status[i] = status_of(measured.status);
}

template <class T>
std::size_t SliceRun<T>::row_index(int slot) const
{
    auto const member = static_cast<std::size_t>(slice_.member_of(slot));
    return static_cast<std::size_t>(row_of_member_[member]);
}

template <class T>
void SliceRun<T>::end(int slot, int step)
{
    row_of(slot).status = RunStatus::diverged;
    row_of(slot).diverged_step = step;
    dead_[static_cast<std::size_t>(slot)] = 1;
}

// Losses on the batch of `step`, or on the measurement examples where they are the batch.
template <class T>
void SliceRun<T>::record_training(int step)
{
    if (step <= recorded_) return;
    recorded_ = step;
    bool const full = variant_.batch == 0;
    auto const& score = train_score_[step % 2];
    auto const t = static_cast<std::size_t>(step);
    for (int s = 0; s < slice_.active(); ++s) {
        if (dead_[static_cast<std::size_t>(s)]) continue;
        double const loss = full ? row_of(s).loss[t] : score[2 * static_cast<std::size_t>(s)];
        row_of(s).train_loss[t] = loss;
        if (has_diverged(loss)) end(s, step);
    }
}

template <class T>
void SliceRun<T>::record_measurement(int step, AuditTally& audit)
{
    auto const t = static_cast<std::size_t>(step);
    bool const sharpness = has_sharpness(step);
    for (int s = 0; s < slice_.active(); ++s) {
        auto const slot = static_cast<std::size_t>(s);
        if (dead_[slot]) continue;
        auto& row = row_of(s);
        row.loss[t] = score_[3 * slot];
        if (has_classes()) row.accuracy[t] = score_[3 * slot + 1];
        row.status = score_[3 * slot + 2] == 0 ? RunStatus::collapsed : RunStatus::finished;
        if (has_diverged(row.loss[t])) {
            end(s, step);
            continue;
        }
        if (has_spectrum(step)) record_spectrum(row, step, spectra_[slot]);
        auto const& r = results_[slot];
        if (!sharpness || skip_measurement_[slot] || r.status == EigenStatus::skipped) continue;
        row.sharpness[t] = r.lambda;
        row.sharpness_residual[t] = r.residual;
        row.sharpness_products[t] = r.products;
        row.sharpness_status[t] = status_of(r.status);
        if (r.lambda > row.sharpness_0 * (1 + study_.margin(cohort_.variant)))
            wanted_[row_index(s)].sharpness = false;  // which is all that a search has to know
        bool const audited = audits_ > 0 && !skip_audit_[slot] && r.status != EigenStatus::collapsed;
        if (audited) count_audit(r.lambda, audited_[slot].lambda, audit);
    }
}

template <class T>
void SliceRun<T>::count_audit(double lambda, double truth, AuditTally& audit) const
{
    double const bound = variant_.last_layer == LastLayer::zero ? 1e-2 : 1e-3;
    double const shortfall = (truth - lambda) / std::abs(truth);
    audit.measurements += 1;
    audit.misses += !(shortfall <= bound);
    if (shortfall > audit.worst) audit.worst = shortfall;
}

template class SliceRun<float>;
template class SliceRun<double>;

}  // namespace sg
