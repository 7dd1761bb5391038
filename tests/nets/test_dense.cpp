// SPDX-License-Identifier: MIT
#include "cuda/nets/dense.hpp"

#include "tests/support/arrays.hpp"
#include "tests/support/compare.hpp"
#include "tests/support/random.hpp"
#include "tests/support/spaces.hpp"

namespace sg::test {
namespace {

constexpr int N = 3, B = 4, in = 5, out = 3, offset = 2, P = offset + in * out + 4;

// One layer, inside a larger parameter vector, against the chain rule written out. Network 1 is
// skipped; φ is tanh, so that no derivative vanishes.
class DenseTest : public OnEverySpace {
protected:
    static Vec numbers(int count, std::uint64_t seed) {
        return oracle::Random(seed).normals(static_cast<std::size_t>(count));
    }
    Dense const layer{in, out, offset, 1.5, Activation::tanh};
    Vec const theta = numbers(N * P, 1), x = numbers(N * B * in, 2), u = numbers(N * B * out, 3);
    Vec const v = numbers(N * P, 4), Rx = numbers(N * B * in, 5), Ru = numbers(N * B * out, 6);
    Array<unsigned char, 1> const skip{exec(), std::vector<int>{0, 1, 0}, N};
    Nets const nets{N, skip.data()};

