// SPDX-License-Identifier: MIT
#include "cuda/ops/packed_matmul.hpp"

#include "cuda/ops/matmul.hpp"
#include "tests/support/arrays.hpp"
#include "tests/support/product.hpp"
#include "tests/support/random.hpp"

namespace sg::test {
namespace {

// Room for three networks of k x n.
template <class T>
struct Room {
    Room(Exec const& exec, std::int64_t k, std::int64_t n) : arena(exec, bytes(exec, k, n)) {
        factor = PackedFactor<T>::take(exec, arena, ProductCase::nets, k, n);
    }
    static std::size_t bytes(Exec const& exec, std::int64_t k, std::int64_t n) {
        Arena measure;
        PackedFactor<T>::take(exec, measure, ProductCase::nets, k, n);
        return measure.largest();
    }
    Arena arena;
    PackedFactor<T> factor;
};

class PackedMatmul : public ::testing::Test {
protected:
    void SetUp() override {
        if (!Room<float>(exec, 100, 100).factor) GTEST_SKIP() << "built without AVX2: nothing is packed";
    }
    Exec const exec = Exec::cpu();
};

template <class T>
void check(Exec const& exec, ProductCase const& c) {
    check_product<T>(exec, c, [&](double alpha, auto const& A, auto const& B, double beta, auto const& C) {
        Room<T> room(exec, c.size.k + 7, c.size.n);  // more than is needed
        pack<T>(exec, {ProductCase::nets}, alpha, B, c.op_b, room.factor);
        matmul<T>(exec, {ProductCase::nets}, A, room.factor, beta, C);
    });
}

// Around tiles of 6 rows and 16 (double: 8) columns, blocks of 256 rows of B, and the eight by eight of a matrix that is turned.
TEST_F(PackedMatmul, AgreesWithPlainLoops) {
    for (ProductSize const size : {ProductSize{1, 65, 1}, {7, 80, 256}, {128, 96, 257}, {13, 100, 600}, {6, 67, 31}})
        for (Op const op_b : {Op::none, Op::transpose})
            for (double const beta : {0.0, 1.0, 0.5}) {
                check<float>(exec, {size, Op::none, op_b, 0.5, beta});
                check<double>(exec, {size, Op::none, op_b, 1, beta, true, false, 5});
            }
}

// As the first layer reads the rows of V that its columns of L are not zero for.
TEST_F(PackedMatmul, ReadsTheFirstRows) {
    constexpr int m = 20, n = 70, rows = 700;
    auto const B = oracle::Random(2).normals(rows * n);
    Array<float, 3> const whole(exec, B, 1, rows, n);
    Room<float> room(exec, rows, n);
    pack<float>(exec, {1}, 1, whole.read(), Op::none, room.factor);
    for (int const k : {1, 128, 256, 300, 512, 699}) {
        Array<float, 3> const A(exec, oracle::Random(1).normals(static_cast<std::size_t>(m * k)), 1, m, k);
        Array<float, 3> const some(exec, Vec(B.begin(), B.begin() + k * n), 1, k, n), C(exec, 1, m, n), D(exec, 1, m, n);
        Room<float> alone(exec, k, n);
        pack<float>(exec, {1}, 1, some.read(), Op::none, alone.factor);
        matmul<float>(exec, {1}, A.read(), room.factor, 0, C.view());
        matmul<float>(exec, {1}, A.read(), alone.factor, 0, D.view());
        EXPECT_SAME_BITS(C.host(), D.host()) << k;
        matmul<float>(exec, {1}, 1, A.read(), Op::none, some.read(), Op::none, 0, D.view());
        EXPECT_ARRAY_NEAR(C.wide(), D.wide(), 1e-4) << k;
    }
}

TEST_F(PackedMatmul, RowsAndThreadsDoNotChangeBits) {
    constexpr int m = 131, n = 130, k = 300;
    auto const a = oracle::Random(1).normals(m * k), b = oracle::Random(2).normals(k * n);
    std::vector<float> whole;
    for (int const threads : {1, 2, 5}) {
        auto const many = Exec::cpu(0, threads);
        Array<float, 3> const A(many, a, 1, m, k), B(many, b, 1, n, k), C(many, 1, m, n);
        Room<float> room(many, k, n);
        pack<float>(many, {1}, 1, B.read(), Op::transpose, room.factor);
        matmul<float>(many, {1}, A.read(), room.factor, 0, C.view());
        if (threads == 1) whole = C.host();
        EXPECT_SAME_BITS(C.host(), whole) << threads;
        for (int first = 0; first < m; first += 17)  // other tiles
            matmul<float>(many, {1}, examples(A.read(), first, std::min(17, m - first)), room.factor, 0,
                          examples(C.view(), first, std::min(17, m - first)));
        EXPECT_SAME_BITS(C.host(), whole) << threads;
    }
}

TEST_F(PackedMatmul, SkippedNetworksAreNotTouched) {
    constexpr int m = 5, n = 70, k = 9;
    Array<float, 3> const A(exec, oracle::Random(1).normals(3 * m * k), 3, m, k), B(exec, oracle::Random(2).normals(3 * k * n), 3, k, n);
    Array<float, 3> const C(exec, Vec(3 * m * n, 7), 3, m, n);
    Array<unsigned char, 1> const skip(exec, std::vector<int>{0, 1, 0}, 3);
    Room<float> room(exec, k, n);
    room.factor.data(1, 0) = 0.5f;
    pack<float>(exec, {3, skip.data()}, 1, B.read(), Op::none, room.factor);
    matmul<float>(exec, {3, skip.data()}, A.read(), room.factor, 0, C.view());
    EXPECT_EQ(row(C.host(), 1, m * n), std::vector<float>(m * n, 7));
    EXPECT_NE(row(C.host(), 2, m * n), std::vector<float>(m * n, 7));
    EXPECT_EQ(room.factor.data(1, 0), 0.5f);
}

TEST_F(PackedMatmul, NothingIsTakenWhereItGainsNothing) {
    EXPECT_FALSE(Room<float>(exec, 100, 64).factor);
    EXPECT_EQ(Room<float>::bytes(Exec::planning(Space::cuda, "H200"), 100, 100), 0u);
}

TEST_F(PackedMatmul, WhatDoesNotFitIsRefused) {
    Room<float> room(exec, 10, 70);
    Array<float, 3> const tall(exec, 3, 20, 70), B(exec, 3, 10, 70), A(exec, 3, 4, 11), C(exec, 3, 4, 70);
    EXPECT_THROW(pack<float>(exec, {3}, 1, tall.read(), Op::none, room.factor), InternalError);
    pack<float>(exec, {3}, 1, B.read(), Op::none, room.factor);
    EXPECT_THROW(matmul<float>(exec, {3}, A.read(), room.factor, 0, C.view()), InternalError);
    EXPECT_THROW(matmul<float>(exec, {3}, A.read(), PackedFactor<float>{}, 0, C.view()), InternalError);
}

}  // namespace
}  // namespace sg::test
