// SPDX-License-Identifier: MIT
#include "cuda/ops/vectors.hpp"

#include <limits>
#include <numeric>

#include "tests/support/arrays.hpp"
#include "tests/support/random.hpp"
#include "tests/support/spaces.hpp"

namespace sg::test {
namespace {

constexpr int N = 3, m = 9;  // networks (1 is skipped), vectors of each
constexpr double untouched = 77;

double dot(Vec const& a, Vec const& b) {
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

class VectorsTest : public OnEverySpace {
protected:
    static Vec random(int size, std::uint64_t seed) {
        return rounded<float>(oracle::Random(seed).normals(static_cast<std::size_t>(size)));
    }
    // Vector j of network n of an (N, m, P) array.
    static Vec vector(Vec const& all, int n, int j, int P) { return row(all, n * m + j, P); }

    Array<unsigned char, 1> skip{exec(), std::vector<int>{0, 1, 0}, N};
    Nets nets{N, skip.data()};
};
SG_SPACES(VectorsTest);

template <class T>
void check_dots(Exec const& exec, Nets nets, Vec const& vectors, Vec const& w, int P, int count,
                bool square) {
    Array<T, 3> const V(exec, vectors, N, m, P);
    Array<T, 2> const a(exec, w, N, P);
    Array<double, 2> const out(exec, Vec(N * (m + 1), untouched), N, m + 1);
    dots(exec, nets, V.read(), count, a.read(), square, out.view());
    Vec expected(N * (m + 1), untouched);
    for (int n = 0; n < N; n += 2) {
        auto const mine = row(w, n, P);
        for (int j = 0; j < count; ++j)
            expected[static_cast<std::size_t>(n * (m + 1) + j)] =
                dot(row(vectors, n * m + j, P), mine);
        if (square) expected[static_cast<std::size_t>(n * (m + 1) + count)] = dot(mine, mine);
    }
    EXPECT_ARRAY_NEAR(out.host(), expected, 1e-12 * P);  // in double, whatever T is
}

TEST_P(VectorsTest, DotsAgreeWithPlainSums) {
    for (int const P : {1, 17, 2050}) {
        Vec const V = random(N * m * P, 1), w = random(N * P, 2);
        for (int const count : {1, 4, m})
            for (bool const square : {false, true}) {
                check_dots<float>(exec(), nets, V, w, P, count, square);
                check_dots<double>(exec(), nets, V, w, P, count, square);
            }
        check_dots<float>(exec(), nets, V, w, P, 0, true);
    }
    Array<float, 3> const V(exec(), 1, 2, 5);
    Array<float, 2> const w(exec(), 1, 5);
    Array<double, 2> const out(exec(), 1, 9);
    EXPECT_THROW(dots(exec(), {1}, V.read(), 3, w.read(), false, out.view()), InternalError);
}

// Every way to combine: with and without `to`, with one or two sets, more and fewer than four at
// once.
struct Combination {
    int count;
    bool keep, both, used;
};

template <class T>
void check_combine(Exec const& exec, Nets nets, Combination const& c) {
    int const P = 19;
    auto const normals = [](int size, std::uint64_t seed) {
        return rounded<float>(oracle::Random(seed).normals(static_cast<std::size_t>(size)));
    };
    Vec const V = normals(N * m * P, 1), U = normals(N * m * P, 2), to = normals(N * P, 3);
    Vec const a = normals(N * m, 4), b = normals(N * m, 5), keep{0.5, 2, -1};
    std::vector<int> const used{2, m, c.count};
    Array<T, 3> const VV(exec, V, N, m, P), UU(exec, U, N, m, P);
    Array<double, 2> const aa(exec, a, N, m), bb(exec, b, N, m), kk(exec, keep, N, 1);
    Array<int, 1> const uu(exec, used, N);
    // Without `keep`, what it holds is not read.
    Array<T, 2> const out(exec, c.keep ? to : Vec(to.size(), std::nan("")), N, P);
    Coefficients by{{}, aa.read(), {}, c.used ? uu.data() : nullptr};
    if (c.keep) by.keep = kk.read();
    if (c.both) by.b = bb.read();
    combine<T>(exec, nets, out.view(), VV.read(), c.both ? UU.read() : View<T const, 3>{}, by,
               c.count);
    auto const got = out.host();
    for (int n = 0; n < N; n += 2) {
        Vec expected = row(to, n, P);
        for (double& x : expected) x *= c.keep ? keep[static_cast<std::size_t>(n)] : 0;
        int const count = c.used ? std::min(c.count, used[static_cast<std::size_t>(n)]) : c.count;
        for (int j = 0; j < count; ++j)
            for (int p = 0; p < P; ++p)
                expected[static_cast<std::size_t>(p)] +=
                    row(a, n, m)[static_cast<std::size_t>(j)] *
                        row(V, n * m + j, P)[static_cast<std::size_t>(p)] +
                    (c.both ? row(b, n, m)[static_cast<std::size_t>(j)] *
                                  row(U, n * m + j, P)[static_cast<std::size_t>(p)]
                            : 0);
        EXPECT_ARRAY_NEAR(row(got, n, P), expected, 60 * std::numeric_limits<T>::epsilon())
            << "network " << n << ", count " << c.count << c.keep << c.both << c.used;
    }
    if (c.keep) {
        EXPECT_SAME_BITS(row(got, 1, P), converted<T>(row(to, 1, P)));
    }
}

TEST_P(VectorsTest, CombineAgreesWithPlainSums) {
    for (int const count : {1, 3, 4, 5, 8, m})
        for (bool const keep : {false, true})
            for (bool const both : {false, true})
                for (bool const used : {false, true}) {
                    check_combine<float>(exec(), nets, {count, keep, both, used});
                    check_combine<double>(exec(), nets, {count, keep, both, used});
                }
}

TEST_P(VectorsTest, CombineDoesNotReadVectorsThatTheNetworkDoesNotUse) {
    Array<float, 3> const V(exec(), Vec{1, 2, std::nan(""), std::nan("")}, 1, 2, 2);
    Array<double, 2> const a(exec(), Vec{3, std::nan("")}, 1, 2);
    Array<int, 1> const used(exec(), std::vector<int>{1}, 1);
    Array<float, 2> const to(exec(), 1, 2);
    combine<float>(exec(), {1}, to.view(), V.read(), {}, {{}, a.read(), {}, used.data()}, 2);
    EXPECT_EQ(to.host(), (std::vector<float>{3, 6}));
}

TEST_P(VectorsTest, ScaleCopyAndMoveRows) {
    Vec const numbers = random(N * 5, 6);
    Array<float, 2> const w(exec(), numbers, N, 5), to(exec(), Vec(N * 5, 7), N, 5);
    Array<double, 2> const factor(exec(), Vec{2, 3, -0.5}, N, 1);
    scale(exec(), nets, w.view(), factor.read());
    auto const scaled = w.wide();
    for (int i = 0; i < N * 5; ++i) {
        double const by = i < 5 ? 2 : i < 10 ? 1 : -0.5;
        EXPECT_EQ(scaled[static_cast<std::size_t>(i)], by * numbers[static_cast<std::size_t>(i)]);
    }
    auto shared = networks(w.read(), 2, 1);
    shared.stride[0] = 0;
    copy<float>(exec(), nets, to.view(), shared);
    EXPECT_SAME_BITS(row(to.host(), 0, 5), row(w.host(), 2, 5));
    EXPECT_EQ(row(to.host(), 1, 5), std::vector<float>(5, 7));
    EXPECT_THROW(copy<float>(exec(), nets, to.view(), View<float const, 2>::dense(w.data(), 3, 4)),
                 InternalError);
}

template <class T>
void check_rotate(Exec const& exec, Nets nets, int count) {
    int const P = 33;
    Vec const V = rounded<T>(oracle::Random(1).normals(N * m * P));
    Vec const y = oracle::Random(2).normals(N * 4 * m);
    Array<T, 3> const VV(exec, V, N, m, P);
    Array<double, 3> const yy(exec, y, N, 4, m);
    rotate<T>(exec, nets, VV.view(), yy.read(), count);
    Vec expected = V;
    for (int n = 0; n < N; n += 2)
        for (int j = 0; j < 4; ++j)
            for (int p = 0; p < P; ++p) {
                double sum = 0;
                for (int i = 0; i < count; ++i)
                    sum += y[static_cast<std::size_t>((n * 4 + j) * m + i)] *
                           V[static_cast<std::size_t>((n * m + i) * P + p)];
                expected[static_cast<std::size_t>((n * m + j) * P + p)] = sum;
            }
    EXPECT_ARRAY_NEAR(VV.host(), expected, 60 * std::numeric_limits<T>::epsilon());
}

TEST_P(VectorsTest, RotateAgreesWithPlainSums) {
    for (int const count : {4, 6, m}) {
        check_rotate<float>(exec(), nets, count);
        check_rotate<double>(exec(), nets, count);
    }
}

TEST_P(VectorsTest, RandomSignsAreKeyedBySeedAndPlace) {
    auto const key = [&](Purpose purpose, std::uint32_t step) {
        return Buffer<RandomKey>(exec(), std::vector<RandomKey>{{77, purpose, 99, step}});
    };
    auto const mine = key(Purpose::start, 3), later = key(Purpose::start, 4),
               audit = key(Purpose::audit, 3);
    int const P = 300;
    Vec const numbers = random(N * P, 11);
    Array<std::uint64_t, 1> const seed(exec(), std::vector<int>{5, 6, 5}, N);
    Array<float, 2> const w(exec(), numbers, N, P), again(exec(), N, P), other(exec(), N, P);
    random_signs<float>(exec(), nets, false, 0.25, seed.data(), mine.data(), 1, w.view());
    auto const signs = w.host();
    int sum = 0;
    for (int p = 0; p < P; ++p) {
        float const s = signs[static_cast<std::size_t>(p)];
        EXPECT_EQ(std::abs(s), 0.25f);
        sum += s > 0 ? 1 : -1;
    }
    EXPECT_LT(std::abs(sum), 90);  // five deviations
    EXPECT_SAME_BITS(row(signs, 2, P), row(signs, 0, P));
    EXPECT_SAME_BITS(row(signs, 1, P), converted<float>(row(numbers, 1, P)));
    // Of a shorter vector they are the beginning; of another vector, step, purpose or seed others.
    Array<float, 2> const part(exec(), 1, 129);
    random_signs<float>(exec(), {1}, false, 0.25, seed.data(), mine.data(), 1, part.view());
    EXPECT_SAME_BITS(part.host(), row(signs, 0, 129));
    random_signs<float>(exec(), {N}, false, 0.25, seed.data(), mine.data(), 2, other.view());
    EXPECT_NE(row(other.host(), 0, P), row(signs, 0, P));
    random_signs<float>(exec(), {N}, false, 0.25, seed.data(), later.data(), 1, other.view());
    EXPECT_NE(row(other.host(), 0, P), row(signs, 0, P));
    EXPECT_NE(row(other.host(), 1, P), row(other.host(), 0, P));
    random_signs<float>(exec(), {N}, false, 0.25, seed.data(), audit.data(), 1, other.view());
    EXPECT_NE(row(other.host(), 0, P), row(signs, 0, P));
}

TEST_P(VectorsTest, RandomSignsMayBeAdded) {
    Array<std::uint64_t, 1> const seed(exec(), std::vector<int>{5}, 1);
    Array<double, 2> const w(exec(), Vec(200, 10), 1, 200),
        alone(exec(), Vec(200, std::nan("")), 1, 200);
    Buffer<RandomKey> const key(exec(), std::vector<RandomKey>{{0, Purpose::admixture, 0, 0}});
    random_signs<double>(exec(), {1}, true, 0.5, seed.data(), key.data(), 0, w.view());
    random_signs<double>(exec(), {1}, false, 0.5, seed.data(), key.data(), 0, alone.view());
    for (std::size_t p = 0; p < 200; ++p) EXPECT_EQ(w.host()[p], 10 + alone.host()[p]);
}

}  // namespace
}  // namespace sg::test
