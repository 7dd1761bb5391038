// SPDX-License-Identifier: MIT
#include "host/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <new>

#include "host/plan.hpp"

namespace sg {

Progress::Progress(Counters const& counters, std::int64_t networks, double work_kflop)
    : counters_(counters), networks_(networks), work_(work_kflop), terminal_(isatty(STDERR_FILENO)),
      start_(std::chrono::steady_clock::now())
{
    thread_ = std::thread([this] {
        std::unique_lock lock(mutex_);
        auto const every = terminal_ ? std::chrono::milliseconds(500) : std::chrono::seconds(15);
        while (!ended_.wait_for(lock, every, [this] { return end_; })) print(false);
    });
}

Progress::~Progress()
{
    {
        std::lock_guard const lock(mutex_);
        end_ = true;
    }
    ended_.notify_all();
    thread_.join();
    print(true);
}

void Progress::print(bool last)
try {
    std::chrono::duration<double> const elapsed = std::chrono::steady_clock::now() - start_;
    double const done = work_ > 0 ? static_cast<double>(counters_.work) / work_ : 1;
    // No estimate before there is something to base it on.
    auto const left = done > 0.01 && !last
                          ? ", " + human_time(elapsed.count() * (1 - done) / done) + " left"
                          : std::string();
    auto const line = fmt::format("{}/{} networks, {} diverged, {:.0f} % of the work, {} elapsed{}",
                                  counters_.networks.load(), networks_, counters_.diverged.load(),
                                  100 * std::min(done, 1.0), human_time(elapsed.count()), left);
    if (terminal_)
        fmt::print(stderr, "\r\x1b[K{}{}", line, last ? "\n" : "");
    else
        fmt::print(stderr, "{}\n", line);
    std::fflush(stderr);
} catch (std::bad_alloc const&) {  // a line less
}

}  // namespace sg
