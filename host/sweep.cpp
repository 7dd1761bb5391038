// SPDX-License-Identifier: MIT
#include "host/sweep.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "cuda/exec/device_fault.hpp"
#include "host/agenda.hpp"
#include "host/cost.hpp"
#include "host/examples.hpp"

namespace sg {

namespace {

void count(Trajectory const& row, Counters& counters)
{
    counters.networks += 1;
    counters.diverged += row.status == RunStatus::diverged;
    counters.collapsed += row.status == RunStatus::collapsed;
    for (std::size_t t = 1; t < row.sharpness.size(); ++t) {
        SharpnessStatus const status = row.sharpness_status[t];
        bool const measured =
            status != SharpnessStatus::collapsed && status != SharpnessStatus::not_measured;
        counters.measurements += measured;
        counters.products += measured ? row.sharpness_products[t] : 0;
    }
}

// A device, or the CPU, and the data set where it can be read.
template <class T>
struct Place {
    Place(int ordinal, Dataset const& dataset, std::int64_t measured)
        : exec(exec_of(ordinal)), examples(exec, dataset, measured)
    {
    }
    static Exec exec_of(int ordinal, int threads = 1)
    {
        return ordinal < 0 ? Exec::cpu(0, threads) : Exec::cuda(ordinal);
    }

    Exec exec;
    Examples<T> examples;
};

template <class T>
class Sweep {
public:
    Sweep(Study const& study, Plan const& plan, Todo& todo, Dataset const& dataset,
          std::atomic<bool>& stop, Counters& counters, SliceSink const& sink,
          Checkpoints const& checkpoints)
        : study_(study), plan_(plan), shape_{dataset.examples, dataset.inputs, dataset.classes},
          stop_(stop), counters_(counters), sink_(sink), policy_(checkpoints.policy), cohorts_(plan.cohorts),
          agenda_(study, cohorts_, todo, checkpoints.found, failed_)
    {
        // Before OpenBLAS is used: examples are factored below.
        prepare_workers(plan.space() == Space::cpu ? plan.workers * plan.threads : 1);
        for (int w = 0; w < plan.workers; ++w) {
            auto& place = places_[plan.device_of(w)];
            if (!place)
                place = std::make_unique<Place<T>>(plan.device_of(w), dataset,
                                                   study.loss_examples(dataset.examples));
        }
    }

    SweepResult run()
    {
        do {
            run_workers();
            if (fault_) std::rethrow_exception(fault_);
        } while (halve_slices());
        result_.stopped = stop_;
        return result_;
    }

private:
    // A worker that cannot be made, as one that fails, ends the others.
    void run_workers()
    {
        std::vector<std::thread> workers;
        try {
            for (int w = 0; w < plan_.workers; ++w)
                workers.emplace_back([this, w] { guarded_worker(plan_.device_of(w)); });
        } catch (...) {
            end_with(std::current_exception());
        }
        for (auto& w : workers) w.join();
    }

    void guarded_worker(int device)
    {
        try {
            worker(device);
        } catch (...) {
            end_with(std::current_exception());
        }
    }

    void end_with(std::exception_ptr fault)
    {
        {
            std::lock_guard const lock(mutex_);
            if (!fault_) fault_ = std::move(fault);
        }
        stop_ = true;
        agenda_.interrupt();
    }

    std::size_t arena_bytes() const
    {
        std::size_t most = 0;
        for (auto const& c : cohorts_) most = std::max(most, c.arena_bytes);
        return most;
    }

    // Takes tasks until there are none. Out of device memory, it puts back what it could not do.
    void worker(int device)
    {
        auto const& place = *places_.at(device);
        std::optional<typename Agenda<T>::Task> task;
        try {
            Exec const exec = Place<T>::exec_of(device, plan_.threads);
            SG_EXPECT(exec.on_cpu() || device_model_of(exec.model()) == plan_.machine.model);
            Arena arena(exec, arena_bytes());
            std::unique_ptr<SliceRun<T>> slice;  // kept while the cohort stays the same, and its graphs with it
            Cohort const* cohort = nullptr;
            while ((task = agenda_.take())) {
                if (cohort != &task->cohort()) {
                    slice.reset();
                    cohort = &task->cohort();
                    arena.rewind(0);
                    slice = std::make_unique<SliceRun<T>>(
                        exec, arena, study_, *cohort, place.examples.data(), place.examples.count(),
                        place.examples.measurement(), &stop_, policy_);
                }
                run_task(*slice, *task);
                if (stop_) return agenda_.interrupt();
            }
        } catch (OutOfDeviceMemory const& error) {
            if (largest_slice() == 1) throw;
            std::lock_guard const lock(mutex_);
            out_of_memory_ = error.what();
            if (task) agenda_.put_back(std::move(*task));
        }
    }

    void run_task(SliceRun<T>& slice, typename Agenda<T>::Task const& task)
    {
        auto const& cohort = task.cohort();
        if (task.ready) return run_slice(slice, *task.ready);
        auto initials = slice.measure_initial(task.unit->seeds);
        agenda_.measured(*task.unit, std::move(initials));
        counters_.work += static_cast<std::int64_t>(cohort.initial_flops * 1e-3 *
                                                    static_cast<double>(task.unit->seeds.size()));
    }

    void run_slice(SliceRun<T>& slice, Ready<T> const& ready)
    {
        AuditTally audit;
        auto rows = slice.run(ready.members, audit, counters_.steps);
        if (rows.empty()) return;  // stopped
        for (auto const& row : rows) count(row, counters_);
        counters_.work += static_cast<std::int64_t>(ready.cohort->flops * 1e-3 *
                                                    static_cast<double>(rows.size()));
        agenda_.finished(ready, rows);
        sink_(std::move(rows), audit, slice.checkpoint());
        std::lock_guard const lock(mutex_);
        result_.audit.add(audit);
    }

    int largest_slice() const
    {
        int most = 1;
        for (auto const& c : cohorts_) most = std::max(most, c.slice_nets);
        return most;
    }

    // After the workers ended: whether one of them ran out of device memory, and all shall go on with half as
    // many networks in a slice, which changes no number.
    bool halve_slices()
    {
        if (out_of_memory_.empty() || stop_) return false;
        for (auto& c : cohorts_)
            set_slice(c, (c.slice_nets + 1) / 2, study_, shape_, plan_.space(), plan_.precision);
        spdlog::warn("{}: going on with slices of at most {} networks", out_of_memory_, largest_slice());
        out_of_memory_.clear();
        agenda_.resume();
        return true;
    }

    Study const& study_;
    Plan const& plan_;
    DatasetShape shape_;
    std::atomic<bool>& stop_;
    std::atomic<bool> failed_{false};
    Counters& counters_;
    SliceSink const& sink_;
    CheckpointPolicy const& policy_;
    std::vector<Cohort> cohorts_;  // of the plan; their slices may become smaller
    Agenda<T> agenda_;
    std::map<int, std::unique_ptr<Place<T>>> places_;
    std::mutex mutex_;
    std::string out_of_memory_;
    SweepResult result_;
    std::exception_ptr fault_;
};

}  // namespace

SweepResult sweep(Study const& study, Plan const& plan, Todo& todo, Dataset const& dataset,
                  std::atomic<bool>& stop, Counters& counters, SliceSink const& sink,
                  Checkpoints const& checkpoints)
{
    if (plan.precision == Precision::single)
        return Sweep<float>(study, plan, todo, dataset, stop, counters, sink, checkpoints).run();
    return Sweep<double>(study, plan, todo, dataset, stop, counters, sink, checkpoints).run();
}

}  // namespace sg
