// SPDX-License-Identifier: MIT
// What is left to do of a study, for the workers to take from: units whose λ₀ is measured together, then
// their slices. Costly units first, so that the workers end together, however fast each is. A search adds
// networks when others have ended; those of one cohort are gathered into slices, whatever their seeds.
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

#include "host/slice_run.hpp"
#include "host/todo.hpp"

namespace sg {

// Seeds whose λ₀ is measured together.
struct Unit {
    Cohort const* cohort;
    std::vector<std::uint64_t> seeds;
};

// Networks that begin at λ₀, in order of their seeds, or go on from one checkpoint.
template <class T>
struct Ready {
    Cohort const* cohort;
    std::vector<SliceMember<T>> members;
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
    Agenda(Study const& study, std::vector<Cohort> const& cohorts, Todo& todo,
           std::vector<FoundCheckpoint> const& found, std::atomic<bool>& stop)
        : todo_(todo), stop_(stop)
    {
        for (auto const& f : found) {
            Ready<T> ready{&cohorts.at(f.cohort), {}};
            for (std::size_t row = 0; row < f.checkpoint->head().rows.size(); ++row)
                ready.members.push_back({nullptr, {}, f.checkpoint, static_cast<int>(row)});
            resumed_.push_back(std::move(ready));
        }
        for (auto const& cohort : cohorts) {
            Unit unit{&cohort, {}};
            for (auto const seed : study.seeds)
                if (!todo.requests(cohort, seed).empty()) unit.seeds.push_back(seed);
            for (auto const seed : unit.seeds) to_measure_.insert({&cohort, seed});
            if (!unit.seeds.empty()) units_.push_back(std::move(unit));
        }
        std::stable_sort(units_.begin(), units_.end(), [](Unit const& a, Unit const& b) {
            return a.cohort->flops > b.cohort->flops;
        });
    }

    // Waits while nothing can be taken but a task under way may bring something. Empty: all done, or interrupted.
    std::optional<Task> take()
    {
        std::unique_lock lock(mutex_);
        for (;;) {
            if (stop_ || paused_) return std::nullopt;
            if (auto task = choose()) {
                ++running_[&task->cohort()];
                ++running_in_all_;
                return task;
            }
            if (running_in_all_ == 0) return std::nullopt;
            changed_.wait(lock);
        }
    }

    // The end of a task: λ₀ of a unit, or the rows of a slice.
    void measured(Unit const& unit, std::vector<Initial<T>> initials)
    {
        std::lock_guard const lock(mutex_);
        for (auto& initial : initials) {
            auto const seed = initial.seed;
            auto const shared = std::make_shared<Initial<T> const>(std::move(initial));
            initials_[{unit.cohort, seed}] = shared;
            to_measure_.erase({unit.cohort, seed});
            request(*unit.cohort, seed);
        }
        ended(*unit.cohort);
    }
    void finished(Ready<T> const& ready, std::vector<Trajectory> const& rows)
    {
        std::lock_guard const lock(mutex_);
        todo_.add(rows);
        std::set<std::uint64_t> seeds;
        for (auto const& row : rows) seeds.insert(row.seed);
        for (auto const seed : seeds) request(*ready.cohort, seed);
        ended(*ready.cohort);
    }

    // What a worker could not do goes back; nobody takes more until resume().
    void put_back(Task task)
    {
        std::lock_guard const lock(mutex_);
        auto const& cohort = task.cohort();
        if (task.unit)
            units_.push_front(std::move(*task.unit));
        else if (task.ready->members.front().from)
            resumed_.push_front(std::move(*task.ready));
        else
            for (auto& member : task.ready->members) pool(cohort, std::move(member));
        paused_ = true;
        ended(cohort);
    }
    void resume() { paused_ = false; }

    void interrupt()
    {
        stop_ = true;
        std::lock_guard const lock(mutex_);
        changed_.notify_all();
    }

private:
    // The networks of a cohort that are ready, by what they have to show (a slice shows the same of all) and
    // by seed.
    using Pool = std::map<std::uint64_t, std::vector<SliceMember<T>>>;
    using PoolKey = std::pair<Cohort const*, std::pair<bool, bool>>;

    void ended(Cohort const& cohort)
    {
        --running_[&cohort];
        --running_in_all_;
        changed_.notify_all();
    }

    void pool(Cohort const& cohort, SliceMember<T> member)
    {
        PoolKey const key{&cohort, {member.wanted.sharpness, member.wanted.barrier}};
        pools_[key][member.initial->seed].push_back(std::move(member));
    }

