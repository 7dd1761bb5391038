// SPDX-License-Identifier: MIT
#include "cuda/exec/rows.hpp"

#include "tests/support/arrays.hpp"
#include "tests/support/random.hpp"
#include "tests/support/spaces.hpp"

namespace sg::test {
namespace {

// (k + 1) a(n, i): whole numbers, so that every order of the sum gives the same
struct Weighted {
    View<double const, 2> a;
    SG_FN double operator()(int n, std::int64_t i, int k) const { return (k + 1) * a(n, i); }
};

// The same through bind.
struct WeightedInner {
    double const* a;
    double weight;
    SG_FN double operator()(std::int64_t i) const { return weight * a[i]; }
};
struct WeightedBound {
    View<double const, 2> a;
    SG_FN WeightedInner bind(int n, int k) const { return {&a(n, 0), k + 1.0}; }
};

// a(n, i) in float
struct Single {
    View<float const, 2> a;
    SG_FN double operator()(int n, std::int64_t i, int) const {
        return static_cast<double>(a(n, i));
    }
};

class RowsTest : public OnEverySpace {};
SG_SPACES(RowsTest);

template <class F>
void expect_sums(Exec const& exec, std::int64_t n, int sums) {
    int const nets = 4;
    oracle::Random random(static_cast<std::uint64_t>(n + 1));
    std::vector<double> numbers;
    for (std::int64_t i = 0; i < nets * n; ++i) numbers.push_back(random.below(2001) - 1000);
    Array<double, 2> const a(exec, numbers, nets, n);
    Array<double, 2> const out(exec, std::vector<double>(4 * 66, -7.0), nets, 66);
    Array<unsigned char, 1> const skip(exec, std::vector<int>{0, 0, 1, 0}, nets);
    rows(exec, "weighted", {nets, skip.data()}, n, sums, F{a.read()}, out.view());
    std::vector<double> expected(4 * 66, -7.0);
    for (int net = 0; net < nets; ++net) {
        double sum = 0;
        for (double const x : row(numbers, net, n)) sum += x;
        for (int k = 0; k < sums && net != 2; ++k)
            expected[static_cast<std::size_t>(net * 66 + k)] = (k + 1) * sum;
    }
    EXPECT_EQ(out.host(), expected) << "n = " << n << ", sums = " << sums;
}

TEST_P(RowsTest, SumsOfEveryLength) {
    for (std::int64_t const n : {0, 1, 15, 16, 17, 255, 256, 257, 2047, 2048, 2049, 4100})
        for (int const sums : {1, 3}) expect_sums<Weighted>(exec(), n, sums);
}

// In parts on a GPU.
TEST_P(RowsTest, LongSums) {
    for (std::int64_t const n : {rows_part - 1, rows_part, rows_part + 1, 3 * rows_part + 777})
        for (int const sums : {1, 3}) expect_sums<Weighted>(exec(), n, sums);
    expect_sums<WeightedBound>(exec(), rows_part + 300, rows_limit);
}

// Some networks after the others.
TEST_P(RowsTest, LongSumsOfManyNetworks) {
    int const nets = 1030;
    std::int64_t const n = rows_part + 1;
    Array<double, 2> const a(exec(), Vec(static_cast<std::size_t>(n), 1.0), 1, n);
    auto all = a.read();
    all.stride[0] = 0;
    Array<double, 2> const out(exec(), Vec(static_cast<std::size_t>(nets) * rows_limit), nets, rows_limit);
    Array<unsigned char, 1> const skip(exec(), std::vector<int>(nets, 1), nets);
    auto bytes = skip.host();
    for (std::size_t const live : {0, 1023, 1024, 1029}) bytes[live] = 0;
    skip.set(bytes);
    rows(exec(), "weighted", {nets, skip.data()}, n, rows_limit, Weighted{all}, out.view());
    auto const sums = out.host();
    for (std::size_t const net : {0, 5, 1023, 1024, 1029})
        for (std::size_t k = 0; k < rows_limit; ++k)
            ASSERT_EQ(sums[net * rows_limit + k], net == 5 ? 0 : static_cast<double>((k + 1) * static_cast<std::size_t>(n))) << net;
}

TEST_P(RowsTest, AsManySumsAsTheLimit) {
    expect_sums<WeightedBound>(exec(), 2049, rows_limit);
    Array<double, 2> const out(exec(), 1, rows_limit + 1);
    Array<double, 2> const a(exec(), 1, 3);
    EXPECT_THROW(rows(exec(), "many", {1}, 3, rows_limit + 1, Weighted{a.read()}, out.view()),
                 InternalError);
    Array<double, 2> const narrow(exec(), 1, 1);
    EXPECT_THROW(rows(exec(), "narrow", {1}, 3, 2, Weighted{a.read()}, narrow.view()),
                 InternalError);
}

TEST_P(RowsTest, AddsInDouble) {
    std::int64_t const n = 100000;
    std::vector<float> numbers(static_cast<std::size_t>(n), 0.1f);
    Array<float, 2> const a(exec(), numbers, 1, n);
    Array<double, 2> const out(exec(), 1, 1);
    rows(exec(), "single", {1}, n, 1, Single{a.read()}, out.view());
    EXPECT_NEAR(out.host()[0], 1e5 * static_cast<double>(0.1f), 1e-8);  // in float off by 1
}

TEST_P(RowsTest, TheOrderOfASumDependsOnItsLengthAlone) {
    oracle::Random random(3);
    std::int64_t const n = 3001;
    auto const one = random.normals(static_cast<std::size_t>(n));
    Vec three = random.normals(static_cast<std::size_t>(n));
    three.insert(three.end(), one.begin(), one.end());
    three.insert(three.end(), one.begin(), one.end());
    Array<double, 2> const alone(exec(), one, 1, n), among(exec(), three, 3, n);
    Array<double, 2> const a(exec(), 1, 1), b(exec(), 3, 2);
    rows(exec(), "alone", {1}, n, 1, Weighted{alone.read()}, a.view());
    rows(exec(), "among", {3}, n, 2, Weighted{among.read()}, b.view());
    EXPECT_EQ(a.host()[0], b.host()[2]);
    EXPECT_EQ(a.host()[0], b.host()[4]);
}

TEST_P(RowsTest, ANotANumberStaysInItsNetwork) {
    Array<double, 2> const a(exec(), Vec{1, 2, std::nan(""), 4, 5, 6}, 3, 2), out(exec(), 3, 1);
    rows(exec(), "weighted", {3}, 2, 1, Weighted{a.read()}, out.view());
    EXPECT_EQ(out.host()[0], 3);
    EXPECT_TRUE(std::isnan(out.host()[1]));
    EXPECT_EQ(out.host()[2], 11);
}

}  // namespace
}  // namespace sg::test
