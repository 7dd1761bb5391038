// SPDX-License-Identifier: MIT
// Progress of a run: one line that is rewritten on a terminal, plain lines now and then elsewhere.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

namespace sg {

// Counted by the workers.
struct Counters {
    std::atomic<std::int64_t> networks{0}, diverged{0}, collapsed{0};
    std::atomic<std::int64_t> steps{0};     // network · steps
    std::atomic<std::int64_t> products{0};  // after step 0
    std::atomic<std::int64_t> measurements{0};
    std::atomic<std::int64_t> work{0};      // kflop, as planned
};

// Prints from a thread of its own until it is destroyed.
class Progress {
public:
    Progress(Counters const& counters, std::int64_t networks, double work_kflop);
    ~Progress();
    Progress(Progress const&) = delete;
    Progress& operator=(Progress const&) = delete;

private:
    void print(bool last);

    Counters const& counters_;
    std::int64_t networks_;
    double work_;
    bool terminal_;
    std::chrono::steady_clock::time_point start_;
    std::mutex mutex_;
    std::condition_variable ended_;
    bool end_ = false;
    std::thread thread_;
};

}  // namespace sg
