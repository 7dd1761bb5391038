// SPDX-License-Identifier: MIT
// How a kind of product comes to be computed by cuBLASLt or by the team, and that it stays so.
#include <gtest/gtest.h>

#include "cuda/ops/matmul.hpp"
#include "cuda/ops/team_matmul.hpp"
#include "tests/support/arrays.hpp"
#include "tests/support/random.hpp"
#include "tests/support/spaces.hpp"

#ifdef SG_WITH_CUDA
#include "cuda/exec/cuda_state.hpp"
#endif

namespace sg::test {
namespace {

constexpr int nets = 64, m = 9, n = 11, k = 45;

// 64 products of 9 x 45 by 45 x 11.   a: (64, 9, 45), b: (64, 45, 11), c: (64, 9, 11)
struct Products {
    explicit Products(Exec const& exec)
        : exec_(exec),
          a(exec, oracle::Random(1).normals(nets * m * k), nets, m, k),
          b(exec, oracle::Random(2).normals(nets * k * n), nets, k, n) {}
    void prepare(Trial<float> const& trial) const {
        Array<float, 3> const c(exec_, nets, m, n);
        prepare_matmul<float>(exec_, a.read(), Op::none, b.read(), Op::none, 0, c.view(), trial);
    }
    std::vector<float> compute(int first, int count, unsigned char const* skip = nullptr) const {
        Array<float, 3> const c(exec_, Vec(static_cast<std::size_t>(nets * m * n), -1), nets, m, n);
        matmul<float>(exec_, {count, skip}, 1, networks(a.read(), first, count), Op::none,
                      networks(b.read(), first, count), Op::none, 0,
                      networks(c.view(), first, count));
        return c.host();
    }
    std::vector<float> by_team() const {
        Array<float, 3> const c(exec_, nets, m, n);
        team_matmul<float>(exec_, {nets}, 1, a.read(), Op::none, b.read(), Op::none, 0, c.view());
        return c.host();
    }
    Exec exec_;
    Array<float, 3> a, b;
};

bool differs(Exec const&, ProductKind const&, ProductRun<float> const&) { return false; }
bool agrees(Exec const&, ProductKind const&, ProductRun<float> const&) { return true; }

// On the CPU there is nothing to choose: prepare_matmul must then change nothing.
class MatmulChoiceTest : public OnEverySpace {};
SG_DEVICES(MatmulChoiceTest);

TEST_P(MatmulChoiceTest, AKindThatDiffersIsComputedByTheTeam) {
    Products const p(exec());
    p.prepare(differs);
    p.prepare(agrees);  // too late: the choice stands
    auto const all = p.compute(0, nets);
    for (int const count : {1, 2, 7, 64})
        for (int const first : {0, nets - count}) {
            auto const some = p.compute(first, count);
            for (int i = first; i < first + count; ++i)
                EXPECT_SAME_BITS(row(some, i, m * n), row(all, i, m * n)) << count;
        }
    if (exec().on_cpu()) return;
    EXPECT_SAME_BITS(all, p.by_team());
    // The team skips, cuBLASLt does not.
    std::vector<int> skipped(nets, 0);
    skipped[3] = 1;
    Array<unsigned char, 1> const skip(exec(), skipped, nets);
    EXPECT_EQ(p.compute(0, nets, skip.data())[3 * m * n], -1);
}

TEST_P(MatmulChoiceTest, TheVerdictRestsOnRunsOfTheVeryProduct) {
    Products const p(exec());
    int trials = 0;
    p.prepare([&](Exec const& where, ProductKind const& kind, ProductRun<float> const& run) {
        ++trials;
        EXPECT_EQ(kind.shape, (ProductShape{m, n, k}));
        Array<float, 3> const c(where, nets, m, n);
        run(7, p.a.read(), p.b.read(), c.view());
        auto const found = c.host();
        EXPECT_ARRAY_NEAR(row(found, 6, m * n), widened(row(p.by_team(), 6, m * n)), 1e-4);
        EXPECT_EQ(found[7 * m * n], 0) << "network 7 was not asked for";
        return same_bits<float>(where, kind, run);
    });
    EXPECT_EQ(trials, exec().on_cpu() ? 0 : 1);
    p.prepare(
        [&](Exec const&, ProductKind const&, ProductRun<float> const&) { return ++trials > 0; });
    EXPECT_EQ(trials, exec().on_cpu() ? 0 : 1) << "a second trial of the same kind";
}

TEST_P(MatmulChoiceTest, AFaultDuringTheTrialLeavesNoChoice) {
    if (exec().on_cpu()) return;
    Products const p(exec());
    auto const fails = [](Exec const&, ProductKind const&, ProductRun<float> const&) -> bool {
        throw ResourceError("no memory for the trial");
    };
    EXPECT_THROW(p.prepare(fails), ResourceError);
    p.prepare(differs);
    EXPECT_SAME_BITS(p.compute(0, nets), p.by_team());
}

#ifdef SG_WITH_CUDA
TEST_P(MatmulChoiceTest, ATrialNeverMeetsAStreamCapture) {
    if (exec().on_cpu()) return;
    Products const p(exec());
    Array<float, 3> const c(exec(), nets, m, n);
    auto const call = [&] {
        matmul<float>(exec(), {nets}, 1, p.a.read(), Op::none, p.b.read(), Op::none, 0, c.view());
    };
    auto const stream = exec().device().stream;
    cudaGraph_t graph = nullptr;
    exec().wait();
    SG_TRY(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
    std::string message;
    try {
        call();
    } catch (InternalError const& error) {
        message = error.what();
    }
    SG_TRY(cudaStreamEndCapture(stream, &graph));
    cudaGraphDestroy(graph);
    EXPECT_NE(message.find("9 x 11 x 45 met a stream capture"), std::string::npos) << message;

    call();  // prepares
    auto const expected = c.host();
    exec().fill(c.data(), 0, nets * m * n * sizeof(float));
    exec().wait();
    SG_TRY(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
    EXPECT_NO_THROW(call());
    SG_TRY(cudaStreamEndCapture(stream, &graph));
    EXPECT_EQ(c.host()[0], 0) << "a capture computes nothing";
    cudaGraphExec_t program = nullptr;
    SG_TRY(cudaGraphInstantiate(&program, graph, 0));
    SG_TRY(cudaGraphLaunch(program, stream));
    EXPECT_SAME_BITS(c.host(), expected);
    cudaGraphExecDestroy(program);
    cudaGraphDestroy(graph);
}
#endif

}  // namespace
}  // namespace sg::test
