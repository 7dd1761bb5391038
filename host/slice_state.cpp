// SPDX-License-Identifier: MIT
// A slice to a checkpoint and back.
#include "host/slice_run.hpp"

namespace sg {

namespace {

std::uint8_t encode_wanted(Request const& r)
{
    return static_cast<std::uint8_t>((r.sharpness ? 1 : 0) + (r.barrier ? 2 : 0));
}

Request decode_wanted(std::uint8_t code, double c) { return {c, (code & 1) != 0, (code & 2) != 0}; }

}  // namespace

template <class T>
bool SliceRun<T>::checkpoint_is_due() const
{
    if (policy_.folder.empty()) return false;
    std::chrono::duration<double> const since = Clock::now() - saved_at_;
    return since.count() >= checkpoint_interval(policy_.seconds, saving_took_);
}

template <class T>
CheckpointHead SliceRun<T>::head_of_state(int step, AuditTally const& audit) const
{
    CheckpointHead head;
    head.key = policy_.key;
    head.variant = cohort_.variant;
    head.depth = cohort_.spec.depth;
    head.width = cohort_.spec.width;
    head.step = step;
    head.value_bytes = sizeof(T);
    head.state_values = static_cast<std::uint64_t>(state_values(study_, cohort_));
    head.audit = audit;
    head.rows = rows_;
    for (auto const& wanted : wanted_) head.wanted.push_back(encode_wanted(wanted));
    return head;
}

// Before the measurement of `step`: θ is what the update before it made. `audit`: of these rows.
template <class T>
void SliceRun<T>::save(int step, AuditTally const& audit)
{
    exec_.wait();
    if (step > 0) record_training(step - 1);
    auto head = head_of_state(step, audit);
    std::vector<int> slots;
    for (int s = 0; s < slice_.active(); ++s) {
        if (dead_[static_cast<std::size_t>(s)]) continue;
        slots.push_back(s);
        head.living.push_back(row_of_member_[static_cast<std::size_t>(slice_.member_of(s))]);
        for (double const value : meter_.ritz_values(s)) head.last.push_back(value);
    }
    auto const started = Clock::now();
    make_checkpoint_folder(policy_.folder);
    checkpoint_ = checkpoint_path(policy_, head);
    CheckpointWriter writer(checkpoint_, head);
    auto const add = [&](std::vector<T> const& values) {
        writer.add(values.data(), values.size() * sizeof(T));
    };
    for (int const s : slots) {
        for (int which = 0; which < slice_.states(); ++which) add(slice_.state(s, which));
        add(meter_.start(s).vectors);
    }
    writer.publish();
    saved_at_ = Clock::now();
    saving_took_ = std::chrono::duration<double>(saved_at_ - started).count();
}

// The networks of `members`, a range of the rows of a checkpoint, as they were; returns the step.
template <class T>
int SliceRun<T>::restore(std::vector<SliceMember<T>> const& members, AuditTally& audit)
{
    auto const& from = *members.front().from;
    auto const& head = from.head();
    int const first = members.front().row, end = members.back().row + 1;
    SG_EXPECT(end - first == static_cast<int>(members.size()));
    if (first == 0) audit.add(head.audit);  // it belongs to all rows: the first range takes it
    rows_.assign(head.rows.begin() + first, head.rows.begin() + end);
    wanted_.clear();
    for (int row = first; row < end; ++row) {
        auto const k = static_cast<std::size_t>(row);
        wanted_.push_back(decode_wanted(head.wanted[k], head.rows[k].c));
    }
    row_of_member_.clear();
    std::vector<Member> training;
    std::vector<std::size_t> states;
    for (std::size_t k = 0; k < head.living.size(); ++k) {
        int const row = head.living[k];
        if (row < first || row >= end) continue;
        auto const& r = head.rows[static_cast<std::size_t>(row)];
        training.push_back({r.seed, r.learning_rate});
        row_of_member_.push_back(row - first);
        states.push_back(k);
    }
    slice_.begin(training);
    for (std::size_t s = 0; s < states.size(); ++s) restore_slot(static_cast<int>(s), from, states[s]);
    recorded_ = head.step - 1;
    checkpoint_ = checkpoint_path(policy_, head);
    return head.step;
}

template <class T>
void SliceRun<T>::restore_slot(int slot, Checkpoint const& from, std::size_t k)
{
    auto const P = static_cast<std::size_t>(cohort_.model.params());
    std::size_t at = 0;
    auto const next = [&](std::size_t count) {
        std::vector<T> values(count);
        from.read_state(k, at, values.data(), count * sizeof(T));
        at += count * sizeof(T);
        return values;
    };
    for (int which = 0; which < slice_.states(); ++which) slice_.set_state(slot, which, next(P));
    auto const& last = from.head().last;
    meter_.set_start(slot, 1, {next((from.head().state_bytes() - at) / sizeof(T)), last[2 * k], last[2 * k + 1]});
}

template class SliceRun<float>;
template class SliceRun<double>;

}  // namespace sg
