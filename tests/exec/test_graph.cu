// SPDX-License-Identifier: MIT
#include "cuda/exec/graph.hpp"

#include "cuda/exec/buffer.hpp"
#include "cuda/exec/each.hpp"
#include "tests/support/spaces.hpp"

namespace sg::test {
namespace {

// x(i) ← 2 x(i) + add(0).   x: (n)
struct DoubleAndAdd {
    double* x;
    double const* add;
    SG_FN void operator()(int, std::int64_t i) const { x[i] = 2 * x[i] + add[0]; }
};

class GraphTest : public OnEverySpace {
protected:
    Buffer<double> x{exec(), std::vector<double>{1, 2, 3}}, add{exec(), std::vector<double>{0}};
    Graphs graphs{exec()};

    void twice(Graphs::Key const& key, std::int64_t n) {
        graphs.run(key, [&] {
            for (int i = 0; i < 2; ++i)
                each(exec(), "double_and_add", Nets{1}, n, DoubleAndAdd{x.data(), add.data()});
        });
    }
    std::vector<double> values() const { return to_host(exec(), x.data(), 3); }
};
SG_SPACES(GraphTest);

// Run, captured and replayed: the same effect, with what memory holds at the time.
TEST_P(GraphTest, EveryCallHasTheEffectOfTheLaunches) {
    std::vector<double> expected{1, 2, 3};
    for (int call = 0; call < 5; ++call) {
        from_host(exec(), {static_cast<double>(call)}, add.data());
        twice({7}, 3);
        for (double& e : expected) e = 4 * e + 3 * call;
        EXPECT_EQ(values(), expected) << "call " << call;
    }
}

TEST_P(GraphTest, AnotherKeyIsAnotherGraph) {
    for (int call = 0; call < 3; ++call) {
        twice({1, 3}, 3);
        twice({1, 2}, 2);
    }
    EXPECT_EQ(values(), (std::vector<double>{4096, 8192, 192}));
}

TEST_P(GraphTest, OneCaptureServesAllLaterCalls) {
    auto const before = exec().counters();
    for (int call = 0; call < 6; ++call) twice({1}, 3);
    auto const after = exec().counters();
    bool const gpu = !exec().on_cpu();
    EXPECT_EQ(after.captures - before.captures, gpu ? 1 : 0);
    EXPECT_EQ(after.replays - before.replays, gpu ? 5 : 0);
    EXPECT_EQ(after.launches - before.launches, gpu ? 4 : 0);  // twice run, twice captured
    EXPECT_EQ(after.waits, before.waits);
}

TEST_P(GraphTest, AFaultInTheLaunchesLeavesTheStreamUsable) {
    auto const fail = [&] { graphs.run({5}, [] { throw UserError("no"); }); };
    twice({5}, 3);  // the next call captures
    EXPECT_THROW(fail(), UserError);
    twice({6}, 3);
    EXPECT_EQ(values(), (std::vector<double>{16, 32, 48}));
}

}  // namespace
}  // namespace sg::test
