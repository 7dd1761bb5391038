// SPDX-License-Identifier: MIT
#include "host/store.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <ctime>
#include <mutex>
#include <new>
#include <thread>
#include <utility>

#include "cuda/exec/error.hpp"
#include "host/output_file.hpp"
#include "host/schema.hpp"
#include "host/store_rows.hpp"
#include "host/store_stream.hpp"
#include "host/store_write.hpp"

namespace sg {

namespace {

double seconds_since_1970() {
    auto const now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration<double>(now).count();
}

std::string iso_8601_now() {
    std::time_t const now = std::time(nullptr);
    std::tm parts{};
    gmtime_r(&now, &parts);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text;
}

// One NaN for all: 0/0 and a missing value differ in bits, and equal studies have equal files.
void normalise_nan(Trajectory& row) {
    auto const normalise = [](double& value) {
        if (std::isnan(value)) value = missing;
    };
    auto const each_member = [&](auto member) {
        using T = std::decay_t<decltype(row.*member)>;
        if constexpr (std::is_same_v<T, double>) normalise(row.*member);
        if constexpr (std::is_same_v<T, std::vector<double>>)
            for (double& value : row.*member) normalise(value);
    };
    for (schema::RunField const& field : schema::run_fields())
        std::visit(each_member, field.member);
    for (auto const* fields : {&schema::step_fields(), &schema::spectrum_fields()})
        for (schema::StepField const& field : *fields) std::visit(each_member, field.member);
}

void check_row(Trajectory const& row, Study const& study) {
    SG_EXPECT(std::isfinite(row.c) && row.c > 0);
    SG_EXPECT(row.swept.size() == study.swept.size());
    for (double const value : row.swept) SG_EXPECT(std::isfinite(value));
    auto const entries = static_cast<std::size_t>(study.steps) + 1;
    for (schema::StepField const& field : schema::step_fields())
        std::visit([&](auto member) { SG_EXPECT((row.*member).size() == entries); }, field.member);
    SG_EXPECT(schema::has_spectrum(row, study.spectrum));
}

double margin_of(Trajectory const& row, Study const& study) {
    return study.margin(study.variant_of(row.swept));
}

FileHead continued_head(Study const& study, Provenance const& from, StoredStudy const& kept) {
    FileHead head = head_of(study, from, iso_8601_now());
    if (kept.start_time.empty()) return head;
    head.start_time = kept.start_time;
    head.history = kept.history + "\n" + head.history;
    return head;
}

Growth growth_of(Study const& study) {
    std::uint64_t const points =
        study.depth.size() * study.width.size() * study.variants.size() * study.seeds.size();
    return {std::max<std::uint64_t>(points * study.c.size(), 1),
            std::max<std::uint64_t>(points, 1)};
}

}  // namespace

// Workers append to `pending_`; the writer's thread takes all of it for each commit. What it works
// on (stream_, rows_) is its own until it is joined.
struct Store::Impl {
    Impl(std::string path, Study const& study, Provenance const& from, StoredStudy kept,
         CommitPolicy const& policy, std::atomic<bool>* stop);

    void append(std::vector<Trajectory>&& rows, AuditTally const& audit,
                std::function<void()>&& committed);
    void finish_streaming();
    void write_final(StudyState state);
    AuditTally const& audit() const { return audit_; }
    Study const& study() const { return study_; }
    bool closed = false;

private:
    using Clock = std::chrono::steady_clock;

    void begin(StoredStudy&& kept);
    void write_until_ended();
    void commit(std::vector<Trajectory>&& rows);
    void fail(char const* reason);  // nullptr: no memory
    void refuse_if_failed() const;  // holding mutex_

    std::string const path_;
    Study const study_;
    FileHead const head_;
    CommitPolicy const policy_;
    std::atomic<bool>* stop_;
    RowsByPoint rows_;
    AuditTally audit_;
    std::unique_ptr<RowStream> stream_;

    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Trajectory> pending_;
    AuditTally pending_audit_;
    std::vector<std::function<void()>> pending_committed_;
    Clock::time_point first_pending_;
    bool ended_ = false;
    bool failed_ = false;
    std::string failure_;  // empty: there was no memory to say more
    std::thread writer_;
};

Store::Impl::Impl(std::string path, Study const& study, Provenance const& from, StoredStudy kept,
                  CommitPolicy const& policy, std::atomic<bool>* stop)
    : path_(std::move(path)),
      study_(study),
      head_(continued_head(study, from, kept)),
      policy_(policy),
      stop_(stop) {
    SG_EXPECT(policy.networks > 0 && policy.seconds >= 0);
    begin(std::move(kept));
    writer_ = std::thread([this] { write_until_ended(); });
}

// The file is whole, and being streamed, before it gets its name.
void Store::Impl::begin(StoredStudy&& kept) {
    audit_ = kept.audit;
    std::vector<double> kept_margins;
    for (Trajectory const& row : kept.rows) kept_margins.push_back(margin_of(row, study_));
    rows_.add(std::move(kept.rows), kept_margins);
    auto [rows, margins] = rows_.take_sorted();
    FileContent const content{
        head_, rows, margins, StudyState::running, audit_, seconds_since_1970(), growth_of(study_)};
    try {
        OutputFile file(path_);
        write_file(file, content);
        stream_ = std::make_unique<RowStream>(file.temporary(), content);
        file.publish();
    } catch (h5::Error const& error) {
        throw ResourceError("cannot write " + path_ + ": " + error.what());
    }
    rows_.add(std::move(rows), margins);
    rows_.take_changed();
}

void Store::Impl::refuse_if_failed() const {
    if (!failed_) return;
    if (failure_.empty()) throw std::bad_alloc();
    throw ResourceError(failure_);
}

void Store::Impl::append(std::vector<Trajectory>&& rows, AuditTally const& audit,
                         std::function<void()>&& committed) {
    auto const most = 2 * static_cast<std::size_t>(policy_.networks);
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return pending_.size() < most || failed_; });
    refuse_if_failed();
    if (pending_.empty()) first_pending_ = Clock::now();
    for (Trajectory& row : rows) pending_.push_back(std::move(row));
    pending_audit_.add(audit);
    if (committed) pending_committed_.push_back(std::move(committed));
    changed_.notify_all();
}

