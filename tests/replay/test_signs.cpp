// SPDX-License-Identifier: MIT
// What is excused by a relu unit that changes sign by rounding, and what is not: planted.
#include <gtest/gtest.h>

#include <filesystem>
#include <limits>
#include <optional>

#include "cuda/exec/error.hpp"
#include "tests/host/temporary.hpp"
#include "tests/replay/follow.hpp"
#include "tests/replay/judge.hpp"
#include "tests/replay/recompute.hpp"
#include "tests/support/write_reference.hpp"

namespace sg::replay {
namespace {

using oracle::FashionMnist;
using oracle::Reference;
using oracle::Vec;

Change change(std::vector<float> const& single, std::vector<double> const& twofold) {
    return sign_change(single, twofold);
}

TEST(SignChange, IsByRoundingUpToAShareOfTheLargest) {
    EXPECT_EQ(change({0, 2, 1e-9f}, {0, 2, 1e-3}), Change::none);
    EXPECT_EQ(change({0, 2, 0}, {0, 2, 1e-5}), Change::by_rounding);
    EXPECT_EQ(change({0, 2, 1e-5f}, {0, 2, 0}), Change::by_rounding);
    EXPECT_EQ(change({0, 2, 0}, {0, 2, 3e-5}), Change::other);
    EXPECT_EQ(change({0, 2, 3e-5f}, {0, 2, 0}), Change::other);
    EXPECT_EQ(change({0, 2, 0, 0}, {0, 2, 1e-6, 1}), Change::other);  // the worst one counts
    EXPECT_EQ(change({0, 1e-30f}, {0, 0}), Change::other);            // no scale
}

TEST(SignChange, IsNotByRoundingWithoutAFiniteScale) {
    float const nan = std::numeric_limits<float>::quiet_NaN();
    double const inf = std::numeric_limits<double>::infinity();
    EXPECT_EQ(change({0, 2, nan}, {0, 2, 0}), Change::other);
    EXPECT_EQ(change({0, 2, nan}, {0, 2, nan}), Change::other);
    EXPECT_EQ(change({0, 0}, {inf, 1e-9}), Change::other);
}

TEST(Crossings, BeginAfterTheBatchAndEndWithAnotherChange) {
    Signs signs(4, 5);
    signs.on_batch(0, 2) = Change::by_rounding;
    signs.on_measured(0, 4) = Change::other;  // follows from the crossing
    signs.on_measured(1, 3) = Change::by_rounding;
    signs.on_measured(2, 1) = Change::other;
    signs.on_batch(2, 1) = signs.on_batch(2, 2) = Change::by_rounding;
    signs.on_measured(2, 3) = Change::by_rounding;
    signs.on_batch(3, 4) = Change::other;
    signs.on_measured(3, 4) = Change::by_rounding;
    Crossings const crossings(signs);
    for (int t = 0; t <= 5; ++t) {
        EXPECT_EQ(crossings.weights(0, t), t > 2) << t;
        EXPECT_EQ(crossings.hessian(0, t), t > 2) << t;
        EXPECT_FALSE(crossings.weights(1, t)) << t;
        EXPECT_EQ(crossings.hessian(1, t), t == 3) << t;
        for (int n = 2; n < 4; ++n) EXPECT_FALSE(crossings.hessian(n, t)) << n << ' ' << t;
    }
}

// A file as its own result, with faults planted in run 2.
class PlantedResult : public testing::Test {
protected:
    Reference const given = oracle::read_reference(
        (std::filesystem::path(SG_SOURCE_DIR) / "tests/reference/relu_d2_w16.h5").string());
    Reference result = given;
    Signs signs{given.runs, given.steps};

