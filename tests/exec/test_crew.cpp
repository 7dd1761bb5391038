// SPDX-License-Identifier: MIT
#include "cuda/exec/crew.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "cuda/exec/each.hpp"
#include "cuda/exec/error.hpp"
#include "cuda/exec/rows.hpp"
#include "tests/support/arrays.hpp"
#include "tests/support/random.hpp"

namespace sg::test {
namespace {

TEST(Crew, EachPartIsDoneOnceByAThreadOfItsOwn) {
    for (int const threads : {1, 2, 5}) {
        Crew crew(threads);
        ASSERT_EQ(crew.threads(), threads);
        for (int call = 0; call < 200; ++call) {
            std::vector<std::thread::id> by(static_cast<std::size_t>(threads));
            std::vector<int> times(by.size(), 0);
            auto const work = [&](int part) {
                by[static_cast<std::size_t>(part)] = std::this_thread::get_id();
                ++times[static_cast<std::size_t>(part)];
            };
            crew.run([](void const* f, int part) { (*static_cast<decltype(work)*>(f))(part); }, &work);
            EXPECT_EQ(times, std::vector<int>(by.size(), 1));
            EXPECT_EQ(std::set(by.begin(), by.end()).size(), by.size());
            EXPECT_EQ(by[0], std::this_thread::get_id());
            // Now and then for so long that the others fall asleep.
            if (call % 100 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
    }
}

TEST(Crew, AFaultOfAnyPartReachesTheCallerAndTheCrewGoesOn) {
    Exec const exec = Exec::cpu(0, 3);
    for (std::int64_t const bad : {0, 1, 2}) {
        EXPECT_THROW(exec.share(3, 1, 1,
                                [&](std::int64_t first, std::int64_t) {
                                    if (first == bad) throw UserError("planted");
                                }),
                     UserError);
        std::atomic<int> done{0};
        exec.share(3, 1, 1, [&](std::int64_t, std::int64_t) { ++done; });
        EXPECT_EQ(done, 3);
    }
}

TEST(Crew, PartsCoverAllIndicesFromMultiplesOfTheGrain) {
    for (int const threads : {1, 2, 4}) {
        Exec const exec = Exec::cpu(0, threads);
        for (std::int64_t const n : {0, 1, 47, 48, 96, 97, 1000}) {
            for (std::int64_t const least : {0, 1, 100, 400}) {
                std::mutex mutex;
                std::vector<std::pair<std::int64_t, std::int64_t>> parts;
                exec.share(n, least, 48, [&](std::int64_t first, std::int64_t last) {
                    std::lock_guard const lock(mutex);
                    parts.emplace_back(first, last);
                });
                std::sort(parts.begin(), parts.end());
                EXPECT_LE(parts.size(), static_cast<std::size_t>(threads));
                auto const fit = n / std::max<std::int64_t>(least, 48);
                EXPECT_EQ(static_cast<std::int64_t>(parts.size()), std::clamp<std::int64_t>(fit, 1, threads));
                std::int64_t at = 0;
                for (auto const& [first, last] : parts) {
                    EXPECT_EQ(first, at);
                    EXPECT_EQ(first % 48, 0);
                    EXPECT_TRUE(parts.size() == 1 || last - first >= least / 48 * 48);
                    at = last;
                }
                EXPECT_EQ(at, n);
            }
        }
    }
}

struct Wave {
    View<float const, 2> from;
    View<float, 2> to;
    SG_FN void operator()(int n, std::int64_t i) const { to(n, i) = 0.3F * from(n, i) + from(n, i) / 7; }
};

struct Term {
    View<float const, 2> a;
    SG_FN double operator()(int n, std::int64_t i, int k) const { return a(n, i) / (k + 3.0); }
};

// Two networks, one of them skipped, of which many indices are shared.
TEST(Crew, ElementsAndSumsHaveTheBitsOfOneThread) {
    constexpr std::int64_t n = 70'001;
    constexpr int sums = 9;
    Vec const from = oracle::Random(3).normals(2 * n);
    unsigned char const skip[] = {0, 1};
    std::vector<float> elements;
    Vec totals;
    for (int const threads : {1, 2, 3}) {
        Exec const exec = Exec::cpu(0, threads);
        Array<float, 2> const a(exec, from, 2, n), to(exec, 2, n);
        Array<double, 2> const out(exec, 2, sums);
        each(exec, "wave", {2, skip}, n, Wave{a.read(), to.view()});
        rows(exec, "terms", {2, skip}, n, sums, Term{a.read()}, out.view());
        if (threads == 1) elements = to.host();
        if (threads == 1) totals = out.host();
        EXPECT_EQ(to.host(), elements);
        EXPECT_EQ(out.host(), totals);
    }
    EXPECT_NE(elements[n - 1], 0);
    EXPECT_EQ(elements[n], 0);
    EXPECT_NE(totals[sums - 1], 0);
    EXPECT_EQ(totals[sums], 0);
}

}  // namespace
}  // namespace sg::test
