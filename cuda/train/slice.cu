// SPDX-License-Identifier: MIT
#include "cuda/train/slice.hpp"

#include <algorithm>

#include "cuda/nets/uv.hpp"
#include "cuda/ops/loss.hpp"
#include "cuda/ops/row_moves.hpp"
#include "cuda/ops/vectors.hpp"
#include "cuda/train/sgd.hpp"

namespace sg {

template <class T>
Slice<T>::Slice(Exec const& exec, Arena& arena, Model const& model, TrainOptions const& options,
                int nets, int seeds, ExampleData const& data, std::int64_t examples_in_data)
    : exec_(exec), model_(model), options_(options), data_(data), examples_(examples_in_data),
      seeds_(seeds)
{
    std::int64_t const P = model.params(), B = options.batch;
    theta_ = arena.take_rows<T, 2>(nets, P);
    grad_ = arena.take_rows<T, 2>(nets, P);
    if (options.momentum != 0) velocity_ = arena.take_rows<T, 2>(nets, P);
    if (options.keep_origin) origin_ = arena.take_rows<T, 2>(nets, P);
    eta_ = arena.take<double, 1>(nets);
    score_ = arena.take<double, 2>(nets, 2);
    seed_ = arena.take<std::uint64_t, 1>(nets);
    dead_ = arena.take<unsigned char, 1>(nets);
    group_ = arena.take<int, 1>(nets);
    keep_ = arena.take<int, 1>(nets);
    if (B == 0) return;
    index_ = arena.take<std::int32_t, 2>(seeds, B);
    labels_ = arena.take<std::int32_t, 2>(seeds, B);
    x_ = arena.take<T, 3>(seeds, B, model.inputs);
    outputs_ = arena.take<T, 3>(nets, B, model.classes);
    host_index_.resize(static_cast<std::size_t>(seeds * B));
    batch_ = {x_, {labels_, group_.data}, &groups_};
    std::int64_t const part = chunk_examples(model, exec.space(), B);
    auto const tape = Tape<T>::take(arena, model, nets, part);
    clear(exec, tape.delta.back());  // a matmul reads the networks that are skipped, too
    clear(exec, score_);
    for (std::int64_t first = 0; first < B; first += part) {
        auto const count = std::min(part, B - first);
        chunks_.push_back({chunk(batch_, first, count), tape.chunk(0, count)});
        chunks_.back().tape.a.back() = sg::examples(outputs_, first, count);
    }
}

template <class T>
void Slice<T>::begin(std::vector<Member> const& members)
{
    SG_EXPECT(static_cast<std::int64_t>(members.size()) <= theta_.extent[0]);
    active_ = static_cast<int>(members.size());
    std::vector<double> eta;
    seed_of_.clear();
    member_of_.clear();
    for (auto const& m : members) {
        eta.push_back(m.learning_rate);
        seed_of_.push_back(m.seed);
        member_of_.push_back(static_cast<int>(member_of_.size()));
    }
    from_host(exec_, eta, eta_.data);
    from_host(exec_, seed_of_, seed_.data);
    exec_.fill(dead_.data, 0, static_cast<std::size_t>(active_));
    orders_.clear();
    find_groups();
    // The first network of each seed is drawn, the others of that seed are copies.
    for (auto const& g : groups_) {
        auto const first = networks(theta_, g.first, 1);
        initialise(exec_, Nets{1}, model_.tensors, seed_.data + g.first, first);
        if (model_.start.kappa > 0) {
            auto weights = state(g.first, 0);
            set_start(model_.start, weights);
            set_state(g.first, 0, weights);
        }
        auto shared = first;
        shared.stride[0] = 0;
        copy<T>(exec_, Nets{g.count - 1}, networks(theta_, g.first + 1, g.count - 1), shared);
    }
    if (origin_) copy<T>(exec_, Nets{active_}, origin_, theta_);
    if (velocity_) {
        auto const bytes = sizeof(T) * static_cast<std::size_t>(active_ * velocity_.stride[0]);
        exec_.fill(velocity_.data, 0, bytes);
    }
}

// Runs of equal seeds among the active slots. `orders_` follows the batches, which never move.
template <class T>
void Slice<T>::find_groups()
{
    bool const fresh = orders_.empty();
    groups_.clear();
    std::vector<int> group_of(static_cast<std::size_t>(active_));
    int batch = -1;
    for (int s = 0; s < active_; ++s) {
        auto const seed = seed_of_[static_cast<std::size_t>(s)];
        if (s == 0 || seed != seed_of_[static_cast<std::size_t>(s - 1)])
            groups_.push_back({s, 0, ++batch});
        groups_.back().count += 1;
        group_of[static_cast<std::size_t>(s)] = batch;
    }
    SG_EXPECT(options_.batch == 0 || batch < seeds_);
    from_host(exec_, group_of, group_.data);
    if (options_.batch == 0) return;
    std::vector<BatchOrder> orders;
    for (auto const& g : groups_) {
        auto const seed = seed_of_[static_cast<std::size_t>(g.first)];
        auto const known = std::find_if(orders_.begin(), orders_.end(),
                                        [&](auto const& o) { return o.seed() == seed; });
        if (!fresh && known != orders_.end())
            orders.push_back(std::move(*known));
        else
            orders.emplace_back(seed, examples_, options_.batch);
    }
    orders_ = std::move(orders);
}

template <class T>
void Slice<T>::load_batch(std::int64_t step)
{
    SG_EXPECT(options_.batch > 0);
    std::int64_t const B = options_.batch;
    auto const used = static_cast<std::int64_t>(groups_.size());
    for (std::size_t g = 0; g < groups_.size(); ++g) {
        auto const* const indices = orders_[g].batch(step);
        std::copy(indices, indices + B, host_index_.begin() + static_cast<std::int64_t>(g) * B);
    }
    exec_.copy_in(index_.data, host_index_.data(),
                  static_cast<std::size_t>(used * B) * sizeof(std::int32_t));
}

template <class T>
void Slice<T>::gather_batch()
{
    SG_EXPECT(options_.batch > 0 && !groups_.empty());
    auto const used = static_cast<std::int64_t>(groups_.size());
    gather(exec_, data_, View<std::int32_t const, 2>(networks(index_, 0, used)),
           networks(x_, 0, used), networks(labels_, 0, used));
}

template <class T>
void Slice<T>::find_gradient_of_batch()
{
    gather_batch();
    bool accumulate = false;
    for (auto const& c : chunks_) {
        forward<T>(exec_, nets(), model_, theta_, c.batch, c.tape);
        backward<T>(exec_, nets(), model_, options_.loss, options_.batch, theta_, c.batch, c.tape,
                    grad_, accumulate);
        accumulate = true;
    }
    loss_and_accuracy<T>(exec_, nets(), options_.loss, outputs_, batch_.labels, score_);
}

template <class T>
void Slice<T>::find_gradient(std::int64_t step)
{
    load_batch(step);
    find_gradient_of_batch();
}

template <class T>
void Slice<T>::update()
{
    if (options_.momentum == 0)
        sgd_step<T>(exec_, nets(), eta_.data, grad_, theta_);
    else
        momentum_step<T>(exec_, nets(), eta_.data, options_.momentum, grad_, velocity_, theta_);
}

template <class T>
void Slice<T>::line(Nets which, double const* s)
{
    SG_EXPECT(static_cast<bool>(origin_));
    line_point<T>(exec_, which, s, origin_, theta_, grad_);
}

template <class T>
std::vector<T> Slice<T>::state(int slot, int which) const
{
    return to_host(exec_, networks(which == 0 ? theta_ : velocity_, slot, 1));
}

template <class T>
void Slice<T>::set_state(int slot, int which, std::vector<T> const& values)
{
    from_host(exec_, values, networks(which == 0 ? theta_ : velocity_, slot, 1));
}

template <class T>
void Slice<T>::compact(std::vector<int> const& keep, int count)
{
    int const living = static_cast<int>(keep.size());
    SG_EXPECT(living <= count && count <= active_ && (living > 0 || count == 0));
    from_host(exec_, keep, keep_.data);
    move_rows(exec_, keep_.data, living, theta_);
    for (auto const& rows : {velocity_, origin_})
        if (rows) move_rows(exec_, keep_.data, living, rows);
    auto const N = theta_.extent[0];
    move_rows(exec_, keep_.data, living, View<double, 2>::dense(eta_.data, N, 1));
    move_rows(exec_, keep_.data, living, View<std::uint64_t, 2>::dense(seed_.data, N, 1));
    exec_.fill(dead_.data, 0, static_cast<std::size_t>(living));
    exec_.fill(dead_.data + living, 1, static_cast<std::size_t>(count - living));
    for (int s = 0; s < count; ++s) {
        auto const to = static_cast<std::size_t>(s);
        auto const from = static_cast<std::size_t>(keep[static_cast<std::size_t>(std::min(s, living - 1))]);
        SG_EXPECT(s >= living || from >= to);
        member_of_[to] = s < living ? member_of_[from] : -1;
        seed_of_[to] = s < living ? seed_of_[from] : seed_of_[static_cast<std::size_t>(living - 1)];
    }
    active_ = count;
    find_groups();
}

template class Slice<float>;
template class Slice<double>;

}  // namespace sg