void Store::Impl::write_until_ended() {
    auto const interval = std::chrono::duration<double>(policy_.seconds);
    std::unique_lock lock(mutex_);
    while (!failed_) {
        changed_.wait(lock, [&] { return !pending_.empty() || ended_; });
        if (pending_.empty()) return;
        auto const due = first_pending_ + std::chrono::duration_cast<Clock::duration>(interval);
        changed_.wait_until(lock, due, [&] {
            return ended_ || pending_.size() >= static_cast<std::size_t>(policy_.networks);
        });
        auto rows = std::exchange(pending_, {});
        auto const committed = std::exchange(pending_committed_, {});
        audit_.add(std::exchange(pending_audit_, {}));
        changed_.notify_all();
        lock.unlock();
        try {
            commit(std::move(rows));
            for (auto const& call : committed) call();
        } catch (std::bad_alloc const&) {
            fail(nullptr);
        } catch (std::exception const& error) {
            fail(error.what());
        }
        lock.lock();
    }
}

void Store::Impl::commit(std::vector<Trajectory>&& rows) {
    std::vector<double> margins;
    for (Trajectory const& row : rows) margins.push_back(margin_of(row, study_));
    std::vector<Trajectory> const written = rows;
    rows_.add(std::move(rows), margins);
    stream_->commit(written, margins, rows_.take_changed(), audit_, seconds_since_1970());
}

void Store::Impl::fail(char const* reason) {
    std::scoped_lock const lock(mutex_);
    failed_ = true;
    try {
        failure_ = (reason ? "cannot write " + path_ + ": " + reason
                           : "not enough memory to write " + path_) +
                   ". What was committed before is kept: make room, then run the same command "
                   "again";
    } catch (std::bad_alloc const&) {
        failure_.clear();
    }
    if (stop_) *stop_ = true;
    changed_.notify_all();
}

void Store::Impl::finish_streaming() {
    {
        std::scoped_lock const lock(mutex_);
        ended_ = true;
        changed_.notify_all();
    }
    if (writer_.joinable()) writer_.join();
    refuse_if_failed();
}

// Should the disk have no room for the copy, the streamed file still holds all rows.
void Store::Impl::write_final(StudyState state) {
    auto const [rows, margins] = rows_.take_sorted();
    try {
        write_closed(path_, {head_, rows, margins, state, audit_, seconds_since_1970()});
    } catch (ResourceError const& error) {
        throw ResourceError(std::string(error.what()) +
                            ". All networks are kept: make room, then run the same command again");
    }
    try {
        stream_->close();  // its file has no name any more
    } catch (h5::Error const&) {
    }
}

Store::Store(OutputLock const& lock, Study const& study, Provenance const& provenance,
             StoredStudy kept, CommitPolicy const& policy, std::atomic<bool>* stop)
    : impl_(std::make_unique<Impl>(lock.path(), study, provenance, std::move(kept), policy, stop)) {
}

Store::~Store() {
    try {
        if (!impl_->closed) close(StudyState::stopped);
    } catch (...) {
    }
}

void Store::append(std::vector<Trajectory> rows, AuditTally const& audit,
                   std::function<void()> committed) {
    SG_EXPECT(!impl_->closed);
    for (Trajectory& row : rows) {
        check_row(row, impl_->study());
        normalise_nan(row);
    }
    impl_->append(std::move(rows), audit, std::move(committed));
}

void Store::close(StudyState state) {
    SG_EXPECT(!impl_->closed);
    impl_->closed = true;
    impl_->finish_streaming();
    impl_->write_final(state);
}

AuditTally Store::audit() const {
    SG_EXPECT(impl_->closed);
    return impl_->audit();
}

}  // namespace sg
