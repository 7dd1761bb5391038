// SPDX-License-Identifier: MIT
#include "cuda/sharpness/hessian.hpp"

#include <algorithm>
#include <optional>

#include "tests/support/cohort.hpp"
#include "tests/support/compare.hpp"
#include "tests/support/random.hpp"
#include "tests/support/spaces.hpp"

namespace sg::test {
namespace {

struct Case {
    FcnSpec spec;
    Loss loss;
    int examples;
};

// Five networks: 1 is skipped, 2 gets a zero direction, 3 has weights that are NaN.
constexpr int N = 5;

template <class T>
struct Fixture {
    Fixture(Exec const& exec, Case const& c)
        : kind(c.loss),
          nets(random_nets<T>(c.spec, N)),
          examples(random_examples<T>(c.spec, c.examples)) {
        for (double& w : nets[3].theta) w = std::nan("");
        cohort.emplace(exec, kind, examples, nets);
        cohort->kill(1);
        for (int n = 0; n < N; ++n) {
            Vec one =
                oracle::Random(static_cast<std::uint64_t>(50 + n)).normals(nets[0].theta.size());
            double square = 0;
            for (double const x : one) square += x * x;
            for (double& x : one) x = n == 2 ? 0 : x / std::sqrt(square);
            one = rounded<T>(one);
            v.insert(v.end(), one.begin(), one.end());
        }
    }
    Vec direction(int n) const { return row(v, n, cohort->params); }

