// SPDX-License-Identifier: MIT
#include "cuda/nets/model.hpp"

#include "tests/support/cohort.hpp"
#include "tests/support/compare.hpp"
#include "tests/support/random.hpp"
#include "tests/support/spaces.hpp"

namespace sg::test {
namespace {

// Networks in two groups with different examples, passed through in chunks that do not divide them.
constexpr int N = 5, B = 7;

template <class T>
struct Passes {
    Passes(Exec const& exec_, FcnSpec const& spec)
        : exec(exec_),
          model(build_fcn(spec)),
          nets(random_nets<T>(spec, N)),
          data{random_examples<T>(spec, B, 1), random_examples<T>(spec, B, 2)},
          theta(exec, weights(nets), N, model.params()),
          grad(exec, N, model.params()),
          x(exec, joined(data[0].x, data[1].x), 2, B, spec.inputs),
          labels(exec, joined(data[0].label, data[1].label), 2, B),
          group(exec, std::vector<int>{0, 0, 0, 1, 1}, N) {
        Arena measure;
        carve(measure);
        arena = Arena(exec, measure.largest());
        carve(arena);
    }
    template <class U>
    static std::vector<U> joined(std::vector<U> a, std::vector<U> const& b) {
        a.insert(a.end(), b.begin(), b.end());
        return a;
    }
    void carve(Arena& from) {
        tape = Tape<T>::take(from, model, N, B);
        scratch = TangentTape<T>::take(from, model, N, 3);
    }
    // f(batch, tape, accumulate) for chunks of 3, 3 and 1 examples.
    template <class F>
    void in_chunks(F const& f) const {
        Batch<T> const all{x.read(), {labels.read(), group.data()}, &groups};
        for (int first = 0; first < B; first += 3) {
            int const count = std::min(3, B - first);
            f(chunk(all, first, count), tape.chunk(first, count), first > 0);
        }
    }
    void gradient(Loss loss) const {
        in_chunks([&](Batch<T> const& batch, Tape<T> const& part, bool accumulate) {
            forward<T>(exec, {N}, model, theta.read(), batch, part);
            backward<T>(exec, {N}, model, loss, B, theta.read(), batch, part, grad.view(),
                        accumulate);
        });
    }
    oracle::Examples const& of(int n) const { return data[n < 3 ? 0 : 1]; }

    Exec exec;
    Model model;
    std::vector<oracle::Net> nets;
    oracle::Examples data[2];
    std::vector<Group> groups{{0, 3, 0}, {3, 2, 1}};
    Array<T, 2> theta, grad;
    Array<T, 3> x;
    Array<std::int32_t, 2> labels;
    Array<int, 1> group;
    Arena arena;
    Tape<T> tape;
    TangentTape<T> scratch;
};

std::vector<FcnSpec> specs() {
    auto mup = fcn(3, 6, 4, 3, Activation::tanh);
    mup.parameterization = Parameterization::mup;
    mup.output_scale = 1.5;
    return {fcn(4, 6, 4, 3), mup, fcn(1, 1, 5, 3, Activation::linear),
            fcn(3, 1, 4, 2, Activation::tanh), fcn(2, 9, 1, 1)};
}

class ModelTest : public OnEverySpace {};
SG_SPACES(ModelTest);

TEST_P(ModelTest, OutputsAndGradientsOfTwoGroupsAreThoseOfTheOracle) {
    for (auto const& spec : specs())
        for (auto const loss : {Loss::mse, Loss::cross_entropy}) {
            Passes<double> const p(exec(), spec);
            p.gradient(loss);
            auto const f = to_host(exec(), p.tape.a.back().data, N * B * spec.classes);
            for (int n = 0; n < N; ++n) {
                auto const& net = p.nets[static_cast<std::size_t>(n)];
                EXPECT_ARRAY_NEAR(row(f, n, B * spec.classes), oracle::outputs(net, p.of(n)),
                                  1e-13);
                Vec const truth = oracle::gradient(net, p.of(n), loss);
                EXPECT_ARRAY_NEAR(row(p.grad.host(), n, p.model.params()), truth,
                                  1e-13 * (1 + oracle::largest(truth)));
            }
        }
}

TEST_P(ModelTest, TangentsOfTwoGroupsAreThoseOfTheOracle) {
    for (auto const& spec : specs())
        for (auto const loss : {Loss::mse, Loss::cross_entropy}) {
            Passes<double> const p(exec(), spec);
            auto const P = p.model.params();
            p.gradient(loss);
            Vec const directions = oracle::Random(5).normals(static_cast<std::size_t>(N * P));
            Array<double, 2> const v(exec(), directions, N, P), Hv(exec(), N, P);
            p.in_chunks([&](Batch<double> const& batch, Tape<double> const& part, bool accumulate) {
                tangent<double>(exec(), {N}, p.model, loss, B, p.theta.read(), batch, part,
                                p.scratch, std::vector<PackedLayer<double>>(p.model.layers.size()), v.read(), Hv.view(), accumulate);
            });
            for (int n = 0; n < N; ++n) {
                Vec const truth = oracle::exact_Hv(p.nets[static_cast<std::size_t>(n)], p.of(n),
                                                   loss, row(directions, n, P));
                EXPECT_ARRAY_NEAR(row(Hv.host(), n, P), truth,
                                  1e-12 * (1 + oracle::largest(truth)));
            }
        }
}

TEST_P(ModelTest, FloatIsAsCloseAsFloatCanBe) {
    Passes<float> const p(exec(), specs()[0]);
    p.gradient(Loss::mse);
    for (int n = 0; n < N; ++n) {
        Vec const truth = oracle::gradient(p.nets[static_cast<std::size_t>(n)], p.of(n), Loss::mse);
        EXPECT_ARRAY_NEAR(row(p.grad.host(), n, p.model.params()), truth,
                          3e-6 * oracle::largest(truth));
    }
}

TEST_P(ModelTest, WithoutAGradientOnlyTheErrorsAreComputed) {
    Passes<double> const p(exec(), specs()[0]);
    p.gradient(Loss::mse);
    auto const units = p.model.units(0);
    auto const delta = to_host(exec(), p.tape.delta[0].data, N * B * units);
    auto const grad = p.grad.host();
    exec().fill(p.tape.delta[0].data, 0, delta.size() * sizeof(double));
    p.in_chunks([&](Batch<double> const& batch, Tape<double> const& part, bool) {
        backward<double>(exec(), {N}, p.model, Loss::mse, B, p.theta.read(), batch, part, {},
                         false);
    });
    EXPECT_SAME_BITS(to_host(exec(), p.tape.delta[0].data, N * B * units), delta);
    EXPECT_SAME_BITS(p.grad.host(), grad);
    EXPECT_GT(oracle::largest(delta), 0);
}

}  // namespace
}  // namespace sg::test
