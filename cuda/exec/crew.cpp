// SPDX-License-Identifier: MIT
#include "cuda/exec/crew.hpp"

#include <utility>

#include "cuda/exec/error.hpp"

namespace sg {

namespace {

// Launches follow each other within microseconds, so threads look for the next one for longer than it takes to be put to
// sleep and woken; but soon they let others have the core between two looks: there may be fewer cores than threads.
constexpr int looks = 5000, looks_alone = 500;

void pause()
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

// Blocks while the value is `old`.
template <class T>
T wait_while(std::atomic<T> const& value, T old)
{
    for (int i = 0; i < looks; ++i) {
        T const now = value.load(std::memory_order_acquire);
        if (now != old) return now;
        if (i < looks_alone)
            pause();
        else
            std::this_thread::yield();
    }
    value.wait(old, std::memory_order_acquire);
    return value.load(std::memory_order_acquire);
}

}  // namespace

Crew::Crew(int threads)
{
    SG_EXPECT(threads >= 1);
    try {
        for (int part = 1; part < threads; ++part) others_.emplace_back([this, part] { follow(part); });
    } catch (...) {
        dismiss();
        throw;
    }
}

Crew::~Crew() { dismiss(); }

void Crew::dismiss()
{
    over_ = true;
    call_.fetch_add(1, std::memory_order_release);
    call_.notify_all();
    for (auto& thread : others_) thread.join();
}

void Crew::guarded(int part)
{
    try {
        work_(what_, part);
    } catch (...) {
        std::lock_guard const lock(mutex_);
        if (!fault_) fault_ = std::current_exception();
    }
}

void Crew::follow(int part)
{
    for (unsigned seen = 0;;) {
        seen = wait_while(call_, seen);
        if (over_) return;
        guarded(part);
        if (busy_.fetch_sub(1, std::memory_order_acq_rel) == 1) busy_.notify_one();
    }
}

void Crew::run(Work work, void const* what)
{
    SG_EXPECT(work != nullptr);
    SG_EXPECT(busy_ == 0);  // one caller at a time
    work_ = work;
    what_ = what;
    busy_.store(static_cast<int>(others_.size()), std::memory_order_relaxed);
    call_.fetch_add(1, std::memory_order_release);
    call_.notify_all();
    guarded(0);
    for (int left = busy_.load(std::memory_order_acquire); left > 0;) left = wait_while(busy_, left);
    if (fault_) std::rethrow_exception(std::exchange(fault_, nullptr));
}

}  // namespace sg
