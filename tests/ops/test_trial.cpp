// SPDX-License-Identifier: MIT
#include "cuda/ops/trial.hpp"

#include <cmath>
#include <set>

#include "cuda/ops/team_matmul.hpp"
#include "tests/support/arrays.hpp"
#include "tests/support/spaces.hpp"

namespace sg::test {
namespace {

struct Choice {
    ProductShape shape{3, 5, 4};
    Op op_a = Op::none, op_b = Op::none;
    int gap = 0, alignment = 0;
    bool share_a = false, share_b = false, keeps = false;
};

template <class T>
ProductKind kind_of(Choice const& c) {
    auto const operand = [&](std::int64_t rows, std::int64_t columns, bool shared) {
        int const alignment = c.alignment ? c.alignment : static_cast<int>(sizeof(T));
        return Operand{rows, columns, columns + c.gap, alignment, shared};
    };
    auto const [m, n, k] = c.shape;
    bool const a = c.op_a == Op::none, b = c.op_b == Op::none;
    return {c.shape,
            c.op_a,
            c.op_b,
            operand(a ? m : k, a ? k : m, c.share_a),
            operand(b ? k : n, b ? n : k, c.share_b),
            operand(m, n, false),
            c.keeps,
            sizeof(T)};
}

// The project's own product, whose bits do not depend on the count.
template <class T>
ProductRun<T> own(Exec const& exec, ProductKind const& kind) {
    return [&exec, kind](int count, auto const& A, auto const& B, auto const& C) {
        team_matmul<T>(exec, {count}, 1, A, kind.op_a, B, kind.op_b, kind.keeps ? 1 : 0, C);
    };
}

class TrialTest : public OnEverySpace {
protected:
    // The same, but with `count` networks one number of network `net` comes out with another last
    // bit. row = extent: in the gap behind the row before it.
    template <class T>
    bool verdict_on_a_fault(Choice const& c, int count, int net, std::int64_t column) {
        auto const kind = kind_of<T>(c);
        auto const right = own<T>(exec(), kind);
        return same_bits<T>(exec(), kind,
                            [&](int now, auto const& A, auto const& B, auto const& C) {
                                right(now, A, B, C);
                                if (now != count) return;
                                T x = 0;
                                exec().copy_out(&x, &C(net, 0, column), sizeof x);
                                x = std::isnan(x) ? T(0) : std::nextafter(x, T(2) * x);
                                exec().copy_in(&C(net, 0, column), &x, sizeof x);
                            });
    }
};
SG_DEVICES(TrialTest);

TEST_P(TrialTest, AProductThatDoesNotMindItsNeighboursPasses) {
    for (Choice const& c :
         {Choice{}, Choice{{1, 1, 1}}, Choice{{7, 3, 9}, Op::transpose, Op::none, 3},
          Choice{{5, 7, 3}, Op::none, Op::transpose, 1, 16, true},
          Choice{{5, 7, 3}, Op::none, Op::none, 0, 8, false, true, true}}) {
        auto const f = kind_of<float>(c), d = kind_of<double>(c);
        EXPECT_TRUE(same_bits<float>(exec(), f, own<float>(exec(), f)));
        EXPECT_TRUE(same_bits<double>(exec(), d, own<double>(exec(), d)));
    }
}

TEST_P(TrialTest, OneOtherBitOfOneNetworkAtOneCountFails) {
    for (int const count : {1, 2, 7, 64, 256}) {
        EXPECT_FALSE(verdict_on_a_fault<float>({}, count, 0, 4)) << count;
        EXPECT_FALSE(verdict_on_a_fault<double>({}, count, count - 1, 0)) << count;
    }
    Choice keeps;
    keeps.keeps = true;
    EXPECT_FALSE(verdict_on_a_fault<float>(keeps, 64, 63, 1));
    EXPECT_TRUE(verdict_on_a_fault<float>({}, 63, 0, 0)) << "a count that does not come";
}

TEST_P(TrialTest, AWriteIntoTheGapBetweenRowsFails) {
    Choice c;
    c.gap = 2;
    EXPECT_FALSE(verdict_on_a_fault<float>(c, 7, 3, 6));
}

// What run sees is what the kind says, for every network, alone and among others.
TEST_P(TrialTest, OperandsLieAsTheKindSays) {
    for (int const alignment : {4, 8, 16})
        for (bool const share : {false, true}) {
            Choice const c{{3, 5, 4}, Op::none, Op::transpose, 2, alignment, share};
            auto const kind = kind_of<float>(c);
            std::set<int> counts;
            std::set<float> numbers;
            auto const see = [&](int count, auto const& A, auto const& B, auto const& C) {
                counts.insert(count);
                EXPECT_EQ(A.stride[0] == 0, share);
                EXPECT_NE(B.stride[0], 0);
                EXPECT_GE(C.stride[0], C.extent[1] * C.stride[1] - c.gap);
                EXPECT_EQ(alignment_of(B), alignment);
                EXPECT_EQ(alignment_of(C), alignment);
                EXPECT_EQ(sg::kind_of(A, kind.op_a, B, kind.op_b, 0.0, C).shape, kind.shape);
                EXPECT_EQ(A.stride[1], kind.a.row_stride);
                if (count != 256) return;
                for (float const x : to_host(exec(), &B(200, 0, 0), 4)) numbers.insert(x);
                for (float const x : to_host(exec(), &B(3, 0, 0), 4)) numbers.insert(x);
            };
            EXPECT_TRUE(same_bits<float>(exec(), kind, see));
            EXPECT_EQ(counts, (std::set<int>{1, 2, 7, 64, 256}));
            EXPECT_EQ(numbers.size(), 8u) << "networks have operands of their own";
            for (float const x : numbers) {
                EXPECT_LE(std::abs(x), 1);
                EXPECT_NE(std::ldexp(x, 12), std::round(std::ldexp(x, 12))) << "a short mantissa";
            }
        }
}

// Kinds that may be joined (ops/joined.hpp) share A.
Choice const joined{{5, 7, 3}, Op::none, Op::none, 0, 0, true};

// The same of groups that have an A each, one after the other; `see` beside each call.
template <class T, class F>
ProductRun<T> in_groups(Exec const& exec, ProductKind const& kind, F const& see) {
    return [&exec, kind, see](int count, View<T const, 3> const& A, View<T const, 3> const& B, View<T, 3> const& C) {
        int const groups = A.stride[0] == 0 ? 1 : static_cast<int>(A.extent[0]), size = count / groups;
        EXPECT_EQ(size * groups, count);
        for (int g = 0; g < groups; ++g) {
            auto left = networks(A, g, size);
            left.stride[0] = 0;
            own<T>(exec, kind)(size, left, networks(B, g * size, size), networks(C, g * size, size));
        }
        see(count, A, C);
    };
}

TEST_P(TrialTest, AKindThatMayBeJoinedIsTriedInGroupsToo) {
    auto const kind = kind_of<float>(joined);
    std::set<std::pair<int, int>> calls;  // networks, groups
    std::set<float> numbers;
    auto const see = [&](int count, auto const& A, auto const&) {
        if (A.stride[0] == 0) return;
        auto const groups = static_cast<int>(A.extent[0]);
        calls.insert({count, groups});
        EXPECT_EQ(alignment_of(left_of({0, count, groups - 1}, A)), kind.a.alignment);
        if (groups < 64) return;
        for (int g = 0; g < groups; ++g) numbers.insert(to_host(exec(), &A(g, 0, 0), 1).at(0));
    };
    EXPECT_TRUE(same_bits<float>(exec(), kind, in_groups<float>(exec(), kind, see)));
    EXPECT_EQ(calls, (std::set<std::pair<int, int>>{{1, 1}, {8, 2}, {256, 64}}));
    EXPECT_EQ(numbers.size(), 64u) << "groups have matrices of their own";
}

TEST_P(TrialTest, OneOtherBitInABatchOfGroupsFails) {
    for (int const wanted : {1, 8, 256}) {
        auto const kind = kind_of<double>(joined);
        auto const spoil = [&](int count, auto const& A, auto const& C) {
            if (A.stride[0] == 0 || count != wanted) return;
            double* const last = &C(count - 1, 4, 6);
            double const other = std::nextafter(to_host(exec(), last, 1).at(0), 3.0);
            exec().copy_in(last, &other, sizeof other);
        };
        EXPECT_FALSE(same_bits<double>(exec(), kind, in_groups<double>(exec(), kind, spoil))) << wanted;
    }
}

TEST_P(TrialTest, MemoryIsGivenBack) {
    if (exec().on_cpu()) return;  // its free memory is everybody's
    auto const kind = kind_of<float>({{33, 5, 7}});
    auto const before = exec().memory().free;
    EXPECT_TRUE(same_bits<float>(exec(), kind, own<float>(exec(), kind)));
    EXPECT_EQ(exec().memory().free, before);
}

// (N·m·n + ...) numbers of a trial, counted once more.
template <class T>
double bytes_of(ProductKind const& kind, TrialPlan const& plan) {
    double const most = plan.counts.empty() ? 0 : plan.counts.back();
    double const a = plan.own && !kind.a.shared ? most : 1,
                 b = plan.own && !kind.b.shared ? most : 1;
    auto const size = [](Operand const& o) { return static_cast<double>(o.rows * o.row_stride); };
    return plan.counts.empty()
               ? 0
               : sizeof(T) * (a * size(kind.a) + b * size(kind.b) + 2 * most * size(kind.c));
}

TEST(TrialPlan, FollowsFromTheKindAndStaysWithinItsMemory) {
    struct Row {
        ProductShape shape;
        std::vector<int> counts;
        bool own;
    };
    for (Row const& r :
         {Row{{3, 5, 7}, {2, 7, 64, 256}, true}, Row{{512, 128, 128}, {2, 7, 64, 256}, true},
          Row{{512, 512, 3072}, {2, 7, 64, 249}, false}, Row{{512, 2048, 2048}, {2, 7, 61}, false},
          Row{{3072, 4096, 512}, {2, 5}, false}, Row{{16384, 16384, 1}, {}, false}}) {
        auto const kind = kind_of<float>({r.shape});
        auto const plan = plan_trial<float>(kind);
        EXPECT_EQ(plan.counts, r.counts) << r.shape.m;
        EXPECT_EQ(plan.own, r.own) << r.shape.m;
        EXPECT_LE(bytes_of<float>(kind, plan), trial_bytes) << r.shape.m;
        auto const wide = kind_of<double>({r.shape});
        EXPECT_LE(bytes_of<double>(wide, plan_trial<double>(wide)), trial_bytes) << r.shape.m;
    }
}

TEST(TrialPlan, AKindOfWhichNothingFitsIsNotTried) {
    auto const kind = kind_of<float>({{16384, 16384, 1}});
    auto const never = [](int, auto const&, auto const&, auto const&) { ADD_FAILURE(); };
    EXPECT_TRUE(same_bits<float>(Exec::cpu(), kind, never));
}

}  // namespace
}  // namespace sg::test
