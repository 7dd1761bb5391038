// SPDX-License-Identifier: MIT
// Warm measurements in TF32. On the CPU, and in double, their products are those of float and double, so that what is
// tested there is how they end: by one product in full.
#include "tests/support/compare.hpp"
#include "tests/support/eigen_run.hpp"
#include "tests/support/random.hpp"
#include "tests/support/spaces.hpp"

namespace sg::test {
namespace {

struct Case {
    FcnSpec spec;
    Loss loss;
    int examples;
};

std::vector<Case> cases() {
    return {{fcn(4, 9, 8, 4, Activation::tanh), Loss::mse, 40},
            {fcn(3, 70, 20, 5, Activation::tanh), Loss::cross_entropy, 60},
            {fcn(1, 4, 20, 5, Activation::linear), Loss::mse, 50}};  // 5-fold eigenvalues
}

LanczosRule warm_tf32(int step) {
    auto rule = warm(step);
    rule.tf32 = true;
    return rule;
}

double dot(Vec const& a, Vec const& b) {
    double sum = 0;
    for (std::size_t p = 0; p < a.size(); ++p) sum += a[p] * b[p];
    return sum;
}

// The quotient of x by the oracle's H, and what that leaves.
struct Quotient {
    double theta, residual;
    double bordered() const { return (theta + std::sqrt(theta * theta + 4 * residual * residual)) / 2; }
};
Quotient quotient_of(oracle::Net const& net, oracle::Examples const& examples, Loss loss, Vec const& x) {
    double const theta = dot(x, oracle::exact_Hv(net, examples, loss, x)) / dot(x, x);
    return {theta, residual_of(net, examples, loss, x, theta)};
}

// x + 0.3 y, y a vector of noise, for both start vectors of each network.
template <class T>
void disturb_starts(EigenRun<T>& run, std::uint64_t seed) {
    oracle::Random random(seed);
    double const size = 0.3 / std::sqrt(static_cast<double>(run.cohort.params));
    for (int n = 0; n < run.cohort.count; ++n) {
        auto start = run.start(n);
        for (T& entry : start) entry += static_cast<T>(size * random.normal());
        run.set_start(n, start, run.last(n));
    }
}

class Tf32Test : public OnEverySpace {};
SG_SPACES(Tf32Test);

TEST_P(Tf32Test, TheLastProductGivesTheValueAndItsResidual) {
    for (auto const& c : cases()) {
        auto const nets = random_nets<double>(c.spec, 3);
        auto const examples = random_examples<double>(c.spec, c.examples);
        EigenRun<double> plain(exec(), c.loss, examples, nets), run(exec(), c.loss, examples, nets);
        for (auto* one : {&plain, &run}) {
            static_cast<void>(one->run(strict(1e-8)));
            disturb_starts(*one, 5);
        }
        auto rule = warm_tf32(1), other = warm(1);
        rule.error = other.error = 1;  // two products, whatever is left
        auto const results = run.run(rule), without = plain.run(other);
        for (int n = 0; n < 3; ++n) {
            auto const k = static_cast<std::size_t>(n);
            auto const expected = quotient_of(nets[k], examples, c.loss, row(widened(run.start(n)), 0, run.cohort.params));
            EXPECT_EQ(results[k].products, without[k].products + 1);
            EXPECT_EQ(results[k].status, EigenStatus::converged);
            EXPECT_GT(expected.residual, 1e-3 * expected.theta);  // above what counts as rounding
            EXPECT_NEAR(results[k].residual, expected.residual, 1e-8 * expected.theta);
            EXPECT_NEAR(results[k].lambda, expected.bordered(), 1e-10 * expected.theta);
            EXPECT_NEAR(results[k].lambda, without[k].lambda, 1e-10 * expected.theta);
            EXPECT_SAME_BITS(run.start(n), plain.start(n));  // what is kept is what it was
            EXPECT_SAME_BITS(run.last(n), plain.last(n));
        }
    }
}

// Skipped, NaN, collapsed, and a start of nothing: the last product must leave them as they are, or mend them.
TEST_P(Tf32Test, NetworksThatHaveNoVectorStayOut) {
    auto const spec = fcn(3, 12, 8, 4);
    auto nets = random_nets<float>(spec, 5);
    for (double& w : nets[2].theta) w = std::nan("");
    for (double& w : nets[3].theta) w = 0;
    auto const examples = random_examples<float>(spec, 40);
    EigenRun<float> run(exec(), Loss::mse, examples, nets);
    static_cast<void>(run.run(LanczosRule::initial()));
    run.cohort.kill(1);
    run.set_start(4, std::vector<float>(static_cast<std::size_t>(2 * run.cohort.params), NAN), {1, 1});
    auto const skipped = run.start(1), nan = run.start(2);
    auto const results = run.run(warm_tf32(1));
    EXPECT_EQ(results[1].status, EigenStatus::skipped);
    EXPECT_EQ(results[1].products, 0);
    EXPECT_SAME_BITS(run.start(1), skipped);
    EXPECT_EQ(results[2].status, EigenStatus::not_converged);
    EXPECT_SAME_BITS(run.start(2), nan);
    EXPECT_EQ(results[3].status, EigenStatus::collapsed);
    EXPECT_EQ(results[3].products, 0);
    EXPECT_EQ(results[3].lambda, 0);
    for (std::size_t const n : {0u, 4u}) {
        double const truth = oracle::top_eigenvalue(nets[n], examples, Loss::mse).value;
        EXPECT_EQ(results[n].status, EigenStatus::converged) << n;
        EXPECT_NEAR(results[n].lambda, truth, 1e-3 * truth) << n;
    }
}

// Along weights that move as training moves them.
TEST_P(Tf32Test, LaterStepsComeWithinATenthOfAPercent) {
    for (auto const& c : cases()) {
        auto nets = random_nets<float>(c.spec, 3);
        auto const examples = random_examples<float>(c.spec, c.examples);
        EigenRun<float> run(exec(), c.loss, examples, nets), plain(exec(), c.loss, examples, nets);
        oracle::Random random(3);
        for (int step = 0; step <= 4; ++step) {
            auto const results = run.run(step == 0 ? LanczosRule::initial() : warm_tf32(step));
            auto const in_float = plain.run(step == 0 ? LanczosRule::initial() : warm(step));
            for (std::size_t n = 0; n < 3; ++n) {
                SCOPED_TRACE(testing::Message() << "depth " << c.spec.depth << ", step " << step << ", network " << n);
                double const truth = oracle::top_eigenvalue(nets[n], examples, c.loss).value;
                EXPECT_EQ(results[n].status, EigenStatus::converged);
                EXPECT_NEAR(results[n].lambda, truth, 1e-3 * truth);
                EXPECT_NEAR(results[n].lambda, in_float[n].lambda, 1e-3 * truth);
                EXPECT_LE(results[n].products, in_float[n].products + (step == 0 ? 0 : 4));
                // The residual that is reported has no rounding of TF32 in it.
                auto const x = row(widened(run.start(static_cast<int>(n))), 0, run.cohort.params);
                auto const expected = quotient_of(nets[n], examples, c.loss, x);
                if (step > 0) {
                    EXPECT_NEAR(results[n].residual, expected.residual, 1e-5 * truth);
                }
            }
            for (auto& net : nets) {
                for (double& w : net.theta) w *= 1 + 0.03 * random.normal();
                net.theta = rounded<float>(net.theta);
            }
            for (auto* one : {&run, &plain}) {
                one->cohort.theta.set(weights(nets));
                one->cohort.linearise();
            }
        }
        if (c.spec.width == 70) {
            EXPECT_EQ(bool(same_bits(run.start(0), plain.start(0))), exec().on_cpu()) << "no tensor cores";
        }
    }
}

TEST_P(Tf32Test, ANetworkHasTheSameBitsAloneAndAmongOthers) {
    auto const c = cases()[1];
    auto const nets = random_nets<float>(c.spec, 5);
    auto const examples = random_examples<float>(c.spec, c.examples);
    EigenRun<float> all(exec(), c.loss, examples, nets);
    static_cast<void>(all.run(LanczosRule::initial()));
    disturb_starts(all, 5);
    std::vector<std::vector<float>> starts;
    std::vector<Vec> lasts;
    for (int n = 0; n < 5; ++n) {
        starts.push_back(all.start(n));
        lasts.push_back(all.last(n));
    }
    auto const together = all.run(warm_tf32(1));
    for (int n = 0; n < 5; ++n) {
        auto const k = static_cast<std::size_t>(n);
        EigenRun<float> one(exec(), c.loss, examples, {nets[k]});
        one.set_start(0, starts[k], lasts[k]);
        auto const alone = one.run(warm_tf32(1))[0];
        EXPECT_EQ(alone.products, together[k].products);
        EXPECT_SAME_BITS((Vec{alone.lambda, alone.residual}), (Vec{together[k].lambda, together[k].residual}));
        EXPECT_SAME_BITS(one.start(0), all.start(n));
    }
}

// An error that TF32 cannot come to: the iteration ends where the residual is rounding, and the last product says so.
TEST_P(Tf32Test, TheIterationEndsOnRounding) {
    for (auto const& c : cases()) {
        auto const nets = random_nets<float>(c.spec, 3);
        auto const examples = random_examples<float>(c.spec, c.examples);
        EigenRun<float> run(exec(), c.loss, examples, nets);
        static_cast<void>(run.run(LanczosRule::initial()));
        disturb_starts(run, 5);
        auto rule = warm_tf32(1);
        rule.error = 1e-12;
        auto const results = run.run(rule);
        for (std::size_t n = 0; n < 3; ++n) {
            double const truth = oracle::top_eigenvalue(nets[n], examples, c.loss).value;
            EXPECT_EQ(results[n].status, EigenStatus::not_converged);
            EXPECT_LE(results[n].products, 40);
            EXPECT_LE(results[n].residual, 2 * truth / 2048);
            EXPECT_NEAR(results[n].lambda, truth, 1e-5 * truth);
        }
    }
}

// The primal pass is never rounded, so that it may be made again.
TEST_P(Tf32Test, AProductInTf32HasTheSameBitsFromActivationsThatAreMadeAgain) {
    auto const c = cases()[1];
    auto const nets = random_nets<float>(c.spec, 3);
    auto const examples = random_examples<float>(c.spec, c.examples);
    Cohort<float> cohort(exec(), c.loss, examples, nets);
    Planned<HessianOperator<float>> again(exec(), cohort.model, c.loss, 3, cohort.data.batch(), true);
    cohort.linearise();
    again->evaluate(cohort.nets(), cohort.theta.read());
    again->linearise(cohort.nets());
    auto const P = cohort.params;
    Vec const direction = oracle::Random(8).normals(static_cast<std::size_t>(3 * P));
    Array<float, 2> const v(exec(), direction, 3, P), kept(exec(), 3, P), made(exec(), 3, P), plain(exec(), 3, P);
    cohort.op->apply(cohort.nets(), v.read(), kept.view(), Arithmetic::tf32);
    again->apply(cohort.nets(), v.read(), made.view(), Arithmetic::tf32);
    cohort.op->apply(cohort.nets(), v.read(), plain.view());
    EXPECT_SAME_BITS(made.host(), kept.host());
    Vec const truth = oracle::exact_Hv(nets[1], examples, c.loss, row(v.wide(), 1, P));
    double const size = oracle::largest(truth);
    EXPECT_ARRAY_NEAR(row(plain.host(), 1, P), truth, 1e-5 * size);
    EXPECT_ARRAY_NEAR(row(kept.host(), 1, P), truth, 1e-2 * size);
    EXPECT_EQ(bool(array_near(row(kept.host(), 1, P), truth, 5e-5 * size)), exec().on_cpu());
}

}  // namespace
}  // namespace sg::test
