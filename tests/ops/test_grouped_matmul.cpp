// SPDX-License-Identifier: MIT
// Products of groups of networks that share a left factor each, as the first layer has them in training.
#include <limits>
#include <numeric>

#include "cuda/exec/graph.hpp"
#include "cuda/ops/joined.hpp"
#include "cuda/ops/matmul.hpp"
#include "tests/support/arrays.hpp"
#include "tests/support/random.hpp"
#include "tests/support/spaces.hpp"

namespace sg::test {
namespace {

using Groups = std::vector<Group>;

// Groups of these sizes with these batches.
Groups groups_of(std::vector<int> const& sizes, std::vector<int> const& batches) {
    Groups groups;
    int first = 0;
    for (std::size_t g = 0; g < sizes.size(); ++g) {
        groups.push_back({first, sizes[g], batches[g]});
        first += sizes[g];
    }
    return groups;
}

Groups in_order(std::vector<int> const& sizes) {
    std::vector<int> batches(sizes.size());
    std::iota(batches.begin(), batches.end(), 0);
    return groups_of(sizes, batches);
}

// C = 0.5 op(A) B + keep C.   A: (batches, m, k) before op, B: (nets, k, n), C: (nets, m, n)
template <class T>
struct Products {
    Products(Exec const& exec, ProductShape const& s, int batches, int networks, Op op_a = Op::none, double beta = 0)
        : exec_(exec), shape(s), nets(networks), op(op_a), keep(beta), a(numbers(1, batches * s.m * s.k)),
          b(numbers(2, nets * s.k * s.n)), before(numbers(3, nets * s.m * s.n)),
          A(exec, a, batches, op == Op::none ? s.m : s.k, op == Op::none ? s.k : s.m), B(exec, b, nets, s.k, s.n),
          C(exec, before, nets, s.m, s.n) {}

    static Vec numbers(std::uint64_t seed, std::int64_t count) {
        return rounded<T>(oracle::Random(seed).normals(static_cast<std::size_t>(count)));
    }
    // Joined wherever the kind allows it, whatever a trial would say of the bits.
    void join() const {
        prepare_matmul<T>(exec_, left_of({0, nets, 0}, A.read()), op, B.read(), Op::none, keep, C.view(),
                          [](Exec const&, ProductKind const&, ProductRun<T> const&) { return true; });
    }
    void multiply(Nets some, Groups const& groups) const {
        grouped_matmul<T>(exec_, some, groups, 0.5, A.read(), op, B.read(), Op::none, keep, C.view());
    }
    std::vector<T> together(Nets some, Groups const& groups) const {
        C.set(before);
        multiply(some, groups);
        return C.host();
    }
    std::vector<T> one_by_one(Nets some, Groups const& groups) const {
        C.set(before);
        for (auto const& g : groups) {
            int const count = std::min(g.count, some.count - g.first);
            if (count <= 0) continue;
            matmul<T>(exec_, {count, some.skip ? some.skip + g.first : nullptr}, 0.5, left_of(g, A.read()), op,
                      networks(B.read(), g.first, count), Op::none, keep, networks(C.view(), g.first, count));
        }
        return C.host();
    }
    Vec expected(int count, Groups const& groups) const {
        auto const [m, n, k] = shape;
        auto const at = [](std::int64_t i) { return static_cast<std::size_t>(i); };
        Vec out = before;
        for (auto const& g : groups)
            for (int net = g.first; net < std::min(g.first + g.count, count); ++net)
                for (std::int64_t i = 0; i < m; ++i)
                    for (std::int64_t j = 0; j < n; ++j) {
                        double sum = 0;
                        for (std::int64_t l = 0; l < k; ++l)
                            sum += a[at(g.batch * m * k + (op == Op::none ? i * k + l : l * m + i))] * b[at((net * k + l) * n + j)];
                        auto& c = out[at((net * m + i) * n + j)];
                        c = 0.5 * sum + (keep == 0 ? 0 : keep * c);
                    }
        return out;
    }
    std::int64_t size() const { return shape.m * shape.n; }  // of a network's C

