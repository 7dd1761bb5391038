// SPDX-License-Identifier: MIT
#include "cuda/train/sgd.hpp"

#include <limits>

#include "tests/support/arrays.hpp"
#include "tests/support/random.hpp"
#include "tests/support/spaces.hpp"

namespace sg::test {
namespace {

// Three networks, each with its own rate; 1 is skipped.
class SgdTest : public OnEverySpace {
protected:
    static constexpr int N = 3, P = 37;
    static Vec numbers(std::uint64_t seed) {
        return rounded<float>(oracle::Random(seed).normals(N * P));
    }
    Vec const theta = numbers(1), grad = numbers(2), velocity = numbers(3);
    Vec const eta{0.5, 0.25, 2};
    Array<unsigned char, 1> const skip{exec(), std::vector<int>{0, 1, 0}, N};
    Nets const nets{N, skip.data()};
    Array<double, 1> const rates{exec(), eta, N};

    double rate(std::size_t i) const { return i / P == 1 ? 0 : eta[i / P]; }
};
SG_SPACES(SgdTest);

TEST_P(SgdTest, AStepFollowsTheGradient) {
    Vec expected = theta;
    for (std::size_t i = 0; i < expected.size(); ++i) expected[i] -= rate(i) * grad[i];
    Array<double, 2> const a(exec(), theta, N, P), g(exec(), grad, N, P);
    sgd_step(exec(), nets, rates.data(), g.read(), a.view());
    EXPECT_ARRAY_NEAR(a.host(), expected, 1e-15);
    Array<float, 2> const b(exec(), theta, N, P), h(exec(), grad, N, P);
    sgd_step(exec(), nets, rates.data(), h.read(), b.view());
    EXPECT_ARRAY_NEAR(b.host(), expected, 1e-6);
    EXPECT_SAME_BITS(row(b.host(), 1, P), converted<float>(row(theta, 1, P)));
}

TEST_P(SgdTest, MomentumIsHeavyBall) {
    Vec moved = theta, faster = velocity;
    for (std::size_t i = 0; i < moved.size(); ++i) {
        if (i / P == 1) continue;
        faster[i] = 0.9 * velocity[i] + grad[i];
        moved[i] -= rate(i) * faster[i];
    }
    Array<double, 2> const a(exec(), theta, N, P), v(exec(), velocity, N, P), g(exec(), grad, N, P);
    momentum_step(exec(), nets, rates.data(), 0.9, g.read(), v.view(), a.view());
    EXPECT_ARRAY_NEAR(a.host(), moved, 1e-14);
    EXPECT_ARRAY_NEAR(v.host(), faster, 1e-15);
    Array<float, 2> const b(exec(), theta, N, P), w(exec(), velocity, N, P), h(exec(), grad, N, P);
    momentum_step(exec(), nets, rates.data(), 0.9, h.read(), w.view(), b.view());
    EXPECT_ARRAY_NEAR(b.host(), moved, 3e-6);
}

TEST_P(SgdTest, APointOfALineHasItsEnds) {
    Array<double, 1> const at(exec(), Vec{0.25, 0.5, 1}, N);
    Array<double, 2> const a(exec(), theta, N, P), b(exec(), grad, N, P), point(exec(), velocity, N, P);
    line_point(exec(), nets, at.data(), a.read(), b.read(), point.view());
    Vec expected = velocity;
    for (std::size_t i = 0; i < P; ++i) {
        expected[i] = 0.75 * theta[i] + 0.25 * grad[i];
        expected[2 * P + i] = grad[2 * P + i];
    }
    EXPECT_ARRAY_NEAR(point.host(), expected, 1e-15);
    EXPECT_SAME_BITS(row(point.host(), 2, P), row(grad, 2, P));
    EXPECT_SAME_BITS(row(point.host(), 1, P), row(velocity, 1, P));
}

TEST_P(SgdTest, DivergenceIsALossThatIsNotFiniteOrAboveTheThreshold) {
    double const inf = std::numeric_limits<double>::infinity();
    Vec const losses{1, 1e5, 1.0001e5, inf, std::nan(""), -inf, 1e6, 0};
    Vec score;
    for (double const loss : losses) score.insert(score.end(), {loss, 1e9});
    Array<double, 2> const scores(exec(), score, 8, 2);
    Array<unsigned char, 1> const dead(exec(), std::vector<int>{0, 0, 0, 0, 0, 0, 0, 1}, 8);
    Array<unsigned char, 1> const skipped(exec(), std::vector<int>{0, 0, 0, 0, 0, 0, 1, 0}, 8);
    mark_diverged(exec(), {8, skipped.data()}, scores.read(), dead.data());
    EXPECT_EQ(dead.host(), (std::vector<unsigned char>{0, 0, 1, 1, 1, 0, 0, 1}));
}

}  // namespace
}  // namespace sg::test
