// SPDX-License-Identifier: MIT
#include "host/sweep.hpp"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "host/slice_run.hpp"

namespace sg {

namespace {

// Seeds whose λ₀ is measured together.
struct Unit {
    Cohort const* cohort;
    std::vector<std::uint64_t> seeds;
};

// Some of the c of a unit, ready to run: λ₀ is known.
template <class T>
struct Ready {
    Cohort const* cohort;
    std::shared_ptr<std::vector<Initial<T>> const> initials;
    std::vector<SliceMember<T>> members;
};

// What is left to do. A slice that is ready comes before a new unit, so that few λ₀ are kept at a time.
template <class T>
class Agenda {
public:
    Agenda(Study const& study, Plan const& plan, Todo const& todo, std::atomic<bool>& stop)
        : study_(study), todo_(todo), stop_(stop)
    {
        for (auto const& cohort : plan.cohorts) {
            Unit unit{&cohort, {}};
            for (auto const seed : study.seeds) {
                if (!todo.wants(cohort, seed)) continue;
                unit.seeds.push_back(seed);
                if (static_cast<int>(unit.seeds.size()) < cohort.unit_seeds) continue;
                units_.push_back(std::exchange(unit, {&cohort, {}}));
            }
            if (!unit.seeds.empty()) units_.push_back(std::move(unit));
        }
        // The costly ones first: the workers then end together.
        std::stable_sort(units_.begin(), units_.end(), [](Unit const& a, Unit const& b) {
            return a.cohort->flops > b.cohort->flops;
        });
    }

    struct Task {
        std::optional<Unit> unit;
        std::optional<Ready<T>> ready;
    };

    // Waits while nothing is ready but a unit under way may make something so. Empty: all done.
    std::optional<Task> take()
    {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] {
            return stop_ || !ready_.empty() || !units_.empty() || measuring_ == 0;
        });
        Task task;
        if (stop_) return std::nullopt;
        if (!ready_.empty()) {
            task.ready = std::move(ready_.front());
            ready_.pop_front();
        } else if (!units_.empty()) {
            task.unit = std::move(units_.front());
            units_.pop_front();
            ++measuring_;
        } else {
            return std::nullopt;
        }
        return task;
    }

    void measured(Unit const& unit, std::vector<Initial<T>> initials)
    {
        auto const shared = std::make_shared<std::vector<Initial<T>> const>(std::move(initials));
        std::lock_guard const lock(mutex_);
        Ready<T> slice{unit.cohort, shared, {}};
        for (auto const& initial : *shared) {
            for (double const c : study_.c) {
                if (!todo_.wants(*unit.cohort, initial.seed, c)) continue;
                slice.members.push_back({&initial, c});
                if (static_cast<int>(slice.members.size()) < unit.cohort->slice_nets) continue;
                ready_.push_back(slice);
                slice.members.clear();
            }
        }
        if (!slice.members.empty()) ready_.push_back(slice);
        --measuring_;
        changed_.notify_all();
    }

    void interrupt()
    {
        stop_ = true;
        std::lock_guard const lock(mutex_);
        changed_.notify_all();
    }

private:
    Study const& study_;
    Todo const& todo_;
    std::atomic<bool>& stop_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Unit> units_;
    std::deque<Ready<T>> ready_;
    int measuring_ = 0;
};

void count(Trajectory const& row, Counters& counters)
{
    counters.networks += 1;
    counters.diverged += row.status == RunStatus::diverged;
    counters.collapsed += row.status == RunStatus::collapsed;
    for (std::size_t t = 1; t < row.sharpness.size(); ++t) {
        bool const measured = row.sharpness_status[t] == SharpnessStatus::converged ||
                              row.sharpness_status[t] == SharpnessStatus::not_converged;
        counters.measurements += measured;
        counters.products += measured ? row.sharpness_products[t] : 0;
    }
}

template <class T>
class Sweep {
public:
    Sweep(Study const& study, Plan const& plan, Todo const& todo, Dataset const& dataset, int device,
          std::atomic<bool>& stop, Counters& counters, SliceSink const& sink)
        : study_(study), plan_(plan), device_(device), stop_(stop), counters_(counters), sink_(sink),
          agenda_(study, plan, todo, failed_), exec_(make_exec()),
          examples_(exec_, dataset, study.sharpness.examples)
    {
    }

    SweepResult run()
    {
        std::vector<std::thread> workers;
        for (int w = 0; w < plan_.workers; ++w) workers.emplace_back([this] { guarded_worker(); });
        for (auto& w : workers) w.join();
        if (fault_) std::rethrow_exception(fault_);
        result_.stopped = stop_;
        return result_;
    }

private:
    Exec make_exec() const { return device_ < 0 ? Exec::cpu() : Exec::cuda(device_); }

    void guarded_worker()
    {
        try {
            worker();
        } catch (...) {
            {
                std::lock_guard const lock(mutex_);
                if (!fault_) fault_ = std::current_exception();
            }
            stop_ = true;
            agenda_.interrupt();
        }
    }

    void worker()
    {
        Arena arena(exec_, plan_.arena_bytes);
        while (auto task = agenda_.take()) {
            auto const& cohort = task->unit ? *task->unit->cohort : *task->ready->cohort;
            arena.rewind(0);
            SliceRun<T> slice(exec_, arena, study_, cohort, examples_.data(), examples_.count(),
                              examples_.measurement(), &stop_);
            if (task->unit) {
                agenda_.measured(*task->unit, slice.measure_initial(task->unit->seeds));
                counters_.work += static_cast<std::int64_t>(
                    cohort.initial_flops * 1e-6 * static_cast<double>(task->unit->seeds.size()));
            } else {
                run_slice(slice, *task->ready);
            }
            if (stop_) return agenda_.interrupt();
        }
    }

    void run_slice(SliceRun<T>& slice, Ready<T> const& ready)
    {
        AuditTally audit;
        auto rows = slice.run(ready.members, audit, counters_.steps);
        for (auto const& row : rows) count(row, counters_);
        counters_.work += static_cast<std::int64_t>(ready.cohort->flops * 1e-6 *
                                                    static_cast<double>(rows.size()));
        if (!rows.empty()) sink_(std::move(rows), audit);
        std::lock_guard const lock(mutex_);
        result_.audit.add(audit);
    }

    Study const& study_;
    Plan const& plan_;
    int device_;
    std::atomic<bool>& stop_;
    std::atomic<bool> failed_{false};
    Counters& counters_;
    SliceSink const& sink_;
    Agenda<T> agenda_;
    Exec exec_;
    Examples<T> examples_;
    std::mutex mutex_;
    SweepResult result_;
    std::exception_ptr fault_;
};

}  // namespace

SweepResult sweep(Study const& study, Plan const& plan, Todo const& todo, Dataset const& dataset,
                  int device, std::atomic<bool>& stop, Counters& counters, SliceSink const& sink)
{
    if (plan.precision == Precision::single)
        return Sweep<float>(study, plan, todo, dataset, device, stop, counters, sink).run();
    return Sweep<double>(study, plan, todo, dataset, device, stop, counters, sink).run();
}

}  // namespace sg