    // Factor on the entries of run 2 from step `first` on.
    void plant(Vec Reference::*quantity, double factor, int first) {
        for (int t = first; t <= given.steps; ++t)
            (result.*quantity)[static_cast<std::size_t>(2 * (given.steps + 1) + t)] *= factor;
    }
    Quantity judged(std::string const& name, Precision precision = Precision::single) const {
        for (Quantity const& q : judge(given, result, precision, Crossings(signs)))
            if (q.name == name) return q;
        throw std::logic_error(name);
    }
};

TEST_F(PlantedResult, TwoPerThousandAreFoundWithoutACrossing) {
    EXPECT_TRUE(judged("loss").passes());
    plant(&Reference::loss, 1.002, 8);
    EXPECT_FALSE(judged("loss").passes());
    signs.on_batch(2, 7) = Change::other;
    EXPECT_FALSE(judged("loss").passes());
    signs.on_batch(1, 7) = Change::by_rounding;  // another run
    EXPECT_FALSE(judged("loss").passes());
    EXPECT_GT(judged("loss").crossed, 0);
}

TEST_F(PlantedResult, ACrossingExcusesWhatComesAfterItUpToItsTolerance) {
    plant(&Reference::loss, 1.002, 8);
    signs.on_batch(2, 7) = Change::by_rounding;
    EXPECT_TRUE(judged("loss").passes());
    EXPECT_EQ(judged("loss").crossed, 3);
    EXPECT_EQ(judged("loss").above_strict, 0);
    EXPECT_FALSE(judged("loss", Precision::twofold).passes());
    EXPECT_EQ(judged("loss", Precision::twofold).crossed, 0);
    signs.on_batch(2, 7) = Change::none;
    signs.on_batch(2, 8) = Change::by_rounding;  // too late for step 8
    EXPECT_FALSE(judged("loss").passes());
    signs.on_batch(2, 7) = Change::by_rounding;
    plant(&Reference::loss, 1.01, 10);
    EXPECT_FALSE(judged("loss").passes());
}

TEST_F(PlantedResult, AChangeOnTheMeasurementExamplesExcusesTheHessianOfItsStep) {
    plant(&Reference::sharpness, 1.002, 10);
    plant(&Reference::loss, 1.002, 10);
    EXPECT_FALSE(judged("sharpness").passes());
    signs.on_measured(2, 10) = Change::by_rounding;
    EXPECT_TRUE(judged("sharpness").passes());
    EXPECT_EQ(judged("sharpness").crossed, 1);
    EXPECT_EQ(judged("top_eigenvalue").crossed, 1);
    EXPECT_FALSE(judged("loss").passes());
    plant(&Reference::sharpness, 1.002, 9);
    EXPECT_FALSE(judged("sharpness").passes());
}

TEST_F(PlantedResult, AThirdOfTheEntriesIsTheMostThatIsExcused) {
    ASSERT_EQ(given.runs, 6);
    for (int n : {0, 1}) signs.on_batch(n, 0) = Change::by_rounding;
    EXPECT_TRUE(judged("loss").passes());
    EXPECT_EQ(judged("loss").crossed, 2 * given.steps);
    signs.on_batch(2, 0) = Change::by_rounding;
    EXPECT_FALSE(judged("loss").passes());  // though it agrees to the bit
    EXPECT_EQ(judged("loss").worst.difference, 0);
}

TEST(Summarise, CrossedEntriesDoNotWidenTheShareOfTheOthers) {
    std::vector<Comparison> entries(150, {0, float_strict, 1, 0, -1, false});
    entries[0].difference = 5e-4;
    EXPECT_TRUE(summarise("x", entries, Precision::single).passes());
    for (int i = 100; i < 150; ++i) entries[static_cast<std::size_t>(i)].crossed = true;
    EXPECT_TRUE(summarise("x", entries, Precision::single).passes());
    entries[99].crossed = true;  // 99 others: one is more than 1 %
    EXPECT_FALSE(summarise("x", entries, Precision::single).passes());
}

// Two weights of one unit on two pixels at the border, equal in float but not in double: where both
// pixels are background the unit is off in float, and on in double by `excess` of its summands.
class SignsAlongATrajectory : public testing::Test {
protected:
    static Reference given(FashionMnist const& images, double excess) {
        Reference made = oracle::make_reference(
            {.spec = {.depth = 2, .width = 4}, .c = {1, 3}, .steps = 2}, images);
        int const width = made.spec.width, unit = 1;
        auto const weight = [&](int pixel) -> double& {
            return made.init_weights[static_cast<std::size_t>(pixel * width + unit)];
        };
        for (int i = 0; i < made.spec.inputs; ++i) weight(i) = 0;
        weight(0) = 0.25;
        weight(27) = -0.25 * (1 + excess);
        return made;
    }
    void SetUp() override {
        images = FashionMnist::open();
        if (!images) GTEST_SKIP() << "Fashion-MNIST is not installed (dataset-fashion-mnist)";
        set = load_dataset({});
    }
    Exec exec = Exec::cpu();
    std::optional<FashionMnist> images;
    Dataset set;
};

TEST_F(SignsAlongATrajectory, ShowTheUnitThatRoundingTurnsOff) {
    for (double const excess : {1e-9, 1e-3}) {
        Reference const reference = given(*images, excess);
        Signs const signs = follow(exec, reference, set, recompute<float>(exec, reference, set));
        Change const expected = excess < 1e-6 ? Change::by_rounding : Change::none;
        for (int n = 0; n < reference.runs; ++n) {
            EXPECT_EQ(signs.on_batch(n, 0), expected) << excess;
            EXPECT_EQ(signs.on_measured(n, 0), expected) << excess;
        }
    }
}

TEST_F(SignsAlongATrajectory, AreOfTheTrajectoryThatIsJudged) {
    Reference const reference = given(*images, 1e-3);
    Reference result = recompute<float>(exec, reference, set);
    result.final_weight_sample.back() += 1e-6;
    EXPECT_THROW(follow(exec, reference, set, result), Fault);
}

}  // namespace
}  // namespace sg::replay
