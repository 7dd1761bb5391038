// SPDX-License-Identifier: MIT
// One slice from its first step to its last: train, measure, record.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "cuda/exec/graph.hpp"
#include "host/checkpoints.hpp"
#include "host/examples.hpp"
#include "host/trajectory.hpp"

namespace sg {

// λ₀ of one seed, shared by all its c, and what a warm start needs.
template <class T>
struct Initial {
    std::uint64_t seed = 0;
    double loss = 0, accuracy = 0;
    EigenResult sharpness;
    Start<T> start;
    NetSpectrum spectrum;  // where the study measures it at step 0

    bool usable() const;  // whether c / λ₀ is a learning rate
};

// A network that begins at λ₀, or goes on from a row of a checkpoint.
template <class T>
struct SliceMember {
    std::shared_ptr<Initial<T> const> initial;
    Request wanted;
    std::shared_ptr<Checkpoint const> from;
    int row = 0;
};

template <class T>
class SliceRun {
public:
    // Memory for the largest slice of `cohort` comes from `arena`. `measurement`: Study::loss_examples of the
    // data set. `stop`: give up between steps, with a checkpoint.
    SliceRun(Exec const& exec, Arena& arena, Study const& study, Cohort const& cohort,
             ExampleData const& data, std::int64_t examples, Batch<T> const& measurement,
             std::atomic<bool> const* stop, CheckpointPolicy policy = {});

    // λ₀ of each seed.
    std::vector<Initial<T>> measure_initial(std::vector<std::uint64_t> const& seeds);

    // The trajectories of `members`, which stand in order of their seeds and begin alike, or are a range of
    // the rows of one checkpoint. Empty when stopped. `audit`: of these rows. `steps_done` counts
    // network · steps for the progress.
    std::vector<Trajectory> run(std::vector<SliceMember<T>> const& members, AuditTally& audit,
                                std::atomic<std::int64_t>& steps_done);
    // Of the last run: the file to remove when its rows are kept elsewhere; empty: there is none.
    std::string const& checkpoint() const { return checkpoint_; }

private:
    using Clock = std::chrono::steady_clock;

    bool checkpoint_is_due() const;
    CheckpointHead head_of_state(int step, AuditTally const& audit) const;
    void save(int step, AuditTally const& audit);
    int restore(std::vector<SliceMember<T>> const& members, AuditTally& audit);
    void restore_slot(int slot, Checkpoint const& from, std::size_t k);

    void record_initial(Trajectory& row, SliceMember<T> const& member) const;
    int begin(std::vector<SliceMember<T>> const& members, AuditTally& audit);
    void start(std::vector<SliceMember<T>> const& members);
    bool has_sharpness(int step) const { return measures_ && step > 0; }
    Nets choose_measured(int step);
    void measure(int step);
    // Which mini-batch trains a step; `published` sets the one after it aside for λ of the next step.
    std::int64_t training_batch(int step) const { return std::int64_t{step} * (study_.published() ? 2 : 1); }
    void load_batch(std::int64_t number, Graphs::Key& key);
    // The loss, and λ₀, on the examples where the protocol wants them.
    HessianOperator<T>& of_loss() { return training_set_ ? *training_set_ : hessian_; }
    HessianOperator<T>& of_sharpness_0() { return initial_ ? *initial_ : hessian_; }
    void audit_some(int step);
    bool has_spectrum(int step) const { return spectrum_ && step > 0 && study_.spectrum.at(step); }
    void record_spectrum(Trajectory& row, int step, NetSpectrum const& measured) const;
    void train(int step);
    std::size_t row_index(int slot) const;
    Trajectory& row_of(int slot) { return rows_[row_index(slot)]; }
    bool has_classes() const { return cohort_.spec.classes > 1; }  // else there is no accuracy
    void end(int slot, int step);
    void record_training(int step);
    void record_measurement(int step, AuditTally& audit);
    void count_audit(double lambda, double truth, AuditTally& audit) const;
    void measure_barriers();
    std::vector<double> losses_on_line(Nets nets, std::vector<double> const& positions);
    bool half_dead() const;
    void compact_if_half_dead(int step);

    Exec exec_;
    Study const& study_;
    Cohort const& cohort_;
    Variant const& variant_;
    std::atomic<bool> const* stop_;
    CheckpointPolicy policy_;
    std::string checkpoint_;
    Clock::time_point saved_at_;
    double saving_took_ = 0;  // s, of the last checkpoint
    Slice<T> slice_;
    HessianOperator<T> hessian_;                             // of λ_t
    std::optional<HessianOperator<T>> training_set_, initial_;  // `published` alone: of the loss, of λ₀
    SharpnessMeter<T> meter_;
    std::optional<Spectrum<T>> spectrum_;
    View<unsigned char, 1> not_audited_, not_measured_;
    View<double, 1> position_;  // on the line from θ_0 to θ_T
    Graphs graphs_;

    std::vector<Trajectory> rows_;
    std::vector<Request> wanted_;  // per row; without `sharpness` once λ rose
    std::vector<int> row_of_member_;
    std::vector<unsigned char> dead_, skip_audit_, skip_measurement_;  // per slot
    bool measures_ = false;                         // λ of some network at the last step
    bool measured_ = false;                         // whether the last step was
    int audits_ = 0;                                // of the last step
    std::vector<NetSpectrum> spectra_;              // per slot, of the last step that measured them
    int recorded_ = -1;                             // last step whose training is in the rows
    // What comes from the device. The batch of the next step trains while that of the last is read.
    Pinned<double> score_, train_score_[2];         // (N, 3), (N, 2)
    Pinned<EigenResult> results_, audited_;         // (N)
};

}  // namespace sg
