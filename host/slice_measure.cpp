// SPDX-License-Identifier: MIT
// What a slice measures: at the start, and at each step.
#include <algorithm>
#include <bit>

#include "cuda/exec/random.hpp"
#include "cuda/train/sgd.hpp"
#include "host/slice_run.hpp"

namespace sg {

namespace {

// Whether a measurement belongs to the audit: 1 in 64, from what it is and never from when it was done. Of a long run 1 in 8
// of the steps, and of its networks 1 in 8: a GPU takes about as long for the products of one network as for those of many.
bool is_audited(Cohort const& cohort, bool of_many_steps, std::uint64_t seed, double c, int step)
{
    auto const shape = static_cast<std::uint32_t>(cohort.spec.depth * 7919 + cohort.spec.width * 31 + cohort.variant);
    RandomKey key{0, Purpose::audit, shape & 0xffffffu, static_cast<std::uint32_t>(step)};
    double const share = of_many_steps ? 1.0 / 8 : 1.0 / 64;
    if (of_many_steps && random_uniform(random_bits(key, 0), 0) >= share) return false;
    key.seed = seed;
    return random_uniform(random_bits(key, std::bit_cast<std::uint64_t>(c)), 0) < share;
}

}  // namespace

template <class T>
std::vector<Initial<T>> SliceRun<T>::measure_initial(std::vector<std::uint64_t> const& seeds)
{
    std::vector<Member> members;
    for (auto const seed : seeds) members.push_back({seed, 0});
    slice_.begin(members);
    auto& loss = of_loss();
    auto& sharpness = of_sharpness_0();
    loss.evaluate(slice_.nets(), slice_.theta());
    mark_diverged(exec_, slice_.nets(), loss.score(), slice_.dead());
    if (&sharpness != &loss) sharpness.evaluate(slice_.nets(), slice_.theta());
    sharpness.linearise(slice_.nets());
    meter_.measure_initial(sharpness, slice_.nets(), slice_.seed());
    auto const count = static_cast<std::int64_t>(seeds.size());
    results_.fetch(meter_.results(), count);
    score_.fetch(loss.score().data, 3 * count);
    exec_.wait();
    std::vector<Initial<T>> initials;
    for (std::size_t n = 0; n < seeds.size(); ++n) {
        initials.push_back({seeds[n], score_[3 * n], score_[3 * n + 1], results_[n],
                            meter_.start(static_cast<int>(n)), {}});
    }
    if (!study_.spectrum.at(0)) return initials;
    auto measured = spectrum_->measure(hessian_, slice_.nets(), slice_.seed(), 0);
    for (std::size_t n = 0; n < seeds.size(); ++n) initials[n].spectrum = std::move(measured[n]);
    return initials;
}

// Everything that step t asks of the device. The host does not wait for it, so that it records one step
// while the device trains the next; record() reads what was fetched.
template <class T>
void SliceRun<T>::measure(int step)
{
    bool const full = variant_.batch == 0;
    measured_ = step > 0 || full;  // at step 0 all is known from λ₀
    audits_ = 0;
    if (!measured_) return;
    Nets const nets = slice_.nets(), measured = choose_measured(step);
    bool const sharpness = has_sharpness(step), some = measured.skip != nets.skip;
    bool const on_batch = sharpness && study_.published(), spectrum = has_spectrum(step);
    Graphs::Key key{0, nets.count, full, sharpness, some, spectrum};
    if (on_batch) load_batch(training_batch(step) - 1, key);
    graphs_.run(key, [&] {
        of_loss().evaluate(nets, slice_.theta());
        mark_diverged(exec_, nets, of_loss().score(), slice_.dead());
        if (some) skip_dead_too(exec_, nets, not_measured_.data);
        if (on_batch) {
            slice_.gather_batch();
            hessian_.evaluate(measured, slice_.theta());
        }
        if (full)
            hessian_.gradient(nets, slice_.grad());
        else if (sharpness || spectrum)
            hessian_.linearise(spectrum ? nets : measured);
    });
    hessian_.set_theta(slice_.theta());  // a replay did not; barriers leave another
    score_.fetch(of_loss().score().data, std::int64_t{3} * nets.count);
    if (spectrum) spectra_ = spectrum_->measure(hessian_, nets, slice_.seed(), step);
    if (!sharpness) return;
    meter_.measure(hessian_, measured, slice_.seed(), step, study_.measurements(step));
    results_.fetch(meter_.results(), nets.count);
    if (study_.sharpness.method == SharpnessMethod::lanczos) audit_some(step);
}

// The networks whose λ is measured at this step: all, or those of which a search has to see whether it rises.
template <class T>
Nets SliceRun<T>::choose_measured(int step)
{
    Nets const all = slice_.nets();
    std::fill(skip_measurement_.begin(), skip_measurement_.end(), static_cast<unsigned char>(0));
    measures_ = study_.measured_at(step);
    if (measures_) return all;
    for (int s = 0; s < all.count; ++s) {
        auto const slot = static_cast<std::size_t>(s);
        bool const chosen = !dead_[slot] && wanted_[row_index(s)].sharpness;
        skip_measurement_[slot] = !chosen;
        measures_ |= chosen;
    }
    if (!measures_) return all;
    exec_.copy_in(not_measured_.data, skip_measurement_.data(), static_cast<std::size_t>(all.count));
    return {all.count, not_measured_.data};
}

template <class T>
void SliceRun<T>::audit_some(int step)
{
    bool const some_steps = study_.audits_some_steps();
    for (int s = 0; s < slice_.active(); ++s) {
        auto const slot = static_cast<std::size_t>(s);
        bool const chosen = !dead_[slot] && !skip_measurement_[slot] &&
                            is_audited(cohort_, some_steps, row_of(s).seed, row_of(s).c, step);
        skip_audit_[slot] = !chosen;
        audits_ += chosen;
    }
    if (audits_ == 0) return;
    auto const count = slice_.active();
    exec_.copy_in(not_audited_.data, skip_audit_.data(), static_cast<std::size_t>(count));
    meter_.audit(hessian_, slice_.nets(), not_audited_.data, slice_.seed(), step);
    audited_.fetch(meter_.results(), count);
}

template class SliceRun<float>;
template class SliceRun<double>;

}  // namespace sg
