// SPDX-License-Identifier: MIT
// A network's bits do not depend on how many networks a call has, nor on which.
#include "cuda/ops/matmul.hpp"
#include "cuda/ops/team_matmul.hpp"
#include "tests/support/arrays.hpp"
#include "tests/support/random.hpp"
#include "tests/support/spaces.hpp"

namespace sg::test {
namespace {

constexpr int most = 256;

// Where the matrices of one operand lie: `offset` numbers into memory, rows and networks with gaps.
struct Place {
    std::int64_t offset = 0, row_gap = 0, network_gap = 0;
    bool shared = false;
};

struct Run {
    ProductShape shape;
    Op op_a = Op::none, op_b = Op::none;
    Place a, b, c;
    double beta = 0;
};

// Matrices of 256 networks, or one for all.   (256, rows, columns)
template <class T>
struct Many {
    Many(Exec const& exec, Place const& p, std::int64_t rows, std::int64_t columns,
         std::uint64_t seed)
        : step(rows * (columns + p.row_gap) + p.network_gap),
          offset(p.offset),
          memory(exec,
                 oracle::Random(seed).normals(static_cast<std::size_t>(p.offset + most * step)),
                 p.offset + most * step) {
        view = View<T, 3>::dense(memory.data() + p.offset, most, rows, columns);
        view.stride[0] = p.shared ? 0 : step;
        view.stride[1] = columns + p.row_gap;
    }
    View<T const, 3> read() const { return view; }
    std::vector<T> network(int n) const {
        return row(std::vector<T>(all().begin() + offset, all().end()), n, step);
    }
    std::vector<T> all() const { return memory.host(); }
    std::int64_t step, offset;
    Array<T, 1> memory;
    View<T, 3> view;
};

template <class T>
void check(Exec const& exec, Run const& r) {
    auto const [m, n, k] = r.shape;
    bool const na = r.op_a == Op::none, nb = r.op_b == Op::none;
    Many<T> const a(exec, r.a, na ? m : k, na ? k : m, 1), b(exec, r.b, nb ? k : n, nb ? n : k, 2);
    auto const compute = [&](Many<T> const& c, int first, int count) {
        matmul<T>(exec, {count}, 1.25, networks(a.read(), first, count), r.op_a,
                  networks(b.read(), first, count), r.op_b, r.beta, networks(c.view, first, count));
    };
    Many<T> const all(exec, r.c, m, n, 3);
    compute(all, 0, most);
    auto const expected = all.all();
    for (int const count : {1, 2, 7, 64})
        for (int const first : {0, 5, most - count}) {
            Many<T> const c(exec, r.c, m, n, 3);
            auto const before = c.all();
            compute(c, first, count);
            auto const found = c.all();
            auto const begin = [&](int net) { return r.c.offset + net * c.step; };
            std::vector<T> const mine{found.begin() + begin(first),
                                      found.begin() + begin(first + count)};
            std::vector<T> const theirs{expected.begin() + begin(first),
                                        expected.begin() + begin(first + count)};
            EXPECT_SAME_BITS(mine, theirs) << m << " x " << n << " x " << k << ", networks "
                                           << first << " to " << first + count;
            EXPECT_TRUE(std::equal(before.begin(), before.begin() + begin(first), found.begin()));
            EXPECT_TRUE(std::equal(before.begin() + begin(first + count), before.end(),
                                   found.begin() + begin(first + count)));
        }
}

class MatmulCountsTest : public OnEverySpace {};
SG_DEVICES(MatmulCountsTest);

TEST_P(MatmulCountsTest, OddShapesAndTransposes) {
    for (Op const op_a : {Op::none, Op::transpose})
        for (Op const op_b : {Op::none, Op::transpose}) {
            check<float>(exec(), {{7, 17, 33}, op_a, op_b, {}, {}, {}, 0.5});
            check<double>(exec(), {{5, 1, 19}, op_a, op_b, {}, {}, {}, 0});
        }
    check<float>(exec(), {{1, 1, 1}, Op::none, Op::none, {}, {}, {}, 0});
    check<float>(exec(), {{33, 10, 65}, Op::none, Op::none, {}, {}, {}, 0});
}

TEST_P(MatmulCountsTest, SharedOperands) {
    for (int const which : {1, 2, 3}) {
        Place const a{0, 0, 0, which % 2 == 1}, b{0, 0, 0, which > 1};
        check<float>(exec(), {{9, 5, 13}, Op::transpose, Op::none, a, b, {}, 1});
        check<double>(exec(), {{9, 5, 13}, Op::none, Op::transpose, a, b, {}, 0});
    }
}

// Weights lie at any offset of (N, P) arrays; examples are rows of a larger array.
TEST_P(MatmulCountsTest, MisalignedOffsetsAndStrides) {
    for (std::int64_t const offset : {1, 2, 3, 4})
        for (std::int64_t const gap : {1, 2, 4, 23}) {
            Place const weights{offset, 0, gap}, rows{4 - offset, gap, 3};
            check<float>(exec(), {{6, 8, 4}, Op::none, Op::none, rows, weights, {}, 0});
            check<float>(exec(), {{6, 8, 4}, Op::transpose, Op::none, {}, rows, weights, 1});
        }
}

}  // namespace
}  // namespace sg::test
