// SPDX-License-Identifier: MIT
// What is left to do of a study, for the workers to take from: units whose λ₀ is measured together, then
// their slices. Costly units first, so that the workers end together, however fast each is.
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "host/slice_run.hpp"
#include "host/todo.hpp"

namespace sg {

// Seeds whose λ₀ is measured together.
struct Unit {
    Cohort const* cohort;
    std::vector<std::uint64_t> seeds;
};

// Some of the c of a unit, ready to run: λ₀ is known. Or what goes on from a checkpoint.
template <class T>
struct Ready {
    Cohort const* cohort;
    std::shared_ptr<std::vector<Initial<T>> const> initials;
    std::vector<SliceMember<T>> members;
    std::shared_ptr<Checkpoint const> checkpoint;
};

template <class T>
class Agenda {
public:
    struct Task {
        std::optional<Unit> unit;
        std::optional<Ready<T>> ready;
        Cohort const& cohort() const { return unit ? *unit->cohort : *ready->cohort; }
    };

    // `cohorts` may be cut into smaller slices while no worker runs.
    Agenda(Study const& study, std::vector<Cohort> const& cohorts, Todo const& todo,
           std::vector<FoundCheckpoint> const& found, std::atomic<bool>& stop)
        : study_(study), todo_(todo), stop_(stop)
    {
        for (auto const& f : found) {
            Ready<T> ready{&cohorts.at(f.cohort), nullptr, {}, f.checkpoint};
            for (std::size_t row = 0; row < f.checkpoint->head().rows.size(); ++row)
                ready.members.push_back({nullptr, 0, f.checkpoint.get(), static_cast<int>(row)});
            ready_.push_back(std::move(ready));
        }
        for (auto const& cohort : cohorts) {
            Unit unit{&cohort, {}};
            for (auto const seed : study.seeds)
                if (todo.wants(cohort, seed)) unit.seeds.push_back(seed);
            if (!unit.seeds.empty()) units_.push_back(std::move(unit));
        }
        std::stable_sort(units_.begin(), units_.end(), [](Unit const& a, Unit const& b) {
            return a.cohort->flops > b.cohort->flops;
        });
    }

    // A slice that is ready comes before a new unit, so that few λ₀ are kept at a time. Waits while nothing is
    // ready but a unit under way may make something so. Empty: all done, or interrupted.
    std::optional<Task> take()
    {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] {
            return stop_ || paused_ || !ready_.empty() || !units_.empty() || measuring_ == 0;
        });
        if (stop_ || paused_) return std::nullopt;
        Task task;
        if (!ready_.empty()) {
            task.ready = take_some(ready_, &Ready<T>::members, ready_.front().cohort->slice_nets);
        } else if (!units_.empty()) {
            task.unit = take_some(units_, &Unit::seeds, units_.front().cohort->unit_seeds);
            ++measuring_;
        } else {
            return std::nullopt;
        }
        return task;
    }

    void measured(Unit const& unit, std::vector<Initial<T>> initials)
    {
        auto const shared = std::make_shared<std::vector<Initial<T>> const>(std::move(initials));
        Ready<T> all{unit.cohort, shared, {}, nullptr};
        for (auto const& initial : *shared)
            for (double const c : study_.c)
                if (todo_.wants(*unit.cohort, initial.seed, c)) all.members.push_back({&initial, c, nullptr, 0});
        std::lock_guard const lock(mutex_);
        ready_.push_back(std::move(all));
        --measuring_;
        changed_.notify_all();
    }

    // What a worker could not do goes back; nobody takes more until resume().
    void put_back(Task task)
    {
        std::lock_guard const lock(mutex_);
        if (task.unit) {
            units_.push_front(std::move(*task.unit));
            --measuring_;
        } else {
            ready_.push_front(std::move(*task.ready));
        }
        paused_ = true;
        changed_.notify_all();
    }
    void resume() { paused_ = false; }

    void interrupt()
    {
        stop_ = true;
        std::lock_guard const lock(mutex_);
        changed_.notify_all();
    }

private:
    // The first entry of `queue`, or as many of its items as `most`; the others stay.
    template <class E, class V>
    static E take_some(std::deque<E>& queue, V E::*items, int most)
    {
        E& front = queue.front();
        auto& all = front.*items;
        auto const count = std::min(all.size(), static_cast<std::size_t>(most));
        E some = front;
        (some.*items).resize(count);
        all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count));
        if (all.empty()) queue.pop_front();
        return some;
    }

    Study const& study_;
    Todo const& todo_;
    std::atomic<bool>& stop_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Unit> units_;
    std::deque<Ready<T>> ready_;
    int measuring_ = 0;
    bool paused_ = false;
};

}  // namespace sg
