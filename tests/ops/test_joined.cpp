// SPDX-License-Identifier: MIT
#include "cuda/ops/joined.hpp"

#include "cuda/ops/matmul.hpp"
#include "tests/support/arrays.hpp"
#include "tests/support/random.hpp"
#include "tests/support/spaces.hpp"

namespace sg::test {
namespace {

// A shared (m, k), each B (k, n) and each C (m, n).
ProductKind kind_of(ProductShape const& s, int bytes = 4) {
    return {s, Op::none, Op::none, {s.m, s.k, s.k, 16, true}, {s.k, s.n, s.n, 4, false}, {s.m, s.n, s.n, 4, false}, false, bytes};
}

TEST(JoinedShape, FollowsFromTheKind) {
    auto const narrow = JoinedShape::of(kind_of({512, 30, 784}));
    ASSERT_TRUE(narrow.has_value());
    EXPECT_EQ(narrow->pad, 32);
    EXPECT_FALSE(JoinedShape::of(kind_of({512, 33, 784}))) << "wide";
    EXPECT_FALSE(JoinedShape::of(kind_of({20000, 32, 784}))) << "a part would be too small";
    auto of_each = kind_of({512, 16, 784}), transposed = of_each, shared = of_each;
    of_each.a.shared = false;
    transposed.op_b = Op::transpose;
    shared.b.shared = true;
    for (auto const& kind : {of_each, transposed, shared}) EXPECT_FALSE(JoinedShape::of(kind));
}

TEST(JoinedShape, PartsFitTheirMemory) {
    for (int const bytes : {4, 8})
        for (ProductShape const& s : {ProductShape{512, 16, 784}, {1, 1, 1}, {3333, 31, 700}, {4096, 32, 784}}) {
            auto const kind = kind_of(s, bytes);
            auto const shape = JoinedShape::of(kind);
            if (!shape) continue;
            auto const size = static_cast<std::size_t>(bytes);
            int const most = shape->most_networks(kind);
            auto const taken = [&](int count) {
                return size * static_cast<std::size_t>(shape->numbers(s.k, count, size) + s.m * count * shape->pad);
            };
            EXPECT_LE(taken(most), JoinedShape::bytes);
            EXPECT_TRUE(most == 65535 || taken(most + 1) + 512 > JoinedShape::bytes) << most;
            EXPECT_EQ(shape->numbers(s.k, 3, size) * bytes % 256, 0);
        }
}

std::vector<int> firsts(JoinedGroups const& groups) { return {groups.first, groups.first + groups.count + 1}; }

TEST(JoinedGroups, PartsFitTheirRoom) {
    JoinedGroups all(5);
    for (int const size : {2, 3, 1, 9}) all.add(size);
    EXPECT_EQ(all.slots(), 4 * 9);
    EXPECT_EQ(firsts(all.part(0, 5, 36)), (std::vector<int>{5, 7, 10, 11, 20}));
    EXPECT_EQ(firsts(all.part(0, 5, 9)), (std::vector<int>{5, 7, 10, 11}));
    EXPECT_EQ(firsts(all.part(0, 5, 8)), (std::vector<int>{5, 7, 10}));
    EXPECT_EQ(firsts(all.part(0, 5, 5)), (std::vector<int>{5, 7}));
    EXPECT_EQ(firsts(all.part(1, 9, 4)), (std::vector<int>{9, 10, 11})) << "the rest of a group, and the next one";
    EXPECT_EQ(firsts(all.part(3, 11, 4)), (std::vector<int>{11, 15})) << "a part of a group";
    EXPECT_EQ(all.part(0, 5, 9).most, 3);
}

TEST(JoinedGroups, ASlotHasItsNetworkOrNone) {
    JoinedGroups groups(4);
    for (int const size : {1, 3, 2}) groups.add(size);
    std::vector<int> found;
    for (int slot = 0; slot < groups.slots(); ++slot) found.push_back(groups.network(slot));
    EXPECT_EQ(found, (std::vector<int>{4, -1, -1, 5, 6, 7, 8, 9, -1}));
}

class JoinedTest : public OnEverySpace {};
SG_DEVICES(JoinedTest);

TEST_P(JoinedTest, ColumnsOfAllStandSideBySide) {
    int const N = 3, rows = 5, columns = 6, gap = 2, pad = 8;
    Vec const values = oracle::Random(1).normals(N * rows * (columns + gap));
    Array<float, 3> const B(exec(), values, N, rows, columns + gap);
    auto part = B.read();
    part.extent[2] = columns;
    Array<float, 1> const joined(exec(), Vec(N * rows * pad, 7), N * rows * pad);
    join_columns<float>(exec(), JoinedGroups::one(N), part, joined.data(), pad);
    auto const found = joined.host();
    for (int i = 0; i < rows; ++i)
        for (int n = 0; n < N; ++n)
            for (int j = 0; j < pad; ++j)
                EXPECT_EQ(found[static_cast<std::size_t>(i * N * pad + n * pad + j)],
                          j < columns ? static_cast<float>(values[static_cast<std::size_t>((n * rows + i) * (columns + gap) + j)]) : 0)
                    << i << ", " << n << ", " << j;
}

TEST_P(JoinedTest, SplitColumnsAddWhatIsKept) {
    int const N = 3, rows = 4, columns = 6, gap = 1, pad = 8;
    Vec const from = oracle::Random(1).normals(N * rows * pad), before = oracle::Random(2).normals(N * rows * (columns + gap));
    Array<float, 1> const joined(exec(), from, N * rows * pad);
    for (double const keep : {0.0, 0.5, 1.0}) {
        Array<float, 3> const C(exec(), before, N, rows, columns + gap);
        auto part = C.view();
        part.extent[2] = columns;
        split_columns<float>(exec(), JoinedGroups::one(N), joined.data(), pad, keep, part);
        auto const found = C.host();
        for (int n = 0; n < N; ++n)
            for (int i = 0; i < rows; ++i)
                for (int j = 0; j < columns + gap; ++j) {
                    auto const at = static_cast<std::size_t>((n * rows + i) * (columns + gap) + j);
                    double const x = from[static_cast<std::size_t>(i * N * pad + n * pad + j)];
                    double const expected = j < columns ? x + keep * before[at] : before[at];
                    EXPECT_NEAR(found[at], expected, 1e-6) << n << ", " << i << ", " << j << ", keep " << keep;
                }
    }
}

// Networks 1, and 2 to 4, of which the others of B and C are no part.   (2, rows, 3 · pad)
TEST_P(JoinedTest, GroupsHaveTheSlotsOfTheLargest) {
    int const N = 6, rows = 5, columns = 6, pad = 8;
    JoinedGroups groups(1);
    groups.add(1);
    groups.add(3);
    Vec const values = rounded<float>(oracle::Random(1).normals(N * rows * columns));
    Array<float, 3> const B(exec(), values, N, rows, columns), C(exec(), Vec(values.size(), 7), N, rows, columns);
    Array<float, 1> const joined(exec(), Vec(2 * rows * 3 * pad, 7), 2 * rows * 3 * pad);
    join_columns<float>(exec(), groups, B.read(), joined.data(), pad);
    auto const found = joined.host();
    int const network[2][3] = {{1, -1, -1}, {2, 3, 4}};
    for (int g = 0; g < 2; ++g)
        for (int i = 0; i < rows; ++i)
            for (int r = 0; r < 3; ++r)
                for (int j = 0; j < pad; ++j) {
                    int const n = network[g][r];
                    double const expected = n < 0 || j >= columns ? 0 : values[static_cast<std::size_t>((n * rows + i) * columns + j)];
                    EXPECT_EQ(found[static_cast<std::size_t>(((g * rows + i) * 3 + r) * pad + j)], expected) << g << ", " << i << ", " << r << ", " << j;
                }
    split_columns<float>(exec(), groups, joined.data(), pad, 0, C.view());
    for (int n = 0; n < N; ++n)
        EXPECT_EQ(row(C.wide(), n, rows * columns), n < 1 || n > 4 ? Vec(rows * columns, 7) : row(values, n, rows * columns)) << n;
}

// NaN in C is not kept where nothing is.
TEST_P(JoinedTest, NothingIsKeptOfNaN) {
    Array<float, 1> const joined(exec(), Vec{1, 2, 3, 4}, 4);
    Array<float, 3> const C(exec(), Vec(3, std::nan("")), 1, 1, 3);
    split_columns<float>(exec(), JoinedGroups::one(1), joined.data(), 4, 0, C.view());
    EXPECT_EQ(C.host(), (std::vector<float>{1, 2, 3}));
}

// Whatever the trial would say of the bits.
bool agrees(Exec const&, ProductKind const&, ProductRun<float> const&) { return true; }

TEST_P(JoinedTest, ProductsAgreeWithPlainLoops) {
    for (Op const op : {Op::none, Op::transpose})
        for (double const keep : {0.0, 1.0}) {
            int const N = 5, m = 19, n = 14, k = 37;
            Vec const a = oracle::Random(1).normals(m * k), b = oracle::Random(2).normals(N * k * n), before = oracle::Random(3).normals(N * m * n);
            Array<float, 3> const A(exec(), a, 1, op == Op::none ? m : k, op == Op::none ? k : m), B(exec(), b, N, k, n),
                C(exec(), before, N, m, n);
            auto shared = A.read();
            shared.stride[0] = 0;
            shared.extent[0] = N;
            prepare_matmul<float>(exec(), shared, op, B.read(), Op::none, keep, C.view(), agrees);
            matmul<float>(exec(), {N}, 0.5, shared, op, B.read(), Op::none, keep, C.view());
            auto const found = C.host();
            for (int net = 0; net < N; ++net)
                for (int i = 0; i < m; ++i)
                    for (int j = 0; j < n; ++j) {
                        auto const at = static_cast<std::size_t>((net * m + i) * n + j);
                        double sum = keep * before[at];
                        for (int l = 0; l < k; ++l)
                            sum += 0.5 * a[static_cast<std::size_t>(op == Op::none ? i * k + l : l * m + i)] *
                                   b[static_cast<std::size_t>((net * k + l) * n + j)];
                        EXPECT_NEAR(found[at], sum, 1e-5) << net << ", " << i << ", " << j;
                    }
        }
}

// More networks than the memory for columns has room for: 74.
TEST_P(JoinedTest, PartsOfManyNetworksAreOneProduct) {
    int const N = 80, m = 7000, n = 30;
    Vec const a = oracle::Random(1).normals(m), b = oracle::Random(2).normals(N * n);
    Array<float, 3> const A(exec(), a, 1, m, 1), B(exec(), b, N, 1, n), C(exec(), N, m, n);
    auto shared = A.read();
    shared.stride[0] = 0;
    shared.extent[0] = N;
    auto const kind = sg::kind_of(shared, Op::none, B.read(), Op::none, 0.0, C.view());
    auto const shape = JoinedShape::of(kind);
    ASSERT_TRUE(shape.has_value());
    ASSERT_LT(shape->most_networks(kind), N);
    matmul<float>(exec(), {N}, 1, shared, Op::none, B.read(), Op::none, 0, C.view());
    auto const found = C.host();
    for (int net : {0, 1, 73, 74, 75, 79})
        for (int i = 0; i < m; i += 333)
            for (int j = 0; j < n; ++j) {
                double const expected = static_cast<double>(static_cast<float>(a[static_cast<std::size_t>(i)])) *
                                        static_cast<double>(static_cast<float>(b[static_cast<std::size_t>(net * n + j)]));
                EXPECT_NEAR(found[static_cast<std::size_t>((net * m + i) * n + j)], expected, 1e-6 * std::abs(expected) + 1e-12)
                    << net << ", " << i << ", " << j;
            }
}

}  // namespace
}  // namespace sg::test
