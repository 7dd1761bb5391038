// SPDX-License-Identifier: MIT
#include "cuda/exec/team.hpp"

#include "tests/support/arrays.hpp"
#include "tests/support/spaces.hpp"

namespace sg::test {
namespace {

// out(n, tile) = Σ_i (a(n, i) + tile) by a tree in scratch; each phase needs all of the one before.
struct TreeSum {
    View<double const, 2> a;
    View<double, 2> out;
    int count;
    SG_FN void operator()(Team const& team, int n, int tile) const {
        auto* const s = team.scratch<double>();
        team.phase(count, [&](int i) { s[i] = a(n, i) + tile; });
        for (int width = count; width > 1; width = (width + 1) / 2) {
            int const half = (width + 1) / 2;
            team.phase(width / 2, [&](int i) { s[i] += s[half + i]; });
        }
        team.phase(1, [&](int) { out(n, tile) = s[0]; });
        team.phase(0, [](int) {});
    }
};

// out(0, i) ← i-th of those that come: the order of a phase
struct Arrival {
    View<double, 2> out;
    int count;
    SG_FN void operator()(Team const& team, int n, int) const {
        auto* const arrived = team.scratch<int>();
        team.phase(1, [&](int) { *arrived = 0; });
        team.phase(count, [&](int i) { out(n, (*arrived)++) = i; });
    }
};

class TeamTest : public OnEverySpace {};
SG_SPACES(TeamTest);

TEST_P(TeamTest, PhasesFollowEachOther) {
    for (int const count : {1, 2, 63, 64, 65, 200}) {
        std::vector<double> numbers;
        for (int i = 0; i < 3 * count; ++i) numbers.push_back(i * i % 97);
        Array<double, 2> const a(exec(), numbers, 3, count);
        Array<double, 2> const out(exec(), Vec(3 * 5, -1), 3, 5);
        Array<unsigned char, 1> const skip(exec(), std::vector<int>{0, 1, 0}, 3);
        team(exec(), "tree_sum", {3, skip.data()}, 5,
             static_cast<std::size_t>(count) * sizeof(double),
             TreeSum{a.read(), out.view(), count});
        Vec expected(3 * 5, -1);
        for (int n = 0; n < 3; n += 2) {
            double sum = 0;
            for (double const x : row(numbers, n, count)) sum += x;
            for (int t = 0; t < 5; ++t)
                expected[static_cast<std::size_t>(n * 5 + t)] = sum + t * count;
        }
        EXPECT_EQ(out.host(), expected) << count;
    }
}

TEST_P(TeamTest, NothingToDoIsNotAFault) {
    Array<double, 2> const a(exec(), 1, 1), out(exec(), 1, 1);
    TreeSum const f{a.read(), out.view(), 1};
    EXPECT_NO_THROW(team(exec(), "none", {0}, 1, 8, f));
    EXPECT_NO_THROW(team(exec(), "none", {1}, 0, 8, f));
    EXPECT_THROW(team(exec(), "much", {1}, 1, exec().scratch_limit() + 1, f), InternalError);
    EXPECT_THROW(team(exec(), "many", {1}, 1, {8, 96}, f), InternalError);  // it was made for 64 threads
    EXPECT_THROW(team(exec(), "odd", {1}, 1, {8, 40}, f), InternalError);
}

// As much scratch as the device has for a block, which opts in to it, and more threads than a kernel takes
// without saying so.
struct Reversal {
    static constexpr int most_threads = 256;
    View<double, 2> out;
    int count;
    SG_FN void operator()(Team const& team, int n, int tile) const {
        auto* const s = team.scratch<double>();
        team.phase(count, [&](int i) { s[i] = i + 10000 * tile; });
        team.phase(64, [&](int i) { out(n, 64 * tile + i) = s[count - 1 - i]; });
    }
};

TEST_P(TeamTest, ABlockMayOptInToAllScratchOfTheDevice) {
    auto const most = exec().scratch_limit();
    EXPECT_GT(most, team_scratch_limit);
    int const count = static_cast<int>(most / sizeof(double));
    for (int const threads : {32, 96, 256}) {
        Array<double, 2> const out(exec(), 2, 128);
        team(exec(), "reversal", {2}, 2, {most, threads}, Reversal{out.view(), count});
        for (int n = 0; n < 2; ++n)
            for (int i = 0; i < 128; ++i)
                EXPECT_EQ(out.wide()[static_cast<std::size_t>(128 * n + i)], count - 1 - i % 64 + 10000 * (i / 64));
    }
}

TEST(Team, TheShuffledSpaceRunsAPhaseInAnotherOrder) {
    Vec in_order;
    for (int i = 0; i < 40; ++i) in_order.push_back(i);
    for (auto const where : {Where::cpu, Where::cpu_shuffled}) {
        auto const exec = exec_of(where);
        Array<double, 2> const out(exec, 1, 40);
        team(exec, "arrival", {1}, 1, sizeof(int), Arrival{out.view(), 40});
        EXPECT_EQ(out.host() == in_order, where == Where::cpu);
    }
}

}  // namespace
}  // namespace sg::test
