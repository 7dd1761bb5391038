// SPDX-License-Identifier: MIT
#include "cuda/sharpness/meter.hpp"

#include "tests/support/cohort.hpp"
#include "tests/support/spaces.hpp"

namespace sg::test {
namespace {

// Three networks with a spectrum that the oracle knows in full.
class MeterTest : public OnEverySpace {
protected:
    using Meter = Planned<SharpnessMeter<double>>;
    FcnSpec spec = fcn(3, 6, 5, 3, Activation::tanh);
    std::vector<oracle::Net> nets = random_nets<double>(spec, 3);
    oracle::Examples examples = random_examples<double>(spec, 20);
    Cohort<double> cohort{exec(), Loss::mse, examples, nets};

    MeterTest() { cohort.linearise(); }
    std::vector<EigenResult> read(Meter& meter) const {
        return to_host(exec(), meter->results(), 3);
    }
    double top(std::size_t n) const {
        return oracle::hessian_spectrum(nets[n], examples, Loss::mse).values.back();
    }
};
SG_SPACES(MeterTest);

TEST_P(MeterTest, EveryMethodMeasures) {
    for (auto const method : {Method::lanczos, Method::power, Method::exact}) {
        Meter meter(exec(), cohort.model, 3, MeterOptions{method, 5e-4, 15});
        meter->measure_initial(*cohort.op, cohort.nets(), cohort.seed.data());
        auto const first = read(meter);
        meter->measure(*cohort.op, cohort.nets(), cohort.seed.data(), 1);
        auto const second = read(meter);
        for (std::size_t n = 0; n < 3; ++n) {
            double const tolerance = method == Method::power ? 0.2 : 1e-6;
            EXPECT_NEAR(first[n].lambda, top(n), tolerance * top(n));
            EXPECT_NEAR(second[n].lambda, top(n), tolerance * top(n));
            EXPECT_EQ(second[n].status, method == Method::power ? EigenStatus::bound_only
                                                                : EigenStatus::converged);
            auto const P = static_cast<int>(cohort.params);
            EXPECT_EQ(second[n].products, method == Method::power   ? 16
                                          : method == Method::exact ? P + 1
                                                                    : 2);
        }
    }
}

// The largest eigenvalue belongs to one input, and that of another grows past it. The residual of the first, an exact
// eigenvector, knows nothing of the second, and among 200 inputs a random vector has little of it; the second Ritz vector is that
// of the other class. Step 48 looks around, seven steps after the second has passed.
TEST_P(MeterTest, AnEigenvectorThatPassesTheFirstIsSeen) {
    constexpr int D = 200, passes = 40;
    auto const linear = fcn(1, 1, D, 2);
    auto data = oracle::random_examples(D, D, 2, 1);
    auto const set = [&](int step) {
        double const second = 0.4 + 0.6 * step / passes;
        std::fill(data.x.begin(), data.x.end(), 0.0);
        for (int i = 0; i < D; ++i)
            data.x[static_cast<std::size_t>(i * (D + 1))] = i == 0 ? 1 : i == 1 ? std::sqrt(second) : 0.1;
        return std::max(1.0, second) / (2 * D);  // H = xᵀx / (M K) for each class
    };
    set(0);
    Cohort<float> planted(exec(), Loss::mse, data, random_nets<float>(linear, 2));
    planted.linearise();
    Planned<SharpnessMeter<float>> meter(exec(), planted.model, 2, MeterOptions{});
    meter->measure_initial(*planted.op, planted.nets(), planted.seed.data());
    int misses = 0;
    for (int step = 1; step <= 2 * passes; ++step) {
        double const truth = set(step);
        planted.data.x.set(data.x);
        planted.linearise();
        meter->measure(*planted.op, planted.nets(), planted.seed.data(), step);
        for (auto const& found : to_host(exec(), meter->results(), 2)) misses += found.lambda < truth * (1 - 1e-3);
    }
    EXPECT_LE(misses, 14);
}

TEST_P(MeterTest, ToleranceIsThatOfTheOptions) {
    for (double const tolerance : {1e-2, 1e-8}) {
        Meter meter(exec(), cohort.model, 3, MeterOptions{Method::lanczos, tolerance, 0});
        meter->measure(*cohort.op, cohort.nets(), cohort.seed.data(), 1);  // from a start of zeros
        auto const results = read(meter);
        for (std::size_t n = 0; n < 3; ++n) {
            EXPECT_NEAR(results[n].lambda, top(n), 2 * tolerance * top(n));
            EXPECT_LE(results[n].residual, std::sqrt(tolerance) * top(n));
            EXPECT_EQ(results[n].residual > 1e-4 * top(n), tolerance > 1e-4);
        }
    }
}

TEST_P(MeterTest, AuditsAndChecksLeaveNoTrace) {
    Meter meter(exec(), cohort.model, 3, MeterOptions{});
    meter->measure_initial(*cohort.op, cohort.nets(), cohort.seed.data());
    auto const start = meter->start(1).vectors;
    Array<unsigned char, 1> const none(exec(), std::vector<int>{0, 0, 0}, 3);
    meter->audit(*cohort.op, cohort.nets(), none.data(), cohort.seed.data(), 1);
    auto const audit = read(meter);
    meter->measure_smallest(*cohort.op, cohort.nets(), cohort.seed.data(), 1e-6);
    auto const smallest = read(meter);
    meter->measure_largest(*cohort.op, cohort.nets(), cohort.seed.data(), 1e-8);
    auto const largest = read(meter);
    EXPECT_SAME_BITS(meter->start(1).vectors, start);
    for (std::size_t n = 0; n < 3; ++n) {
        auto const truth = oracle::hessian_spectrum(nets[n], examples, Loss::mse).values;
        EXPECT_NEAR(audit[n].lambda, truth.back(), 1e-7 * truth.back());
        EXPECT_GE(audit[n].products, 20);
        EXPECT_NEAR(smallest[n].lambda, truth.front(), 1e-9 * truth.back());
        EXPECT_NEAR(largest[n].lambda, truth.back(), 1e-13 * truth.back());
    }
}

TEST_P(MeterTest, AStartTravelsFromOneMeterToAnother) {
    Meter first(exec(), cohort.model, 3, MeterOptions{}),
        second(exec(), cohort.model, 3, MeterOptions{});
    first->measure_initial(*cohort.op, cohort.nets(), cohort.seed.data());
    auto const initial = read(first);
    for (int n = 0; n < 3; ++n) {
        auto const start = first->start(n);
        EXPECT_EQ(start.vectors.size(), static_cast<std::size_t>(2 * cohort.params));
        EXPECT_EQ(start.lambda, initial[static_cast<std::size_t>(n)].lambda);
        EXPECT_LT(start.second, start.lambda);
        second->set_start(n, 1, start);
    }
    first->measure(*cohort.op, cohort.nets(), cohort.seed.data(), 4);
    second->measure(*cohort.op, cohort.nets(), cohort.seed.data(), 4);
    auto const a = read(first), b = read(second);
    for (std::size_t n = 0; n < 3; ++n) {
        EXPECT_EQ(a[n].lambda, b[n].lambda);
        EXPECT_EQ(a[n].residual, b[n].residual);
        EXPECT_EQ(a[n].products, b[n].products);
    }
    auto const last = first->start(2);
    second->set_start(0, 3, last);  // all at once
    for (int n = 0; n < 3; ++n) {
        EXPECT_SAME_BITS(second->start(n).vectors, last.vectors);
        EXPECT_EQ(second->start(n).lambda, last.lambda);
        EXPECT_EQ(second->start(n).second, last.second);
    }
    EXPECT_THROW(second->set_start(0, 1, {std::vector<double>(3), 1, 1}), InternalError);
    Meter power(exec(), cohort.model, 3, MeterOptions{Method::power, 0, 3});
    EXPECT_TRUE(power->start(0).vectors.empty());
    power->set_start(0, 1, {});
    EXPECT_THROW(power->audit(*cohort.op, cohort.nets(), nullptr, cohort.seed.data(), 1), InternalError);
}

TEST_P(MeterTest, AnAuditCoversTheChosenThatLive) {
    Meter meter(exec(), cohort.model, 3, MeterOptions{});
    meter->measure_initial(*cohort.op, cohort.nets(), cohort.seed.data());
    cohort.kill(0);
    Array<unsigned char, 1> const skip(exec(), std::vector<int>{0, 1, 0}, 3);
    meter->audit(*cohort.op, cohort.nets(), skip.data(), cohort.seed.data(), 1);
    auto const results = read(meter);
    EXPECT_EQ(results[0].status, EigenStatus::skipped);  // chosen, but dead
    EXPECT_EQ(results[1].status, EigenStatus::skipped);
    EXPECT_EQ(results[2].status, EigenStatus::converged);
}

TEST_P(MeterTest, CompactionMovesTheStartsWithTheSlots) {
    Meter meter(exec(), cohort.model, 3, MeterOptions{});
    meter->measure_initial(*cohort.op, cohort.nets(), cohort.seed.data());
    auto const zero = meter->start(0), two = meter->start(2);
    Array<int, 1> const keep(exec(), std::vector<int>{0, 2}, 2);
    meter->compact(keep.data(), 2);
    EXPECT_SAME_BITS(meter->start(0).vectors, zero.vectors);
    EXPECT_SAME_BITS(meter->start(1).vectors, two.vectors);
    EXPECT_EQ(meter->start(1).lambda, two.lambda);
    EXPECT_EQ(meter->start(1).second, two.second);
    EXPECT_EQ(meter->ritz_values(1), (std::array{two.lambda, two.second}));
}

// λ₀ and audits are what they are without it.
TEST_P(MeterTest, LaterStepsAloneAreMeasuredInTf32) {
    MeterOptions options;
    Meter plain(exec(), cohort.model, 3, options);
    options.tf32 = true;
    Meter meter(exec(), cohort.model, 3, options);
    Array<unsigned char, 1> const skip(exec(), std::vector<int>{0, 1, 0}, 3);
    for (auto* one : {&plain, &meter}) (*one)->measure_initial(*cohort.op, cohort.nets(), cohort.seed.data());
    auto const first = read(meter), first_without = read(plain);
    for (auto* one : {&plain, &meter}) (*one)->measure(*cohort.op, cohort.nets(), cohort.seed.data(), 1);
    auto const later = read(meter), later_without = read(plain);
    for (auto* one : {&plain, &meter}) (*one)->audit(*cohort.op, cohort.nets(), skip.data(), cohort.seed.data(), 1);
    auto const audited = read(meter), audited_without = read(plain);
    for (std::size_t n = 0; n < 3; ++n) {
        EXPECT_EQ(first[n].products, first_without[n].products);
        EXPECT_EQ(first[n].lambda, first_without[n].lambda);
        EXPECT_EQ(later[n].products, later_without[n].products + 1);
        EXPECT_NEAR(later[n].lambda, top(n), 1e-6 * top(n));
        EXPECT_EQ(audited[n].products, audited_without[n].products);
        EXPECT_EQ(audited[n].lambda, audited_without[n].lambda);
    }
}

}  // namespace
}  // namespace sg::test
