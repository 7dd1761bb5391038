// SPDX-License-Identifier: MIT
// `sharpgrid watch`: an output file, again and again, until nothing writes it.
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>

#include <atomic>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <tuple>

#include "host/commands.hpp"
#include "host/watch_view.hpp"

namespace sg {

namespace {

using Lines = std::vector<std::string>;

std::atomic<bool> ended{false};      // the user has seen enough
std::atomic<bool> disturbed{false};  // the window changed, or another program had it

void listen() {
    struct sigaction action {};
    action.sa_flags = SA_RESTART;  // of everything but nap()
    action.sa_handler = [](int) { ended = true; };
    for (int const number : {SIGINT, SIGTERM, SIGHUP}) ::sigaction(number, &action, nullptr);
    action.sa_handler = [](int) { disturbed = true; };
    for (int const number : {SIGWINCH, SIGCONT}) ::sigaction(number, &action, nullptr);
}

// A signal ends it.
void nap(double seconds) {
    constexpr timespec moment{0, 50'000'000};
    for (double slept = 0; slept < seconds && !ended && !disturbed; slept += 0.05)
        ::nanosleep(&moment, nullptr);
}

double now() {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

// In s; missing where a file claims a time that no run can have.
double span(double from, double to) {
    double const seconds = to - from;
    return seconds < 1e10 ? std::max(0.0, seconds) : missing;
}

// Changes with every commit, and with every other file of the name.
using Stamp = std::tuple<dev_t, ino_t, off_t, std::time_t, long>;
std::optional<Stamp> stamp_of(std::string const& path) {
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0) return {};
    return Stamp{found.st_dev, found.st_ino, found.st_size, found.st_mtim.tv_sec,
                 found.st_mtim.tv_nsec};
}

class Watcher {
public:
    explicit Watcher(std::string path) { watched_.path = std::move(path); }

    // DataError: there is no such file, or it cannot be read.
    void look() {
        held_ = is_locked(watched_.path);  // first: what is read without a writer is final
        auto const stamp = stamp_of(watched_.path);
        if (!stamp && !held_) refuse_missing();
        if (stamp && stamp != stamp_) {
            take(read());
            stamp_ = stamp;
        }
        if (seen()) set_life();
    }
    bool seen() const { return stamp_.has_value(); }
    bool held() const { return held_; }
    Watched const& watched() const { return watched_; }

private:
    [[noreturn]] void refuse_missing() const {
        throw DataError(
            "cannot read " + watched_.path +
            (seen() ? ": it was removed while it was watched."
                    : ": no such file, and no run is about to write it. Give the file that "
                      "`sharpgrid run` names (-o, or output.file of the study)."));
    }

    // A run may put another file in its place while it is opened, or commit faster than it is read.
    StoredStudy read() {
        constexpr int attempts = 5;
        for (int attempt = 1;; ++attempt) {
            try {
                return read_store(watched_.path, Killed::read);
            } catch (DataError const&) {
                if (attempt == attempts || ended) throw;
            }
            nap(0.1);
        }
    }

    void take(StoredStudy&& stored) {
        StoredStudy const before = std::exchange(watched_.stored, std::move(stored));
        StoredStudy const& after = watched_.stored;
        bool const other_study =
            !outlook_ || before.digest != after.digest || before.shard != after.shard;
        bool const other_run = other_study || before.history != after.history;
        if (outlook_ && before.start_time != after.start_time) watched_.replaced = true;
        if (other_study) outlook_.emplace(after);
        watched_.study = outlook_->study();
        watched_.headway = outlook_->headway(after.rows);
        if (!watched_.headway) return;
        if (other_run) {
            pace_ = {};
            if (is_first_run(after)) pace_.begin(begin_of_run(after), watched_.headway->work);
        }
        pace_.see(after.end_time, watched_.headway->left);
    }

    void set_life() {
        StoredStudy const& stored = watched_.stored;
        if (!stored.closed)
            watched_.life = held_ ? Life::running : Life::killed;
        else if (held_)
            watched_.life = Life::held;
        else
            watched_.life = stored.state == StudyState::complete ? Life::complete : Life::stopped;
        double const time = now();
        bool const runs = watched_.life == Life::running;
        watched_.since_commit = span(stored.end_time, time);
        watched_.elapsed = span(begin_of_run(stored), runs ? time : stored.end_time);
        watched_.left = missing;
        if (runs && watched_.headway)
            watched_.left = span(0, pace_.seconds_left(time, watched_.headway->work));
    }

    Watched watched_;
    std::optional<Outlook> outlook_;
    Pace pace_;
    std::optional<Stamp> stamp_;
    bool held_ = false;
};

std::string joined(Lines const& lines) {
    std::string text;
    for (std::string const& line : lines) text += line + "\n";
    return text;
}

std::string waiting_text(std::string const& path) {
    return path + ": its run has not begun to write it yet";
}

// Reading and drawing may take a sixth of the time.
double pause_after(double begun) { return std::max(1.0, 5 * (now() - begun)); }

void draw_until_ended(Watcher& watcher) {
    constexpr std::size_t looks_per_turn = 4;
    Screen screen;
    for (std::size_t number = 0; !ended; ++number) {
        double const begun = now();
        if (disturbed.exchange(false)) screen.forget();
        watcher.look();
        WindowSize const size = window_size();
        screen.show(watcher.seen() ? window_of(watcher.watched(), size, wants_colour(),
                                               number / looks_per_turn)
                                   : Lines{waiting_text(watcher.watched().path)},
                    size);
        if (!watcher.held()) return;
        nap(pause_after(begun));
    }
}

// A line for each commit, then all of it.
void print_until_ended(Watcher& watcher) {
    std::string last;
    while (!ended) {
        double const begun = now();
        disturbed = false;
        watcher.look();
        Watched const& watched = watcher.watched();
        if (!watcher.held()) return write_out(joined(snapshot(watched, window_size().columns)));
        std::string line;
        if (!watcher.seen()) line = waiting_text(watched.path);
        if (watcher.seen() && watched.life == Life::running) line = progress_of(watched);
        // The time alone changes as well.
        auto const key = fmt::format("{} {}", line.empty(), watched.stored.end_time);
        if (!line.empty() && key != last) write_out(line + "\n");
        if (!line.empty()) last = key;
        nap(pause_after(begun));
    }
}

}  // namespace

ExitCode watch_command(std::string const& file) {
    listen();
    Watcher watcher(file);
    if (can_redraw())
        draw_until_ended(watcher);
    else
        print_until_ended(watcher);
    if (ended || watcher.watched().life == Life::complete) return ExitCode::done;
    return ExitCode::stopped;
}

}  // namespace sg