    Exec exec_;
    ProductShape shape;
    int nets;
    Op op;
    double keep;
    Vec a, b, before;
    Array<T, 3> A, B, C;
};

struct Case {
    Groups groups;
    int count;  // networks that are computed, of 9
};
std::vector<Case> const cases{{in_order({9}), 9},
                              {in_order({3, 1, 2, 3}), 9},
                              {in_order({3, 1, 2, 3}), 7},  // the last group is cut
                              {in_order({3, 1, 2, 3}), 6},  // or left out
                              {groups_of({2, 2, 2, 3}, {1, 3, 5, 7}), 9},
                              {groups_of({2, 2, 2, 3}, {3, 2, 1, 0}), 9},
                              {groups_of({4, 1, 2, 2}, {0, 1, 3, 4}), 8},
                              {groups_of({5, 4}, {2, 2}), 9},
                              {groups_of({2, 0, 7}, {0, 1, 2}), 9}};

class GroupedMatmulTest : public OnEverySpace {};
SG_DEVICES(GroupedMatmulTest);

template <class T>
void expect_plain_loops(Exec const& exec, Op op, double keep, ProductShape const& shape) {
    Products<T> const p(exec, shape, 8, 9, op, keep);
    p.join();
    double const tolerance = 32 * std::numeric_limits<T>::epsilon() * std::sqrt(static_cast<double>(shape.k));
    for (auto const& c : cases)
        EXPECT_ARRAY_NEAR(p.together({c.count}, c.groups), p.expected(c.count, c.groups), tolerance)
            << shape.n << " columns, transposed " << (op == Op::transpose) << ", keep " << keep << ", case " << &c - cases.data();
}

TEST_P(GroupedMatmulTest, AgreesWithPlainLoops) {
    for (Op const op : {Op::none, Op::transpose})
        for (double const keep : {0.0, 1.0})
            for (int const n : {14, 33}) {  // joined, and not
                expect_plain_loops<float>(exec(), op, keep, {19, n, 37});
                expect_plain_loops<double>(exec(), op, keep, {19, n, 37});
            }
}

// As the trial decides, which joins what keeps its bits.
template <class T>
void expect_bits_of_groups_alone(Exec const& exec, ProductShape const& shape, Op op, double keep) {
    Products<T> const p(exec, shape, 8, 9, op, keep);
    std::vector<int> skipped{0, 1, 0, 0, 1, 0, 0, 0, 1};
    Array<unsigned char, 1> const skip(exec, skipped, 9);
    for (auto const& c : cases) {
        auto const together = p.together({c.count, skip.data()}, c.groups), alone = p.one_by_one({c.count, skip.data()}, c.groups);
        for (int net = 0; net < 9; ++net) {
            if (skipped[static_cast<std::size_t>(net)] && net < c.count && !exec.on_cpu()) continue;  // undefined
            EXPECT_SAME_BITS(row(together, net, p.size()), row(alone, net, p.size()))
                << "network " << net << ", " << shape.n << " columns, case " << &c - cases.data();
        }
    }
}

TEST_P(GroupedMatmulTest, ANetworkHasTheBitsThatItHasInItsGroupAlone) {
    for (Op const op : {Op::none, Op::transpose})
        for (int const n : {16, 40}) {
            expect_bits_of_groups_alone<float>(exec(), {33, n, 52}, op, 0);
            expect_bits_of_groups_alone<float>(exec(), {33, n, 52}, op, 1);
            expect_bits_of_groups_alone<double>(exec(), {33, n, 52}, op, 0);
        }
}

// With nets.count = 0 nothing is touched, nor with no group.
TEST_P(GroupedMatmulTest, NothingIsComputedOfNoNetwork) {
    Products<float> const p(exec(), {5, 6, 7}, 2, 4);
    EXPECT_SAME_BITS(p.together({0}, in_order({2, 2})), converted<float>(p.before));
    EXPECT_SAME_BITS(p.together({4}, {}), converted<float>(p.before));
}

TEST_P(GroupedMatmulTest, LaunchesDoNotGrowWithTheGroups) {
    if (exec().on_cpu()) return;  // has none
    auto const launches = [&](ProductShape const& shape, Groups const& groups) {
        int const nets = groups.back().first + groups.back().count;
        int batches = 1;
        for (auto const& g : groups) batches = std::max(batches, g.batch + 1);
        Products<float> const p(exec(), shape, batches, nets);
        p.join();
        auto const before = exec().counters().launches;
        p.multiply({nets}, groups);
        return exec().counters().launches - before;
    };
    auto const ones = [](int count) { return in_order(std::vector<int>(static_cast<std::size_t>(count), 1)); };
    ProductShape const narrow{9, 14, 7};
    EXPECT_EQ(launches(narrow, in_order({5})), 3);
    EXPECT_EQ(launches(narrow, in_order({3, 1, 2, 3})), 3);
    EXPECT_EQ(launches(narrow, ones(64)), 3);
    EXPECT_EQ(launches(narrow, groups_of({2, 2, 2}, {1, 3, 5})), 3);
    EXPECT_EQ(launches(narrow, groups_of({2, 2, 2, 1}, {0, 1, 3, 5})), 6) << "another step";
    EXPECT_EQ(launches(narrow, groups_of({2, 2, 2}, {2, 1, 0})), 9) << "no step";
    EXPECT_EQ(launches(narrow, ones(JoinedGroups::limit + 1)), 6);
    EXPECT_EQ(launches({9, 33, 7}, ones(5)), 5) << "not joined";
    // The memory for columns holds 74 of these networks.
    EXPECT_EQ(launches({7000, 30, 1}, in_order({37, 37})), 3);
    EXPECT_EQ(launches({7000, 30, 1}, in_order({37, 38})), 6);
    EXPECT_EQ(launches({7000, 30, 1}, in_order({80, 1})), 6) << "the rest of a large group stands beside the next one";
}

// Groups that the memory for columns does not hold at once: as many networks as above.
TEST_P(GroupedMatmulTest, PartsAreThoseOfTheWhole) {
    Products<float> const p(exec(), {7000, 30, 1}, 3, 85);
    p.join();
    for (auto const& groups : {in_order({37, 38, 10}), in_order({80, 5}), in_order({1, 80, 4})})
        EXPECT_ARRAY_NEAR(p.together({85}, groups), p.expected(85, groups), 1e-6);
}

TEST_P(GroupedMatmulTest, AGraphReplaysAllGroups) {
    Products<float> const p(exec(), {19, 14, 37}, 4, 9);
    auto const groups = in_order({3, 1, 2, 3});
    p.join();
    Graphs graphs(exec());
    for (int call = 0; call < 3; ++call) {  // run, captured, replayed
        p.C.set(p.before);
        auto const copy = groups;  // an argument need not outlive the call
        graphs.run({1}, [&] { p.multiply({9}, copy); });
        EXPECT_ARRAY_NEAR(p.C.host(), p.expected(9, groups), 1e-4) << call;
    }
}

}  // namespace
}  // namespace sg::test
