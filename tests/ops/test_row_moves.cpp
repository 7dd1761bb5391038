// SPDX-License-Identifier: MIT
#include "cuda/ops/row_moves.hpp"

#include "tests/support/arrays.hpp"
#include "tests/support/random.hpp"
#include "tests/support/spaces.hpp"

namespace sg::test {
namespace {

constexpr int N = 7, P = 300;

class RowMovesTest : public OnEverySpace {
protected:
    Vec const numbers = rounded<float>(oracle::Random(8).normals(N * P));
};
SG_SPACES(RowMovesTest);

TEST_P(RowMovesTest, RowsOfAPrefixAreTakenOver) {
    Array<double, 2> const rows(exec(), numbers, N, P);
    Array<int, 1> const keep(exec(), std::vector<int>{0, 2, 3, 6}, 4);
    move_rows(exec(), keep.data(), 4, rows.view());
    auto const after = rows.host();
    int slot = 0;
    for (int const from : {0, 2, 3, 6, 4, 5, 6}) EXPECT_SAME_BITS(row(after, slot++, P), row(numbers, from, P));
}

// The fourth and fifth of the list stand for network 1 again.
TEST_P(RowMovesTest, SomeRowsGoAndComeBack) {
    std::vector<int> const list{5, 1, 2, ~1, ~1};
    Array<int, 1> const there(exec(), list, 5);
    Array<float, 2> const all(exec(), numbers, N, P), some(exec(), Vec(6 * P, 7.0), 6, P);
    gather_rows<float>(exec(), there.data(), 5, some.view(), all.read());
    auto const gathered = some.wide();
    for (int j = 0; j < 5; ++j) EXPECT_EQ(row(gathered, j, P), row(numbers, std::vector<int>{5, 1, 2, 1, 1}[j], P));
    EXPECT_EQ(row(gathered, 5, P), Vec(P, 7.0));

    Vec const others = rounded<float>(oracle::Random(9).normals(6 * P));
    Array<float, 2> const back(exec(), others, 6, P);
    scatter_rows<float>(exec(), there.data(), 5, all.view(), back.read());
    auto const after = all.wide();
    for (int n = 0; n < N; ++n) {
        int const from = n == 5 ? 0 : n == 1 ? 1 : n == 2 ? 2 : -1;
        EXPECT_EQ(row(after, n, P), from < 0 ? row(numbers, n, P) : row(others, from, P)) << n;
    }
}

TEST_P(RowMovesTest, RowsOfAnotherLengthAreRefused) {
    Array<int, 1> const list(exec(), std::vector<int>{0}, 1);
    Array<float, 2> const all(exec(), numbers, N, P), other(exec(), Vec(P - 1), 1, P - 1);
    EXPECT_THROW(gather_rows<float>(exec(), list.data(), 1, other.view(), all.read()), InternalError);
    EXPECT_THROW(scatter_rows<float>(exec(), list.data(), 1, all.view(), other.read()), InternalError);
}

}  // namespace
}  // namespace sg::test
