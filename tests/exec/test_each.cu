// SPDX-License-Identifier: MIT
#include "cuda/exec/each.hpp"

#include "tests/support/arrays.hpp"
#include "tests/support/spaces.hpp"

namespace sg::test {
namespace {

// out(n, i) ← 1000 n + i + what it held
struct AddPlace {
    View<double, 2> out;
    SG_FN void operator()(int n, std::int64_t i) const {
        out(n, i) += 1000 * n + static_cast<double>(i);
    }
};

// The same through bind: out_i ← out_i + base + i
struct AddBoundInner {
    double* out;
    double base;
    SG_FN void operator()(std::int64_t i) const { out[i] += base + static_cast<double>(i); }
};
struct AddBound {
    View<double, 2> out;
    SG_FN AddBoundInner bind(int n) const { return {&out(n, 0), 1000.0 * n}; }
};

// out(n, i) ← out(n, i − 1) + 1: depends on the order, as no kernel may
struct DependsOnOrder {
    View<double, 2> out;
    SG_FN void operator()(int n, std::int64_t i) const {
        out(n, i) = i > 0 ? out(n, i - 1) + 1 : 0;
    }
};

class EachTest : public OnEverySpace {};
SG_SPACES(EachTest);

template <class F>
void expect_every_place_once(Exec const& exec) {
    int const nets = 5;
    for (std::int64_t const n : {1, 15, 17, 255, 257, 700}) {
        Array<double, 2> const out(
            exec, std::vector<double>(static_cast<std::size_t>(nets * n), 0.5), nets, n);
        Array<unsigned char, 1> const skip(exec, std::vector<int>{0, 1, 0, 0, 1}, nets);
        each(exec, "add", {nets, skip.data()}, n, F{out.view()});
        Vec expected;
        for (int net = 0; net < nets; ++net)
            for (std::int64_t i = 0; i < n; ++i)
                expected.push_back(
                    net == 1 || net == 4 ? 0.5 : 0.5 + 1000 * net + static_cast<double>(i));
        EXPECT_SAME_BITS(out.host(), expected);
    }
}

TEST_P(EachTest, VisitsEveryPlaceOnceAndLeavesSkippedNetworksAlone) {
    expect_every_place_once<AddPlace>(exec());
}

TEST_P(EachTest, BoundKernelsDoTheSame) { expect_every_place_once<AddBound>(exec()); }

TEST_P(EachTest, CoversThePrefixOnly) {
    Array<double, 2> const out(exec(), 4, 3);
    each(exec(), "add", {2}, 2, AddPlace{out.view()});
    EXPECT_EQ(out.host(), (Vec{0, 1, 0, 1000, 1001, 0, 0, 0, 0, 0, 0, 0}));
    each(exec(), "add", {0}, 3, AddPlace{out.view()});
    each(exec(), "add", {4}, 0, AddPlace{out.view()});
    EXPECT_EQ(out.host()[3], 1000);
}

TEST_P(EachTest, ManyNetworksAreVisitedOnceByThreadsThatTakeSeveralIndices) {
    int const nets = 2100, n = 1025;
    ASSERT_LT(each_grid(n, nets).blocks * 256, n);
    Array<double, 2> const out(exec(), nets, n);
    each(exec(), "add", {nets}, n, AddPlace{out.view()});
    Vec expected;
    for (int net = 0; net < nets; ++net)
        for (int i = 0; i < n; ++i) expected.push_back(1000.0 * net + i);
    EXPECT_SAME_BITS(out.host(), expected);
}

TEST(Each, ItsGridHasNoIdleWarpsAndFillsTheGpu) {
    EXPECT_EQ(each_grid(1, 256).threads, 32);
    EXPECT_EQ(each_grid(33, 1).threads, 64);
    EXPECT_EQ(each_grid(1000000, 1).threads, 256);
    EXPECT_EQ(each_grid(1000000, 1).blocks, 1024);
    EXPECT_EQ(each_grid(26000, 8).blocks, 102);     // an index for each thread: few networks
    EXPECT_EQ(each_grid(26000, 256).blocks, 17);    // six: 4352 blocks in all
    EXPECT_EQ(each_grid(26000, 100000).blocks, 13); // never more than eight
}

TEST(Each, TheShuffledSpaceFindsAKernelThatDependsOnTheOrder) {
    auto const shuffled = exec_of(Where::cpu_shuffled);
    Array<double, 2> const out(shuffled, 1, 50);
    each(shuffled, "depends", {1}, 50, DependsOnOrder{out.view()});
    Vec in_order;
    for (int i = 0; i < 50; ++i) in_order.push_back(i);
    EXPECT_NE(out.host(), in_order);
    auto order = sg::shuffled(shuffled.shuffle(), 50);
    std::sort(order.begin(), order.end());
    for (std::int64_t i = 0; i < 50; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
}

}  // namespace
}  // namespace sg::test
