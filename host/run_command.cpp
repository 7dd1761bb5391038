// SPDX-License-Identifier: MIT
// `sharpgrid run`: a study from nothing, or from what its file holds, to its end.
#include <signal.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <thread>

#include "host/continuation.hpp"
#include "host/machine.hpp"
#include "host/output_file.hpp"
#include "host/prepare.hpp"
#include "host/sweep.hpp"

namespace sg {

namespace {

std::atomic<bool> stop_requested{false};
std::atomic<int> signals_seen{0};

// The first signal ends the run between two steps. The second one ends it at once: what is committed can
// be read, as after a kill.
void request_stop(int)
{
    stop_requested = true;
    if (signals_seen.fetch_add(1) == 0) return;
    constexpr char text[] = "\nstopped at once: the same command goes on from the last commit\n";
    static_cast<void>(!::write(STDERR_FILENO, text, sizeof text - 1));
    _exit(static_cast<int>(ExitCode::stopped));
}

void listen_for_signals()
{
    struct sigaction action {};
    action.sa_handler = request_stop;
    action.sa_flags = SA_RESTART;
    for (int const number : {SIGINT, SIGTERM, SIGUSR1}) ::sigaction(number, &action, nullptr);
    ::signal(SIGXFSZ, SIG_IGN);  // a limit on the size of files is met like a full disk
}

// Asks for a stop when the time is over; 0: never.
class TimeLimit {
public:
    explicit TimeLimit(double seconds)
    {
        if (seconds > 0) thread_ = std::jthread([this, seconds](std::stop_token ended) {
            std::unique_lock lock(mutex_);
            never_.wait_for(lock, ended, std::chrono::duration<double>(seconds), [] { return false; });
            if (!ended.stop_requested()) stop_requested = true;
        });
    }

private:
    std::mutex mutex_;
    std::condition_variable_any never_;
    std::jthread thread_;  // the last member: it ends before the others go
};

Provenance provenance_of(RunOptions const& options, Prepared const& prepared, Dataset const& data,
                         std::string const& device)
{
    Provenance p;
    p.source = version_text();
    p.device = device;
    p.libraries = device;
    p.precision = options.precision;
    p.shard = prepared.shard.text();
    p.data_name = prepared.study.data.set;
    p.data_sha256 = data.sha256;
    p.data_examples = data.examples;
    p.command = options.command;
    return p;
}

void report_end(Counters const& counters, SweepResult const& result)
{
    auto const measured = std::max<std::int64_t>(counters.measurements, 1);
    spdlog::info("{} networks: {} diverged, {} collapsed; {:.2f} products per measurement; audit: {} "
                 "of {} missed (worst {:.1e})",
                 counters.networks.load(), counters.diverged.load(), counters.collapsed.load(),
                 static_cast<double>(counters.products) / static_cast<double>(measured),
                 result.audit.misses, result.audit.measurements, result.audit.worst);
}

// The part of the command from a locked file to its closed form.
struct Run {
    RunOptions const& options;
    Prepared const& prepared;
    OutputLock const& lock;

    ExitCode operator()(StoredStudy&& kept);
    ExitCode train(Plan const& plan, Dataset const& data, std::string const& device,
                   StoredStudy&& kept);
    Checkpoints take_up_checkpoints(Plan const& plan, Dataset const& data, Todo& todo) const;
};

ExitCode Run::operator()(StoredStudy&& kept)
{
    Study const& study = prepared.study;
    auto const plan = plan_of(prepared, options);
    check_memory(plan);
    auto const data = load_dataset(study.data);
    check_sizes(study, {data.examples, data.inputs, data.classes});
    check_data(lock.path(), kept, data);
    auto const description = describe(plan.machine);
    spdlog::info("{}: {} networks, {}, {} of memory planned; {}", study.name, plan.networks,
                 workers_text(plan), human_bytes(static_cast<double>(plan.host_bytes)), description);
    return train(plan, data, description, std::move(kept));
}

Checkpoints Run::take_up_checkpoints(Plan const& plan, Dataset const& data, Todo& todo) const
{
    CheckpointPolicy const policy{checkpoint_folder(lock.path()),
                                  continuation_key(prepared.study, options.precision, data),
                                  options.checkpoint_seconds};
    auto found = find_checkpoints(policy, prepared.study, plan.precision, plan.cohorts, todo);
    for (auto const& f : found) {
        auto const& head = f.checkpoint->head();
        spdlog::info("{} networks of depth {} and width {} go on from step {}", head.rows.size(), head.depth,
                     head.width, head.step);
    }
    return {policy, std::move(found)};
}

ExitCode Run::train(Plan const& plan, Dataset const& data, std::string const& device,
                   StoredStudy&& kept)
{
    Study const& study = prepared.study;
    Todo todo(study, plan.cohorts, prepared.shard, kept.rows);
    auto const checkpoints = take_up_checkpoints(plan, data, todo);
    Counters counters;
    counters.networks = todo.done();
    for (Trajectory const& row : kept.rows) {
        counters.diverged += row.status == RunStatus::diverged;
        counters.collapsed += row.status == RunStatus::collapsed;
    }
    Store store(lock, study, provenance_of(options, prepared, data, device), std::move(kept),
                {options.commit_networks, options.commit_seconds}, &stop_requested);
    SweepResult result;
    {
        Progress const progress(counters, todo.networks(), todo.flops() * 1e-3);
        result = sweep(study, plan, todo, data, stop_requested, counters,
                       [&](std::vector<Trajectory>&& rows, AuditTally const& audit,
                           std::string const& checkpoint) {
                           std::function<void()> remove;
                           if (!checkpoint.empty())
                               remove = [checkpoint] { remove_checkpoint(checkpoint); };
                           store.append(std::move(rows), audit, remove);
                       },
                       checkpoints);
    }
    bool const complete = todo.complete();
    store.close(complete ? StudyState::complete : StudyState::stopped);
    if (complete) remove_checkpoints(lock.path());
    result.audit = store.audit();
    report_end(counters, result);
    spdlog::info("{} {}", lock.path(),
                 complete ? "is complete" : "holds what was finished: the same command goes on");
    return complete ? ExitCode::done : ExitCode::stopped;
}

}  // namespace

ExitCode run_command(RunOptions const& options)
{
    double const limit = options.max_time.empty() ? 0 : seconds_of("--max-time", options.max_time);
    auto const prepared = prepare(options);
    listen_for_signals();
    TimeLimit const time_limit(limit);
    OutputLock const lock(prepared.output);
    StoredStudy kept;
    if (options.overwrite)
        remove_checkpoints(prepared.output);
    else
        kept = take_up(prepared.output, prepared.study, options.precision,
                       prepared.shard);
    if (kept.state == StudyState::complete && kept.digest == prepared.study.digest) {
        remove_temporary(prepared.output);
        remove_checkpoints(prepared.output);
        spdlog::info("{} is complete: nothing to do (--overwrite runs it again)", prepared.output);
        return ExitCode::done;
    }
    return Run{options, prepared, lock}(std::move(kept));
}

}  // namespace sg