    // What one seed of a cohort asks for now. Where λ₀ is not at hand, as behind a checkpoint, it is a unit again.
    void request(Cohort const& cohort, std::uint64_t seed)
    {
        auto const requests = todo_.requests(cohort, seed);
        auto const initial = initials_.find({&cohort, seed});
        if (initial == initials_.end()) {
            if (!requests.empty() && to_measure_.insert({&cohort, seed}).second)
                units_.push_front({&cohort, {seed}});
            return;
        }
        for (auto const& r : requests) {
            todo_.set_under_way(cohort, seed, r.c);
            pool(cohort, {initial->second, r, nullptr, 0});
        }
        if (requests.empty() && !todo_.is_under_way(cohort, seed)) initials_.erase(initial);
    }

    // Slices that are full, or of which nothing more can come; then units, those of a cohort that is begun
    // first; then what there is. So few λ₀ are kept at a time, and a GPU gets full slices.
    std::optional<Task> choose()
    {
        if (!resumed_.empty()) {
            Ready<T> some = resumed_.front();
            auto const size = std::min(some.members.size(), slice_size(*some.cohort));
            take_first(resumed_.front().members, some.members, size);
            if (resumed_.front().members.empty()) resumed_.pop_front();
            return Task{std::nullopt, std::move(some)};
        }
        for (auto const& [key, pool] : pools_)
            if (is_full(*key.first, pool)) return take_slice(key);
        auto unit = std::find_if(units_.begin(), units_.end(), [&](Unit const& u) { return begun(u.cohort); });
        if (unit == units_.end() && !units_.empty() && partial() == pools_.end()) unit = units_.begin();
        if (unit != units_.end()) return take_unit(unit);
        if (auto const found = partial(); found != pools_.end()) return take_slice(found->first);
        if (!pools_.empty()) return take_slice(pools_.begin()->first);
        return std::nullopt;
    }

    static std::size_t slice_size(Cohort const& cohort) { return static_cast<std::size_t>(cohort.slice_nets); }

    // A slice takes as many seeds as a unit; on the CPU that is one.
    static bool is_full(Cohort const& cohort, Pool const& pool)
    {
        std::size_t members = 0;
        for (auto const& [seed, some] : pool) members += some.size();
        return members >= slice_size(cohort) || pool.size() >= static_cast<std::size_t>(cohort.unit_seeds);
    }
    bool begun(Cohort const* cohort) const
    {
        return std::any_of(pools_.begin(), pools_.end(), [&](auto const& p) { return p.first.first == cohort; });
    }
    // A pool that nothing under way can add to.
    auto partial() const
    {
        return std::find_if(pools_.begin(), pools_.end(), [&](auto const& p) {
            auto const found = running_.find(p.first.first);
            return found == running_.end() || found->second == 0;
        });
    }

    Task take_unit(typename std::deque<Unit>::iterator unit)
    {
        Unit some{unit->cohort, {}};
        auto const size = std::min(unit->seeds.size(), static_cast<std::size_t>(unit->cohort->unit_seeds));
        take_first(unit->seeds, some.seeds, size);
        if (unit->seeds.empty()) units_.erase(unit);
        return {std::move(some), std::nullopt};
    }

    Task take_slice(PoolKey key)
    {
        Ready<T> some{key.first, {}};
        auto& pool = pools_.at(key);
        for (int seeds = 0; seeds < key.first->unit_seeds && !pool.empty(); ++seeds) {
            auto& members = pool.begin()->second;
            auto const room = slice_size(*key.first) - some.members.size();
            std::vector<SliceMember<T>> first;
            take_first(members, first, std::min(room, members.size()));
            some.members.insert(some.members.end(), first.begin(), first.end());
            if (!members.empty()) break;
            pool.erase(pool.begin());
        }
        if (pool.empty()) pools_.erase(key);
        return {std::nullopt, std::move(some)};
    }

    template <class V>
    static void take_first(std::vector<V>& all, std::vector<V>& first, std::size_t count)
    {
        auto const end = all.begin() + static_cast<std::ptrdiff_t>(count);
        first.assign(all.begin(), end);
        all.erase(all.begin(), end);
    }

    Todo& todo_;
    std::atomic<bool>& stop_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Unit> units_;
    std::deque<Ready<T>> resumed_;
    std::map<PoolKey, Pool> pools_;
    using Cell = std::pair<Cohort const*, std::uint64_t>;
    std::set<Cell> to_measure_;  // seeds of units that are not measured yet
    std::map<Cell, std::shared_ptr<Initial<T> const>> initials_;
    std::map<Cohort const*, int> running_;  // tasks
    int running_in_all_ = 0;
    bool paused_ = false;
};

}  // namespace sg