    Loss kind;
    std::vector<oracle::Net> nets;
    oracle::Examples examples;
    std::optional<Cohort<T>> cohort;
    Vec v;
};

Vec random_vec(std::int64_t size) { return oracle::Random(3).normals(static_cast<std::size_t>(size)); }

template <class T>
void expect_products(Exec const& exec, Case const& c, double tolerance) {
    Fixture<T> f(exec, c);
    auto& op = *f.cohort->op;
    auto const P = f.cohort->params;
    Array<T, 2> const v(exec, f.v, N, P), Hv(exec, Vec(f.v.size(), 33), N, P);
    f.cohort->linearise();
    for (int pass = 0; pass < 2; ++pass) {  // what a product leaves behind does not change the next
        op.apply(f.cohort->nets(), v.read(), Hv.view());
        auto const all = Hv.host();
        for (int const n : {0, 4}) {
            auto const& net = f.nets[static_cast<std::size_t>(n)];
            Vec const truth = oracle::exact_Hv(net, f.examples, f.kind, f.direction(n));
            EXPECT_ARRAY_NEAR(row(all, n, P), truth, tolerance * oracle::largest(truth) + 1e-30);
        }
        EXPECT_EQ(widened(row(all, 2, P)), Vec(static_cast<std::size_t>(P)));
        bool const quadratic = c.spec.depth == 1 && c.loss == Loss::mse;  // H does not depend on θ
        for (T const x : row(all, 3, P)) EXPECT_EQ(std::isnan(x), !quadratic);
        if (exec.on_cpu()) {
            EXPECT_EQ(widened(row(all, 1, P)), Vec(static_cast<std::size_t>(P), 33));
        }
    }
}

std::vector<Case> cases() {
    std::vector<Case> all;
    for (auto const activation : {Activation::relu, Activation::tanh, Activation::linear})
        for (auto const loss : {Loss::mse, Loss::cross_entropy}) {
            all.push_back({fcn(4, 7, 5, 3, activation), loss, 6});
            all.push_back({fcn(3, 1, 2, 2, activation), loss, 9});    // width 1
            all.push_back({fcn(1, 4, 6, 3, activation), loss, 5});    // depth 1
            all.push_back({fcn(2, 17, 9, 4, activation), loss, 1});   // one example
            all.push_back({fcn(3, 5, 4, 3, activation), loss, 601});  // chunks of 512 and 89
        }
    auto scaled = fcn(3, 9, 4, 3, Activation::tanh);
    scaled.parameterization = Parameterization::ntk;
    scaled.output_scale = 1.7;
    scaled.output_exponent = 0.25;
    all.push_back({scaled, Loss::mse, 8});
    scaled.output_exponent = 0;
    scaled.parameterization = Parameterization::mup;
    all.push_back({scaled, Loss::cross_entropy, 8});
    auto zero = fcn(3, 9, 4, 3);
    zero.last_layer = LastLayer::zero;
    all.push_back({zero, Loss::mse, 8});
    return all;
}

// A dead relu network of width 1 would make every comparison hold.
bool lives(Case const& c, oracle::Net const& net) {
    auto const pattern =
        oracle::sign_pattern(net, oracle::random_examples(20, c.spec.inputs, c.spec.classes, 1));
    return std::count(pattern.begin(), pattern.end(), 1) > 0;
}

class HessianTest : public OnEverySpace {};
SG_SPACES(HessianTest);

TEST_P(HessianTest, ProductsAgreeWithTheOracle) {
    int number = 0;
    for (auto const& c : cases()) {
        SCOPED_TRACE(number++);
        expect_products<double>(exec(), c, 1e-11);
        expect_products<float>(exec(), c, 2e-5);
    }
}

TEST_P(HessianTest, WideNetworksInSeveralChunksAgreeWithTheOracle) {
    expect_products<double>(exec(), {fcn(3, 260, 3, 2, Activation::tanh), Loss::mse, 140}, 1e-11);
    auto scaled = fcn(4, 70, 70, 2);
    scaled.parameterization = Parameterization::ntk;  // with a multiplier of each layer
    expect_products<double>(exec(), {scaled, Loss::mse, 9}, 1e-11);
    expect_products<float>(exec(), {scaled, Loss::mse, 9}, 2e-5);
}

TEST_P(HessianTest, AnOperatorThatOnlyEvaluatesTakesLessAndHasNoProducts) {
    auto const spec = fcn(3, 70, 9, 2);
    Cohort<float> cohort(exec(), Loss::mse, random_examples<float>(spec, 20), random_nets<float>(spec, 2));
    auto const bytes = [&](Path path) {
        Arena measure;
        HessianOperator<float> const op(exec(), measure, cohort.model, Loss::mse, 2, cohort.data.batch(), false, path);
        return measure.largest();
    };
    EXPECT_LT(bytes(Path::none), bytes(Path::layers));
    Planned<HessianOperator<float>> op(exec(), cohort.model, Loss::mse, 2, cohort.data.batch(), false, Path::none);
    op->evaluate(cohort.nets(), cohort.theta.read());
    cohort.evaluate();
    EXPECT_EQ(to_host(exec(), op->score().data, 6), to_host(exec(), cohort.op->score().data, 6));
    Array<float, 2> const v(exec(), 2, cohort.params), Hv(exec(), 2, cohort.params);
    op->linearise(cohort.nets());
    EXPECT_THROW(op->apply(cohort.nets(), v.read(), Hv.view()), InternalError);
}

TEST_P(HessianTest, OnTheCpuAProductNeedsTheBackwardPassOfItsWeights) {
    if (!exec().on_cpu()) return;  // there graphs replay both passes, unseen
    Fixture<float> f(exec(), {fcn(3, 4, 3, 2), Loss::mse, 5});
    auto const P = f.cohort->params;
    Array<float, 2> const v(exec(), f.v, N, P), Hv(exec(), N, P);
    f.cohort->linearise();
    f.cohort->evaluate();
    EXPECT_THROW(f.cohort->op->apply(f.cohort->nets(), v.read(), Hv.view()), InternalError);
    f.cohort->op->gradient(f.cohort->nets(), Hv.view());
    f.cohort->op->apply(f.cohort->nets(), v.read(), Hv.view());
}

TEST_P(HessianTest, ScoresAndGradientsAgreeWithTheOracle) {
    for (auto const& c : cases()) {
        Fixture<double> f(exec(), c);
        auto& op = *f.cohort->op;
        auto const P = f.cohort->params;
        Array<double, 2> const grad(exec(), Vec(f.v.size(), 33), N, P);
        f.cohort->evaluate();
        op.gradient(f.cohort->nets(), grad.view());
        auto const score = to_host(exec(), op.score().data, 3 * N);
        for (int const n : {0, 2, 4}) {
            auto const& net = f.nets[static_cast<std::size_t>(n)];
            Vec const truth = oracle::gradient(net, f.examples, f.kind);
            EXPECT_ARRAY_NEAR(row(grad.host(), n, P), truth,
                              1e-12 * oracle::largest(truth) + 1e-30);
            EXPECT_NEAR(row(score, n, 3)[0], oracle::loss(net, f.examples, f.kind), 1e-12);
            EXPECT_NEAR(row(score, n, 3)[1], oracle::accuracy(net, f.examples), 1e-12);
        }
        EXPECT_TRUE(std::isnan(row(score, 3, 3)[0]));
        EXPECT_GT(row(score, 3, 3)[2], 0);  // NaN, but not collapsed
        if (exec().on_cpu()) {  // fresh memory is zero there, and that of a skipped network stays so
            EXPECT_EQ(row(score, 1, 3), Vec(3));
        }
    }
}

TEST_P(HessianTest, ActiveUnitsOfTheLastHiddenLayerAreCounted) {
    auto const spec = fcn(3, 6, 4, 2);
    auto nets = random_nets<float>(spec, 4);
    auto const examples = random_examples<float>(spec, 30);
    for (std::size_t p = 24; p < 60; ++p)
        nets[1].theta[p] = -std::abs(nets[1].theta[p]);                 // layer 1 dies
    std::fill(nets[2].theta.begin(), nets[2].theta.begin() + 24, 0.0);  // layer 0
    std::fill(nets[3].theta.begin() + 60, nets[3].theta.end(),
              0.0);  // a zero last layer is no collapse
    Cohort<float> cohort(exec(), Loss::mse, examples, nets);
    cohort.linearise();
    auto const score = to_host(exec(), cohort.op->score().data, 12);
    auto const active = [&](std::size_t n) {
        auto const pattern = oracle::sign_pattern(nets[n], examples);
        return static_cast<double>(std::count(pattern.begin() + 180, pattern.end(), 1));
    };
    EXPECT_GT(active(0), 0);
    for (std::size_t n = 0; n < 4; ++n) EXPECT_EQ(score[3 * n + 2], active(n));
    EXPECT_EQ(score[5], 0);
    EXPECT_EQ(score[8], 0);
    // There the Hessian vanishes altogether.
    Array<float, 2> const v(exec(), oracle::Random(1).normals(4u * 72), 4, 72), Hv(exec(), 4, 72);
    cohort.op->apply(cohort.nets(), v.read(), Hv.view());
    EXPECT_EQ(row(Hv.wide(), 2, 72), Vec(72));
    EXPECT_NE(row(Hv.wide(), 3, 72), Vec(72));
}

TEST_P(HessianTest, ANetworkHasTheSameBitsAloneAndAmongOthers) {
    for (auto const& c : {Case{fcn(4, 33, 70, 10), Loss::mse, 130},
                          Case{fcn(3, 5, 4, 3, Activation::tanh), Loss::cross_entropy, 600}}) {
        auto const nets = random_nets<float>(c.spec, 7);
        auto const examples = random_examples<float>(c.spec, c.examples);
        Cohort<float> all(exec(), c.loss, examples, nets), one(exec(), c.loss, examples, {nets[4]});
        auto const P = all.params;
        Vec const v = oracle::Random(3).normals(static_cast<std::size_t>(7 * P));
        Array<float, 2> const va(exec(), v, 7, P), Ha(exec(), 7, P);
        Array<float, 2> const vo(exec(), row(v, 4, P), 1, P), Ho(exec(), 1, P);
        all.linearise();
        one.linearise();
        all.op->apply(all.nets(), va.read(), Ha.view());
        one.op->apply(one.nets(), vo.read(), Ho.view());
        EXPECT_SAME_BITS(Ho.host(), row(Ha.host(), 4, P));
        EXPECT_SAME_BITS(to_host(exec(), one.op->score().data, 3),
                         row(to_host(exec(), all.op->score().data, 21), 4, 3));
        all.op->gradient(all.nets(), Ha.view());
        one.op->gradient(one.nets(), Ho.view());
        EXPECT_SAME_BITS(Ho.host(), row(Ha.host(), 4, P));
    }
}

TEST(Hessian, TheNetworksOfTheTestsAreAlive) {
    for (auto const& c : cases())
        if (c.spec.activation == Activation::relu && c.spec.depth > 1) {
            EXPECT_TRUE(lives(c, random_nets<float>(c.spec, N)[0])) << c.spec.depth << c.spec.width;
        }
}

// Three chunks of examples, the last not full: what is made again has the bits of what was kept.
TEST_P(HessianTest, RecomputedActivationsGiveTheSameBits) {
    for (auto const activation : {Activation::relu, Activation::tanh}) {
        auto const spec = fcn(3, 5, 4, 3, activation);
        int const M = exec().on_cpu() ? 1200 : 4100;  // more than a chunk of either kind of device
        auto const nets = random_nets<float>(spec, 3);
        auto const examples = random_examples<float>(spec, M);
        Cohort<float> cohort(exec(), Loss::cross_entropy, examples, nets, Path::by_table);
        Planned<HessianOperator<float>> again(exec(), cohort.model, Loss::cross_entropy, 3,
                                              cohort.data.batch(), true);
        auto const P = cohort.params;
        Array<float, 2> const v(exec(), random_vec(3 * P), 3, P), Hv(exec(), 3, P), g(exec(), 3, P);
        std::vector<std::vector<float>> products, gradients;
        std::vector<Vec> scores;
        for (auto* op : {&*cohort.op, &*again}) {
            op->evaluate(cohort.nets(), cohort.theta.read());
            op->gradient(cohort.nets(), g.view());
            gradients.push_back(g.host());
            op->linearise(cohort.nets());
            for (int twice = 0; twice < 2; ++twice)
                op->apply(cohort.nets(), v.read(), Hv.view());
            products.push_back(Hv.host());
            scores.push_back(to_host(exec(), op->score().data, 9));
        }
        EXPECT_SAME_BITS(products[0], products[1]);
        EXPECT_SAME_BITS(gradients[0], gradients[1]);
        EXPECT_SAME_BITS(scores[0], scores[1]);
        Arena kept, recomputed;
        Batch<float> many;
        many.x = View<float const, 3>::dense(nullptr, 1, 20000, 4);
        HessianOperator<float> const a(exec(), kept, cohort.model, Loss::mse, 3, many),
            b(exec(), recomputed, cohort.model, Loss::mse, 3, many, true);
        EXPECT_LT(3 * recomputed.largest(), 2 * kept.largest());
    }
}

}  // namespace
}  // namespace sg::test
