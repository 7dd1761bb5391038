// SPDX-License-Identifier: MIT
// Products of some of the networks alone.
#include <numeric>

#include "tests/support/eigen_run.hpp"
#include "tests/support/random.hpp"
#include "tests/support/rotated.hpp"
#include "tests/support/spaces.hpp"

namespace sg::test {
namespace {

class HessianPartTest : public OnEverySpace {
protected:
    void SetUp() override {
        OnEverySpace::SetUp();
        if (!IsSkipped() && exec().on_cpu()) GTEST_SKIP() << "a CPU computes no product of a network that is skipped";
    }
};
SG_SPACES(HessianPartTest);

constexpr std::size_t enough = std::size_t{16} << 20;  // bytes

TEST_P(HessianPartTest, HoldsHalvesOfHalves) {
    auto const spec = fcn(3, 9, 6, 4);
    Cohort<float> cohort(exec(), Loss::mse, random_examples<float>(spec, 20), random_nets<float>(spec, 40));
    EXPECT_EQ(cohort.op->part_for(1, 40), 40);  // nothing was allowed
    Arena arena(exec(), enough);
    cohort.op->allow_parts(arena, 0);
    EXPECT_EQ(cohort.op->part_for(21, 40), 40);
    EXPECT_EQ(cohort.op->part_for(20, 40), 20);
    EXPECT_EQ(cohort.op->part_for(11, 40), 20);
    EXPECT_EQ(cohort.op->part_for(10, 40), 10);
    EXPECT_EQ(cohort.op->part_for(6, 20), 10);
    EXPECT_EQ(cohort.op->part_for(1, 40), 1);
    EXPECT_EQ(cohort.op->part_for(1, 3), 1);
    EXPECT_EQ(cohort.op->part_for(0, 40), 40);

    Cohort<float> small(exec(), Loss::mse, random_examples<float>(spec, 20), random_nets<float>(spec, 3));
    small.op->allow_parts(arena, 0);
    EXPECT_EQ(small.op->part_for(1, 3), 3);
    Cohort<float> large(exec(), Loss::mse, random_examples<float>(spec, 5), random_nets<float>(spec, 129));
    large.op->allow_parts(arena, 0);
    EXPECT_EQ(large.op->part_for(1, 129), 3);  // a sixty-fourth at least
    Cohort<float> cheap(exec(), Loss::mse, random_examples<float>(spec, 20), random_nets<float>(spec, 40));
    cheap.op->allow_parts(arena);
    EXPECT_EQ(cheap.op->part_for(1, 40), 40);
}

// Rows on their own cache lines, as a slice and a part have them: an algorithm depends on the alignment.   (N, P)
template <class T>
View<T, 2> rows_of(Exec const& exec, Arena& arena, std::vector<T> const& values, int N) {
    auto const view = arena.take_rows<T, 2>(N, static_cast<std::int64_t>(values.size()) / N);
    from_host(exec, values, view);
    return view;
}

template <class T>
void check_products(Exec const& exec, FcnSpec const& spec, Loss loss, bool recompute, Path path) {
    int const N = 9;
    auto const examples = random_examples<T>(spec, 70);
    auto const nets = random_nets<T>(spec, N);
    Cohort<T> cohort(exec, loss, examples, nets, path);
    Planned<HessianOperator<T>> op(exec, cohort.model, loss, N, cohort.data.batch(), recompute, path);
    Arena arena(exec, enough);
    op->allow_parts(arena, 0);
    op->evaluate(Nets{N}, rows_of(exec, arena, cohort.theta.host(), N));
    op->linearise(Nets{N});
    std::int64_t const P = cohort.params;
    Vec const normals = oracle::Random(3).normals(static_cast<std::size_t>(N * P));
    auto const v = rows_of(exec, arena, std::vector<T>(normals.begin(), normals.end()), N);
    Array<T, 2> const whole(exec, Vec(static_cast<std::size_t>(N * P)), N, P);
    op->apply(Nets{N}, v, whole.view());
    for (auto const& list : std::vector<std::vector<int>>{{8, 0, 3, 5, ~8}, {7, ~7, ~7}, {2}}) {
        int const count = static_cast<int>(list.size());
        Array<int, 1> const there(exec, list, count);
        Array<T, 2> const some(exec, Vec(static_cast<std::size_t>(N * P), 7.0), N, P);
        op->gather(there.data(), count);
        op->apply_to_part(there.data(), count, v, some.view());
        for (int n = 0; n < N; ++n) {
            bool const in = std::count(list.begin(), list.end(), n) > 0;
            EXPECT_SAME_BITS(row(some.host(), n, P), in ? row(whole.host(), n, P) : std::vector<T>(static_cast<std::size_t>(P), 7));
        }
    }
}

TEST_P(HessianPartTest, ProductsHaveTheBitsOfAll) {
    check_products<float>(exec(), fcn(3, 9, 6, 4), Loss::mse, false, Path::layers);
    check_products<float>(exec(), fcn(3, 9, 6, 4), Loss::mse, false, Path::fused);
    check_products<float>(exec(), fcn(4, 12, 6, 4, Activation::tanh), Loss::cross_entropy, true, Path::layers);
    check_products<double>(exec(), fcn(2, 7, 6, 3), Loss::cross_entropy, false, Path::layers);
    check_products<double>(exec(), fcn(1, 1, 6, 3, Activation::linear), Loss::mse, false, Path::layers);
}

// In the coordinates of the rotation, as studies have them, in float and in TF32.
TEST_P(HessianPartTest, RotatedProductsHaveTheBitsOfAll) {
    int const N = 7;
    auto const spec = fcn(3, 12, 90, 4);
    Rotated<float> rotated(exec(), Loss::mse, random_examples<float>(spec, 40), random_nets<float>(spec, N));
    auto& op = *rotated.op;
    Arena arena(exec(), enough);
    op.allow_parts(arena, 0);
    op.evaluate(Nets{N}, rows_of(exec(), arena, rotated.cohort.theta.host(), N));
    op.linearise(Nets{N});
    std::int64_t const P = op.coordinates().params();
    ASSERT_LT(P, rotated.cohort.params);
    Vec const normals = oracle::Random(3).normals(static_cast<std::size_t>(N * P));
    auto const v = rows_of(exec(), arena, std::vector<float>(normals.begin(), normals.end()), N);
    std::vector<int> const list{6, 1, 4, ~6};
    Array<int, 1> const there(exec(), list, 4);
    for (auto const arithmetic : {Arithmetic::pedantic, Arithmetic::tf32}) {
        auto const whole = arena.take_rows<float, 2>(N, P), some = arena.take_rows<float, 2>(N, P);
        op.apply(Nets{N}, v, whole, arithmetic);
        op.gather(there.data(), 4);
        op.apply_to_part(there.data(), 4, v, some, arithmetic);
        for (int const n : {6, 1, 4})
            EXPECT_SAME_BITS(to_host(exec(), networks(some, n, 1)), to_host(exec(), networks(whole, n, 1)));
    }
}

// Measurements as a study makes them: λ₀, then warm ones of networks of which some have moved far, an audit of two.
struct Measured {
    std::vector<EigenResult> first, later, audit;
    std::vector<float> start;
    std::int64_t launches;
};

Measured measure(Exec const& exec, bool parts) {
    int const N = 12;
    auto const spec = fcn(3, 9, 8, 4);
    EigenRun<float> run(exec, Loss::mse, random_examples<float>(spec, 60), random_nets<float>(spec, N));
    Arena arena(exec, enough);
    run.cohort.op->evaluate(Nets{N}, rows_of(exec, arena, run.cohort.theta.host(), N));
    run.cohort.op->linearise(Nets{N});
    if (parts) run.cohort.op->allow_parts(arena, 0);
    Measured m;
    m.first = run.run(LanczosRule::initial());
    auto theta = run.cohort.theta.wide();
    auto const normals = oracle::Random(5).normals(theta.size());
    auto const P = static_cast<std::size_t>(run.cohort.params);
    for (std::size_t n : {std::size_t{1}, std::size_t{4}, std::size_t{11}})
        for (std::size_t i = n * P; i < (n + 1) * P; ++i) theta[i] += 0.3 * normals[i];
    auto const moved = rows_of(exec, arena, std::vector<float>(theta.begin(), theta.end()), N);
    run.cohort.op->evaluate(Nets{N}, moved);
    run.cohort.op->linearise(Nets{N});
    auto rule = warm(1);
    rule.error = 1e-6;
    m.later = run.run(rule);
    for (int n = 0; n < N; ++n)
        if (n != 2 && n != 7) run.cohort.kill(n);
    m.audit = run.run(LanczosRule::audit());
    for (int n = 0; n < N; ++n) {
        auto const vectors = run.start(n);
        m.start.insert(m.start.end(), vectors.begin(), vectors.end());
    }
    m.launches = exec.counters().launches;
    return m;
}

TEST_P(HessianPartTest, MeasurementsHaveTheSameBits) {
    auto const before = measure(exec(), false).launches;  // trials are behind it
    auto const whole = measure(exec(), false);
    auto const parts = measure(exec(), true);
    EXPECT_GT(parts.launches - whole.launches, whole.launches - before + 40);  // copies
    for (auto const& [a, b] : {std::pair{whole.first, parts.first}, {whole.later, parts.later}, {whole.audit, parts.audit}})
        for (std::size_t n = 0; n < a.size(); ++n) {
            EXPECT_EQ(a[n].lambda, b[n].lambda) << n;
            EXPECT_EQ(a[n].residual, b[n].residual) << n;
            EXPECT_EQ(a[n].products, b[n].products) << n;
            EXPECT_EQ(a[n].status, b[n].status) << n;
        }
    EXPECT_SAME_BITS(whole.start, parts.start);
    EXPECT_EQ(std::count_if(parts.audit.begin(), parts.audit.end(), [](auto const& r) { return r.products > 0; }), 2);
    auto const products = [&](std::size_t n) { return parts.later[n].products; };
    EXPECT_GT(std::min({products(1), products(4), products(11)}), products(0));  // or nothing was gathered
}

}  // namespace
}  // namespace sg::test
