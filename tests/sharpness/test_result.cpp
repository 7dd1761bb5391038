// SPDX-License-Identifier: MIT
#include "cuda/sharpness/result.hpp"

#include "tests/support/arrays.hpp"
#include "tests/support/spaces.hpp"

namespace sg::test {
namespace {

class ResultTest : public OnEverySpace {};
SG_SPACES(ResultTest);

TEST_P(ResultTest, ABeginningClearsAndTellsSkippedFromCollapsed) {
    int const N = 4;
    // (loss, accuracy, active units): 0 lives, 1 is skipped, 2 collapsed, 3 both
    Array<double, 2> const score(exec(), Vec{1, 1, 5, 1, 1, 5, 1, 1, 0, 1, 1, 0}, N, 3);
    Array<unsigned char, 1> const skip(exec(), std::vector<int>{0, 1, 0, 1}, N);
    Array<unsigned char, 1> const done(exec(), std::vector<int>{1, 0, 0, 0}, N);
    EigenResult const old{3, 4, 5, EigenStatus::converged};
    Buffer<EigenResult> const result(exec(), std::vector<EigenResult>(N, old));
    begin_measurement(exec(), {N, skip.data()}, score.read(), done.data(), result.data());
    EXPECT_EQ(done.host(), (std::vector<unsigned char>{0, 1, 1, 1}));
    auto const r = to_host(exec(), result.data(), N);
    for (auto const& one : r) {
        EXPECT_EQ(one.lambda, 0);
        EXPECT_EQ(one.residual, 0);
        EXPECT_EQ(one.products, 0);
    }
    EXPECT_EQ(r[1].status, EigenStatus::skipped);
    EXPECT_EQ(r[2].status, EigenStatus::collapsed);
    EXPECT_EQ(r[3].status, EigenStatus::skipped);
    begin_measurement(exec(), {2}, score.read(), done.data(), result.data());
    EXPECT_EQ(done.host(), (std::vector<unsigned char>{0, 0, 1, 1}));
}

}  // namespace
}  // namespace sg::test
