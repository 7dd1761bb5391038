// SPDX-License-Identifier: MIT
// A slice: networks of one model that train in lock-step, each with its own learning rate. The active ones
// are a prefix of the slots; a diverged one is skipped, and compaction gives its slot to another.
#pragma once

#include <vector>

#include "cuda/nets/model.hpp"
#include "cuda/ops/gather.hpp"
#include "cuda/train/batches.hpp"

namespace sg {

struct Member {
    std::uint64_t seed;
    double learning_rate;
};

struct TrainOptions {
    Loss loss = Loss::mse;
    double momentum = 0;
    std::int64_t batch = 512;  // 0: gradient descent on the measurement examples; the caller fills grad()
    bool keep_origin = false;  // θ_0 stays at hand, for line()
};

template <class T>
class Slice {
public:
    // Up to N networks with at most `seeds` different seeds, on a data set of `examples`.
    Slice(Exec const& exec, Arena& arena, Model const& model, TrainOptions const& options, int nets,
          int seeds, ExampleData const& data, std::int64_t examples);

    // New networks with initial weights; those of one seed must stand together.
    void begin(std::vector<Member> const& members);

    // The slots that are launched: a prefix without the dead.
    Nets nets() const { return {active_, dead_.data}; }
    int active() const { return active_; }
    // Which member a slot holds; −1: none.
    int member_of(int slot) const { return member_of_[static_cast<std::size_t>(slot)]; }

    View<T, 2> theta() const { return theta_; }             // (N, P)
    View<T, 2> grad() const { return grad_; }               // (N, P)
    std::uint64_t const* seed() const { return seed_.data; }  // (N)
    unsigned char* dead() const { return dead_.data; }      // (N)
    View<double const, 2> score() const { return score_; }  // (N, 2) loss and accuracy on the batch

    // Gradient on the mini-batch of `step`; fills score() and grad(). Its two halves: the indices of the
    // batch go to the device, and launches alone, which may be replayed while groups() stays as it is.
    void find_gradient(std::int64_t step);
    void load_batch(std::int64_t step);
    void find_gradient_of_batch();
    // The examples of load_batch(), for another use than training: gather_batch() fills batch().
    void gather_batch();
    Batch<T> const& batch() const { return batch_; }
    std::vector<Group> const& groups() const { return groups_; }
    // θ ← θ − η v from grad().
    void update();

    // grad() ← the point (1 − s) θ_0 + s θ of each network of `which`.   s: (N), in the space of the Exec
    void line(Nets which, double const* s);

    // What the updates of a slot have made: θ, and the velocity where there is momentum.   values: (states, P)
    int states() const { return velocity_ ? 2 : 1; }
    std::vector<T> state(int slot, int which) const;
    void set_state(int slot, int which, std::vector<T> const& values);

    // Slot s takes over slot keep[s]; keep is ascending and holds the slots that live. `count` slots stay
    // active (at least as many as live): the rest of them are dead.
    void compact(std::vector<int> const& keep, int count);
    int const* kept() const { return keep_.data; }  // (count) the last `keep`, in the space of the Exec

    Slice(Slice const&) = delete;  // holds pointers into itself
    Slice& operator=(Slice const&) = delete;

private:
    void find_groups();

    Exec exec_;
    Model const& model_;
    TrainOptions options_;
    ExampleData data_;
    std::int64_t examples_;
    int active_ = 0, seeds_;
    std::vector<int> member_of_;
    std::vector<std::uint64_t> seed_of_;  // per slot
    std::vector<Group> groups_;
    std::vector<BatchOrder> orders_;      // per group

    View<T, 2> theta_, grad_, velocity_, origin_;
    View<double, 1> eta_;
    View<double, 2> score_;
    View<std::uint64_t, 1> seed_;
    View<unsigned char, 1> dead_;
    View<int, 1> group_, keep_;
    View<std::int32_t, 2> index_, labels_;  // (seeds, B)
    View<T, 3> x_, outputs_;                // (seeds, B, D), (N, B, K)
    std::vector<std::int32_t> host_index_;
    Batch<T> batch_;
    struct Chunk {
        Batch<T> batch;
        Tape<T> tape;
    };
    std::vector<Chunk> chunks_;
};

}  // namespace sg
