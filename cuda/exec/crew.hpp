// SPDX-License-Identifier: MIT
// Threads that share the launches of one CPU worker, where there are fewer networks than cores. Who computes an
// index changes no bit of it, so numbers do not depend on how many there are.
#pragma once

#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace sg {

class Crew {
public:
    // The caller of `run` is one of them. std::system_error where a thread cannot be made.
    explicit Crew(int threads);
    ~Crew();
    Crew(Crew const&) = delete;
    Crew& operator=(Crew const&) = delete;

    int threads() const { return static_cast<int>(others_.size()) + 1; }

    // work(what, part) for 0 ≤ part < threads(), each in a thread of its own; returns, or throws what one of them threw,
    // when all are done. For one caller at a time.
    using Work = void (*)(void const* what, int part);
    void run(Work work, void const* what);

private:
    void guarded(int part);
    void follow(int part);
    void dismiss();

    std::vector<std::thread> others_;
    Work work_ = nullptr;
    void const* what_ = nullptr;
    std::atomic<unsigned> call_{0};  // counts calls of run
    std::atomic<int> busy_{0};       // threads of others_ that are not done with it
    std::atomic<bool> over_{false};
    std::mutex mutex_;
    std::exception_ptr fault_;
};

}  // namespace sg