    // What the layer does to input `at` with weights `w`: outputs, and Σ u · outputs
    // differentiated.
    static double weight(Vec const& w, int n, int i, int j) {
        return w[static_cast<std::size_t>(n * P + offset + i * out + j)];
    }
    Vec output(Vec const& w, Vec const& at) const {
        Vec a;
        for (int n = 0; n < N; ++n)
            for (int b = 0; b < B; ++b)
                for (int j = 0; j < out; ++j) {
                    double z = 0;
                    for (int i = 0; i < in; ++i)
                        z +=
                            at[static_cast<std::size_t>((n * B + b) * in + i)] * weight(w, n, i, j);
                    a.push_back(std::tanh(1.5 * z));
                }
        return a;
    }
    struct Derivatives {
        Vec delta, grad, u_in;
    };
    Derivatives differentiate(Vec const& w, Vec const& at, Vec const& du) const {
        Derivatives d{du, Vec(N * P), Vec(N * B * in)};
        Vec const a = output(w, at);
        for (std::size_t i = 0; i < a.size(); ++i) d.delta[i] *= 1 - a[i] * a[i];
        for (int n = 0; n < N; ++n)
            for (int b = 0; b < B; ++b)
                for (int i = 0; i < in; ++i)
                    for (int j = 0; j < out; ++j) {
                        double const e =
                            1.5 * d.delta[static_cast<std::size_t>((n * B + b) * out + j)];
                        auto const place = static_cast<std::size_t>((n * B + b) * in + i);
                        d.grad[static_cast<std::size_t>(n * P + offset + i * out + j)] +=
                            e * at[place];
                        d.u_in[place] += e * weight(w, n, i, j);
                    }
        return d;
    }
    // Central difference of `f` along (v, Rx, Ru).
    template <class F>
    Vec along(F const& f) const {
        double const h = 1e-4;
        auto const moved = [](Vec a, Vec const& by, double step) {
            for (std::size_t i = 0; i < a.size(); ++i) a[i] += step * by[i];
            return a;
        };
        Vec above = f(moved(theta, v, h), moved(x, Rx, h), moved(u, Ru, h));
        Vec const below = f(moved(theta, v, -h), moved(x, Rx, -h), moved(u, Ru, -h));
        for (std::size_t i = 0; i < above.size(); ++i) above[i] = (above[i] - below[i]) / (2 * h);
        return above;
    }
    // Networks 0 and 2 of `got` are `expected`, network 1 is still `before`.
    static void expect_two(Array<double, 3> const& got, Vec const& expected, double before,
                           double tolerance) {
        auto const size = static_cast<std::int64_t>(expected.size()) / N;
        for (int const n : {0, 2})
            EXPECT_ARRAY_NEAR(row(got.host(), n, size), row(expected, n, size), tolerance);
        EXPECT_EQ(row(got.host(), 1, size), Vec(static_cast<std::size_t>(size), before));
    }
    static void expect_two(Array<double, 2> const& got, Vec const& expected, double before,
                           double tolerance) {
        for (int const n : {0, 2})
            EXPECT_ARRAY_NEAR(row(got.host(), n, P), row(expected, n, P), tolerance);
        EXPECT_EQ(row(got.host(), 1, P), Vec(P, before));
    }
};
SG_SPACES(DenseTest);

TEST_P(DenseTest, ForwardAndBackwardFollowTheChainRule) {
    auto const truth = differentiate(theta, x, u);
    Array<double, 2> const w(exec(), theta, N, P), grad(exec(), Vec(N * P, 0.5), N, P);
    Array<double, 3> const input(exec(), x, N, B, in), a(exec(), Vec(N * B * out, 7), N, B, out);
    Array<double, 3> const delta(exec(), u, N, B, out), u_in(exec(), Vec(N * B * in, 7), N, B, in);
    LayerInput<double> const from{input.read(), nullptr};
    layer.forward(exec(), nets, w.read(), from, a.view());
    if (exec().on_cpu()) {
        expect_two(a, output(theta, x), 7, 1e-14);
    }
    layer.backward(exec(), nets, w.read(), from, a.read(), delta.view(), grad.view(), true,
                   u_in.view());
    if (!exec().on_cpu()) return;  // there a skipped network is computed with the others
    Vec sum = truth.grad;
    for (double& g : sum) g += 0.5;  // accumulated; what is not of the layer stays
    expect_two(grad, sum, 0.5, 1e-13);
    expect_two(u_in, truth.u_in, 7, 1e-13);
    for (int const n : {0, 2})
        EXPECT_ARRAY_NEAR(row(delta.host(), n, B * out), row(truth.delta, n, B * out), 1e-14);
}

TEST_P(DenseTest, TangentsAreTheDifferencesOfForwardAndBackward) {
    Array<double, 2> const w(exec(), theta, N, P), direction(exec(), v, N, P), Hv(exec(), N, P);
    Array<double, 3> const input(exec(), x, N, B, in), Rinput(exec(), Rx, N, B, in);
    Array<double, 3> const a(exec(), output(theta, x), N, B, out), delta(exec(), N, B, out);
    Array<double, 3> const Ra(exec(), N, B, out), bend(exec(), N, B, out),
        Rdelta(exec(), Ru, N, B, out);
    Array<double, 3> const Ru_in(exec(), N, B, in);
    LayerInput<double> const from{input.read(), nullptr};
    delta.set(differentiate(theta, x, u).delta);
    layer.forward_tangent(exec(), {N}, w.read(), direction.read(), {}, from, Rinput.read(), a.read(),
                          Ra.view(), bend.view());
    layer.backward_tangent(exec(), {N}, w.read(), direction.read(), {}, from, Rinput.read(), a.read(),
                           delta.read(), bend.read(), Rdelta.view(), Hv.view(), false,
                           Ru_in.view());
    using All = Vec const&;
    auto const moved = along([&](All t, All at, All) { return output(t, at); });
    EXPECT_ARRAY_NEAR(Ra.host(), moved, 1e-6);
    auto const Rd = along([&](All t, All at, All du) { return differentiate(t, at, du).delta; });
    EXPECT_ARRAY_NEAR(Rdelta.host(), Rd, 1e-6);
    auto const Rg = along([&](All t, All at, All du) { return differentiate(t, at, du).grad; });
    EXPECT_ARRAY_NEAR(Hv.host(), Rg, 1e-5);
    auto const Rin = along([&](All t, All at, All du) { return differentiate(t, at, du).u_in; });
    EXPECT_ARRAY_NEAR(Ru_in.host(), Rin, 1e-5);
}

// Groups of 1 and 2 networks read different examples; each computes what it computes alone.
TEST_P(DenseTest, GroupsShareTheirExamples) {
    std::vector<Group> const groups{{0, 1, 1}, {1, 2, 0}};
    Array<double, 2> const w(exec(), theta, N, P), grad(exec(), N, P), alone(exec(), N, P);
    Array<double, 3> const shared(exec(), row(x, 0, 2 * B * in), 2, B, in);
    Vec spread = row(x, 1, B * in);
    for (int n = 0; n < 2; ++n) spread.insert(spread.end(), x.begin(), x.begin() + B * in);
    Array<double, 3> const own(exec(), spread, N, B, in);
    Array<double, 3> const a(exec(), N, B, out), b(exec(), N, B, out), delta(exec(), u, N, B, out);
    LayerInput<double> const grouped{shared.read(), &groups}, single{own.read(), nullptr};
    layer.forward(exec(), {N}, w.read(), grouped, a.view());
    layer.forward(exec(), {N}, w.read(), single, b.view());
    EXPECT_SAME_BITS(a.host(), b.host());
    layer.backward(exec(), {N}, w.read(), grouped, a.read(), delta.view(), grad.view(), false, {});
    delta.set(u);
    layer.backward(exec(), {N}, w.read(), single, a.read(), delta.view(), alone.view(), false, {});
    EXPECT_SAME_BITS(grad.host(), alone.host());
    EXPECT_GT(oracle::largest(grad.host()), 0);
    // Fewer networks than the groups cover: a slice after compaction.
    Array<double, 3> const two(exec(), Vec(N * B * out, 9), N, B, out);
    layer.forward(exec(), {2}, w.read(), grouped, two.view());
    EXPECT_SAME_BITS(row(two.host(), 1, B * out), row(a.host(), 1, B * out));
    EXPECT_EQ(row(two.host(), 2, B * out), Vec(B * out, 9));
}

}  // namespace
}  // namespace sg::test
