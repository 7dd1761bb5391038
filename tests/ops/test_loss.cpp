// SPDX-License-Identifier: MIT
#include "cuda/ops/loss.hpp"

#include <limits>

#include "tests/support/arrays.hpp"
#include "tests/support/random.hpp"
#include "tests/support/spaces.hpp"

namespace sg::test {
namespace {

// One linear layer on unit vectors: its weights are the outputs, so the oracle's loss of given
// outputs is the loss of this network.   f: (B, K)
struct Outputs {
    oracle::Net net;
    oracle::Examples examples;

    Outputs(Vec const& f, std::vector<int> const& labels, int classes) {
        int const count = static_cast<int>(labels.size());
        net.spec.depth = 1;
        net.spec.inputs = count;
        net.spec.classes = classes;
        net.spec.activation = Activation::linear;
        net.theta = f;
        examples = {count, count, classes, Vec(labels.size() * labels.size()), labels};
        for (std::size_t b = 0; b < labels.size(); ++b) examples.x[b * labels.size() + b] = 1;
    }
    double loss(Loss kind) const { return oracle::loss(net, examples, kind); }
    double accuracy() const { return oracle::accuracy(net, examples); }
    Vec gradient(Loss kind) const { return oracle::gradient(net, examples, kind); }
    Vec Hv(Loss kind, Vec const& v) const { return oracle::exact_Hv(net, examples, kind, v); }
};

constexpr int B = 5, K = 4;

// 4 networks: 0 and 3 read labels of group 0 and 1; 1 is skipped; 2 has outputs that are NaN.
class LossTest : public OnEverySpace {
protected:
    LossTest() {
        for (int n = 0; n < 4; ++n)
            for (double const x : oracle::Random(static_cast<std::uint64_t>(n)).normals(B * K))
                f.push_back(n == 2 ? std::nan("") : 2 * x);
    }
    Vec of(Vec const& all, int n) const { return row(all, n, B * K); }
    Outputs outputs(int n) const {
        return {of(f, n), {labels.begin() + 5 * group[n], labels.begin() + 5 * group[n] + 5}, K};
    }

