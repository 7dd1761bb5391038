// SPDX-License-Identifier: MIT
#include "cuda/nets/rotation.hpp"

#include "cuda/sharpness/exact.hpp"
#include "cuda/sharpness/meter.hpp"
#include "tests/support/cohort.hpp"
#include "tests/support/compare.hpp"
#include "tests/support/random.hpp"
#include "tests/support/rotated.hpp"
#include "tests/support/spaces.hpp"

namespace sg::test {
namespace {

// X Xᵀ of examples as rows.   x: (M, columns)
Vec gram(Vec const& x, std::int64_t M, std::int64_t columns) {
    Vec g;
    for (std::int64_t i = 0; i < M; ++i)
        for (std::int64_t j = 0; j < M; ++j) {
            double sum = 0;
            for (std::int64_t k = 0; k < columns; ++k)
                sum += x[static_cast<std::size_t>(i * columns + k)] *
                       x[static_cast<std::size_t>(j * columns + k)];
            g.push_back(sum);
        }
    return g;
}

TEST(Rotation, HasTheInnerProductsOfTheExamplesAndZerosAboveItsDiagonal) {
    for (auto const& [M, D] : {std::pair{5, 9}, {7, 7}, {20, 6}, {1, 4}, {3, 1}}) {
        auto x = oracle::Random(4).normals(static_cast<std::size_t>(M * D));
        if (M == 7) std::copy_n(x.begin(), D, x.begin() + 2 * D);  // an example twice: L is singular
        if (M == 20)
            for (int i = 0; i < M; ++i) x[static_cast<std::size_t>(i * D + 1)] = 0;  // a dark pixel
        std::int64_t const r = std::min(M, D);
        auto const L = rotate_examples(x, M, D);
        ASSERT_EQ(static_cast<std::int64_t>(L.size()), M * r);
        EXPECT_ARRAY_NEAR(gram(L, M, r), gram(x, M, D), 1e-13 * D);
        for (std::int64_t i = 0; i < M; ++i)
            for (std::int64_t j = i + 1; j < r; ++j) EXPECT_EQ(L[static_cast<std::size_t>(i * r + j)], 0);
    }
}

TEST(Rotation, IsLeftOutWhereItSavesLittle) {
    EXPECT_EQ(rotated_inputs(512, 784), 512);
    EXPECT_EQ(rotated_inputs(784, 784), 784);
    EXPECT_EQ(rotated_inputs(3136, 784), 784);
    EXPECT_EQ(rotated_inputs(3137, 784), 0);
    auto const model = build_fcn(fcn(4, 32, 784, 10));
    EXPECT_LT(rotated_flops(model, 512, 512), 0.54 * product_flops(model, 512));
    // Chunks of 128 and 2 examples read 128 and 130 columns.
    auto const linear = build_fcn(fcn(1, 5, 150, 3));
    EXPECT_DOUBLE_EQ(rotated_flops(linear, 130, 130), 2.0 * 2 * 3 * (128 * 128 + 2 * 130));
}

TEST(Rotation, LeavesAllButTheFirstTensorAsItIs) {
    auto const model = build_fcn(fcn(3, 5, 30, 3));
    auto const other = rotated(model, 8);
    EXPECT_EQ(other.inputs, 8);
    EXPECT_EQ(other.params(), model.params() - 22 * 5);
    for (int l = 0; l < 3; ++l) {
        EXPECT_EQ(other.tensors[l].fan_in, l == 0 ? 8 : model.tensors[l].fan_in);
        EXPECT_EQ(other.tensors[l].fan_out, model.tensors[l].fan_out);
        auto const& mine = std::get<Dense>(other.layers[static_cast<std::size_t>(l)]);
        EXPECT_EQ(mine.offset, other.tensors[l].offset);
        EXPECT_EQ(mine.multiplier, std::get<Dense>(model.layers[static_cast<std::size_t>(l)]).multiplier);
    }
}

struct Case {
    FcnSpec spec;
    Loss loss;
    int examples;
};

std::vector<Case> cases() {
    auto scaled = fcn(3, 4, 9, 3, Activation::tanh);
    scaled.parameterization = Parameterization::ntk;  // its multiplier stays that of 9 inputs
    return {{fcn(3, 5, 30, 3), Loss::mse, 8},
            {fcn(2, 1, 140, 2, Activation::tanh), Loss::cross_entropy, 132},  // two chunks
            {fcn(2, 3, 40, 2, Activation::tanh), Loss::mse, 130},  // two; more examples than inputs
            {fcn(1, 4, 12, 3), Loss::cross_entropy, 5},
            {scaled, Loss::mse, 6}};
}

class RotationTest : public OnEverySpace {};
SG_SPACES(RotationTest);

template <class T>
void expect_spectrum(Exec const& exec, Case const& c, double tolerance) {
    auto const nets = random_nets<T>(c.spec, 3);
    auto const examples = random_examples<T>(c.spec, c.examples);
    Rotated<T> all(exec, c.loss, examples, nets);
    auto const& model = all.op->coordinates();
    auto const P = all.cohort.params, fewer = P - model.params();
    ASSERT_EQ(fewer, std::max(0, c.spec.inputs - c.examples) * oracle::fan_out(c.spec, 0));
    Planned<ExactSpectrum<T>> exact(exec, model, 3);
    exact->run(*all.op, all.cohort.nets());
    for (int const n : {0, 2}) {
        auto const truth = oracle::hessian_spectrum(nets[static_cast<std::size_t>(n)], examples, c.loss);
        // The rest of the spectrum is zeros.
        Vec found = widened(exact->eigenvalues(n));
        found.insert(found.end(), static_cast<std::size_t>(fewer), 0.0);
        std::sort(found.begin(), found.end());
        EXPECT_ARRAY_NEAR(found, truth.values, tolerance * truth.values.back());
    }
}

TEST_P(RotationTest, TheSpectrumIsThatOfTheOracleAndZeros) {
    for (auto const& c : cases()) {
        SCOPED_TRACE(c.spec.inputs);
        expect_spectrum<double>(exec(), c, 1e-12);
        expect_spectrum<float>(exec(), c, 3e-6);
    }
}

TEST_P(RotationTest, TheSharpnessOfEachMethodIsThatOfTheOracle) {
    auto const c = cases()[2];
    auto const nets = random_nets<double>(c.spec, 3);
    auto const examples = random_examples<double>(c.spec, c.examples);
    Rotated<double> all(exec(), c.loss, examples, nets);
    Array<std::uint64_t, 1> const seed(exec(), std::vector<int>{1, 2, 3}, 3);
    for (auto const method : {Method::lanczos, Method::power}) {
        Planned<SharpnessMeter<double>> meter(exec(), all.op->coordinates(), 3, MeterOptions{method, 5e-4, 400});
        meter->measure_initial(*all.op, all.cohort.nets(), seed.data());
        auto const found = to_host(exec(), meter->results(), 3);
        for (std::size_t n = 0; n < 3; ++n) {
            double const truth = oracle::hessian_spectrum(nets[n], examples, c.loss).values.back();
            EXPECT_NEAR(found[n].lambda, truth, 1e-4 * truth);
        }
    }
}

TEST_P(RotationTest, ProductsOfTheParametersStayWhatTheyAre) {
    auto const c = cases()[0];
    auto const nets = random_nets<float>(c.spec, 2);
    auto const examples = random_examples<float>(c.spec, c.examples);
    Rotated<float> all(exec(), c.loss, examples, nets);
    all.cohort.linearise();
    auto const P = all.cohort.params;
    Vec const v = oracle::Random(3).normals(static_cast<std::size_t>(2 * P));
    Array<float, 2> const from(exec(), v, 2, P), a(exec(), 2, P), b(exec(), 2, P);
    all.op->apply(all.cohort.nets(), from.read(), a.view());
    all.cohort.op->apply(all.cohort.nets(), from.read(), b.view());
    EXPECT_SAME_BITS(a.host(), b.host());
}

// Two chunks, of which the first reads 128 of the 132 rows of W', in networks that the CPU packs. U of L U = X V gives the
// products of V in the layers behind the first.
TEST_P(RotationTest, WideNetworksInSeveralChunksAgreeWithTheOracle) {
    constexpr std::size_t M = 132, D = 140, w = 70;
    auto const spec = fcn(3, w, D, 2, Activation::tanh);
    auto const nets = random_nets<double>(spec, 1);
    auto const examples = random_examples<double>(spec, M);
    Rotated<double> all(exec(), Loss::mse, examples, nets);
    Vec const v = oracle::Random(3).normals(nets[0].theta.size()), L = widened(all.L.host());
    Vec u(M * w);
    for (std::size_t i = 0; i < M; ++i)
        for (std::size_t c = 0; c < w; ++c) {
            double rest = 0;
            for (std::size_t d = 0; d < D; ++d) rest += examples.x[i * D + d] * v[d * w + c];
            for (std::size_t j = 0; j < i; ++j) rest -= L[i * M + j] * u[j * w + c];
            u[i * w + c] = rest / L[i * M + i];
        }
    u.insert(u.end(), v.begin() + D * w, v.end());
    Vec const found = all.product(u), truth = oracle::exact_Hv(nets[0], examples, Loss::mse, v);
    EXPECT_ARRAY_NEAR(Vec(found.begin() + M * w, found.end()), Vec(truth.begin() + D * w, truth.end()),
                      1e-9 * oracle::largest(truth));
}

TEST_P(RotationTest, RecomputedActivationsGiveTheSameBits) {
    auto const c = cases()[2];
    auto const nets = random_nets<float>(c.spec, 2);
    auto const examples = random_examples<float>(c.spec, c.examples);
    Rotated<float> kept(exec(), c.loss, examples, nets), again(exec(), c.loss, examples, nets, true);
    auto const P = kept.op->coordinates().params();
    Array<float, 2> const v(exec(), oracle::Random(3).normals(static_cast<std::size_t>(2 * P)), 2, P);
    Array<float, 2> const a(exec(), 2, P), b(exec(), 2, P);
    kept.op->apply(kept.cohort.nets(), v.read(), a.view());
    again.op->apply(again.cohort.nets(), v.read(), b.view());
    EXPECT_SAME_BITS(a.host(), b.host());
    for (float const x : a.host()) EXPECT_TRUE(std::isfinite(x));
}

}  // namespace
}  // namespace sg::test