    Vec f, v = oracle::Random(9).normals(4 * B * K);
    std::vector<int> labels{0, 3, 1, 1, 2, 2, 2, 0, 3, 1};
    int group[4] = {0, 0, 0, 1};
    Array<unsigned char, 1> skip{exec(), std::vector<int>{0, 1, 0, 0}, 4};
    Nets nets{4, skip.data()};
    Array<std::int32_t, 2> label_array{exec(), labels, 2, B};
    Array<int, 1> group_array{exec(), std::vector<int>(group, group + 4), 4};
    Labels shared{label_array.read(), group_array.data()};
};
SG_SPACES(LossTest);

constexpr Loss every[] = {Loss::mse, Loss::cross_entropy};

TEST_P(LossTest, LossAndAccuracyAreThoseOfTheOracle) {
    Array<double, 3> const outputs_array(exec(), f, 4, B, K);
    for (auto const kind : every) {
        Array<double, 2> const score(exec(), Vec(12, -5), 4, 3);
        loss_and_accuracy(exec(), nets, kind, outputs_array.read(), shared, score.view());
        auto const s = score.host();
        for (int const n : {0, 3}) {
            EXPECT_NEAR(s[static_cast<std::size_t>(3 * n)], outputs(n).loss(kind), 1e-14);
            EXPECT_EQ(s[static_cast<std::size_t>(3 * n + 1)], outputs(n).accuracy());
        }
        EXPECT_EQ(row(s, 1, 3), (Vec{-5, -5, -5}));
        EXPECT_TRUE(std::isnan(s[6]));
        EXPECT_EQ(s[2], -5);  // only two columns are its own
    }
}

TEST_P(LossTest, GradientIsThatOfTheOracleAndChunksShareTheMean) {
    for (auto const kind : every) {
        Array<double, 3> const outputs_array(exec(), f, 4, B, K), delta(exec(), v, 4, B, K);
        loss_gradient(exec(), nets, kind, B, outputs_array.read(), shared, delta.view());
        auto const whole = delta.host();
        for (int const n : {0, 3})
            EXPECT_ARRAY_NEAR(row(whole, n, B * K), outputs(n).gradient(kind), 1e-15);
        EXPECT_SAME_BITS(row(whole, 1, B * K), of(v, 1));
        for (double const x : row(whole, 2, B * K)) EXPECT_TRUE(std::isnan(x));

        delta.set(v);
        for (auto const& [first, count] : {std::pair{0, 2}, {2, 3}}) {
            auto part = shared;
            part.labels.data += first;
            loss_gradient(exec(), nets, kind, B, examples(outputs_array.read(), first, count), part,
                          examples(delta.view(), first, count));
        }
        EXPECT_SAME_BITS(row(delta.host(), 3, B * K), row(whole, 3, B * K));
    }
}

TEST_P(LossTest, TangentIsTheCurvatureOfTheOracle) {
    for (auto const kind : every) {
        Array<double, 3> const outputs_array(exec(), f, 4, B, K), Rf(exec(), v, 4, B, K);
        loss_gradient_tangent(exec(), nets, kind, B, outputs_array.read(), Rf.view());
        auto const R = Rf.host();
        for (int const n : {0, 3})
            EXPECT_ARRAY_NEAR(row(R, n, B * K), outputs(n).Hv(kind, of(v, n)), 1e-15);
        EXPECT_SAME_BITS(row(R, 1, B * K), of(v, 1));
    }
}

TEST_P(LossTest, FloatAgreesWithDouble) {
    Vec const g = rounded<float>(f), w = rounded<float>(v);
    for (auto const kind : every) {
        Array<float, 3> const a(exec(), g, 4, B, K), da(exec(), 4, B, K), Ra(exec(), w, 4, B, K);
        Array<double, 3> const b(exec(), g, 4, B, K), db(exec(), 4, B, K), Rb(exec(), w, 4, B, K);
        loss_gradient(exec(), {1}, kind, B, a.read(), shared, da.view());
        loss_gradient(exec(), {1}, kind, B, b.read(), shared, db.view());
        EXPECT_ARRAY_NEAR(da.host(), db.wide(), 1e-7);
        loss_gradient_tangent(exec(), {1}, kind, B, a.read(), Ra.view());
        loss_gradient_tangent(exec(), {1}, kind, B, b.read(), Rb.view());
        EXPECT_ARRAY_NEAR(Ra.host(), Rb.wide(), 1e-6);
    }
}

TEST_P(LossTest, TheFirstOfEqualOutputsIsTheAnswer) {
    Array<float, 3> const a(exec(), Vec{1, 1, 0, 0, 2, 2, 3, 3, 3}, 1, 3, 3);
    Array<double, 2> const score(exec(), 1, 2);
    for (auto const& [labels_of_three, share] :
         {std::pair{std::vector<int>{0, 1, 0}, 1.0}, {{1, 2, 1}, 0.0}, {{0, 2, 2}, 1.0 / 3}}) {
        Array<std::int32_t, 2> const l(exec(), labels_of_three, 1, 3);
        for (auto const kind : every) {
            loss_and_accuracy(exec(), {1}, kind, a.read(), {l.read(), nullptr}, score.view());
            EXPECT_NEAR(score.host()[1], share, 1e-15);
        }
    }
}

// The target of the solvable model: ½ f² per example, over one class.
TEST_P(LossTest, NoClassIsATargetOfZero) {
    Array<double, 3> const a(exec(), Vec{3, -1}, 1, 2, 1), delta(exec(), 1, 2, 1);
    Array<std::int32_t, 2> const l(exec(), std::vector<int>{-1, -1}, 1, 2);
    Array<double, 2> const score(exec(), 1, 2);
    loss_and_accuracy(exec(), {1}, Loss::mse, a.read(), {l.read(), nullptr}, score.view());
    EXPECT_EQ(score.host(), (Vec{(9 + 1) / 4.0, 0}));
    loss_gradient(exec(), {1}, Loss::mse, 2, a.read(), {l.read(), nullptr}, delta.view());
    EXPECT_EQ(delta.host(), (Vec{1.5, -0.5}));
}

TEST_P(LossTest, LargeOutputsDoNotOverflow) {
    Array<float, 3> const a(exec(), Vec{-5000, 5000, 3e30, 0}, 1, 2, 2);
    Array<std::int32_t, 2> const l(exec(), std::vector<int>{0, 0}, 1, 2);
    Array<double, 2> const score(exec(), 1, 2);
    Array<float, 3> const delta(exec(), 1, 2, 2), Rf(exec(), Vec{1, 2, 3, 4}, 1, 2, 2);
    Labels const labels_of_two{l.read(), nullptr};
    loss_and_accuracy(exec(), {1}, Loss::cross_entropy, a.read(), labels_of_two, score.view());
    EXPECT_EQ(score.host(), (Vec{5000, 0.5}));
    loss_gradient(exec(), {1}, Loss::cross_entropy, 2, a.read(), labels_of_two, delta.view());
    EXPECT_EQ(delta.host(), (std::vector<float>{-0.5f, 0.5f, 0, 0}));
    loss_gradient_tangent(exec(), {1}, Loss::cross_entropy, 2, a.read(), Rf.view());
    EXPECT_EQ(Rf.host(), std::vector<float>(4));
    loss_and_accuracy(exec(), {1}, Loss::mse, a.read(), labels_of_two, score.view());
    EXPECT_GT(score.host()[0], 1e59);  // in double: finite, and above every threshold
    EXPECT_LT(score.host()[0], 1e61);
}

}  // namespace
}  // namespace sg::test
