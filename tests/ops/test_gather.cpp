// SPDX-License-Identifier: MIT
#include "cuda/ops/gather.hpp"

#include "tests/support/arrays.hpp"
#include "tests/support/spaces.hpp"

namespace sg::test {
namespace {

// 4 examples with 3 inputs; two groups of two of them, one twice.
class GatherTest : public OnEverySpace {
protected:
    Array<std::int32_t, 1> label{exec(), std::vector<int>{7, 8, 9, 6}, 4};
    Array<std::int32_t, 2> index{exec(), std::vector<int>{3, 0, 1, 3}, 2, 2}, labels{exec(), 2, 2};
};
SG_SPACES(GatherTest);

template <class T>
void check_values(Exec const& exec, ExampleData data, View<std::int32_t const, 2> index,
                  Array<std::int32_t, 2> const& labels) {
    Array<float, 2> const values(exec, Vec{0, 1, 2, 10, 11, 12, 20, 21, 22, 30, 31, 32.5}, 4, 3);
    data.values = values.read();
    Array<T, 3> const x(exec, 2, 2, 3);
    gather(exec, data, index, x.view(), labels.view());
    EXPECT_EQ(x.wide(), (Vec{30, 31, 32.5, 0, 1, 2, 10, 11, 12, 30, 31, 32.5}));
    EXPECT_EQ(labels.host(), (std::vector<std::int32_t>{6, 7, 8, 6}));
}

TEST_P(GatherTest, TakesValuesAndLabelsByIndex) {
    ExampleData data;
    data.label = label.data();
    check_values<float>(exec(), data, index.read(), labels);
    check_values<double>(exec(), data, index.read(), labels);
}

TEST_P(GatherTest, StandardisesBytesByTheirOwnMeanAndDeviation) {
    Array<std::uint8_t, 2> const pixels(
        exec(), std::vector<int>{0, 128, 255, 1, 2, 3, 9, 9, 9, 200, 100, 0}, 4, 3);
    Array<double, 1> const mean(exec(), Vec{127, 2, 9, 100}, 4),
        inverse(exec(), Vec{0.01, 2, 1, 0.5}, 4);
    ExampleData data;
    data.pixels = pixels.read();
    data.mean = mean.data();
    data.inverse_deviation = inverse.data();
    data.label = label.data();
    Array<double, 3> const x(exec(), 2, 2, 3);
    gather(exec(), data, index.read(), x.view(), labels.view());
    EXPECT_ARRAY_NEAR(x.host(), (Vec{50, 0, -50, -1.27, 0.01, 1.28, -2, 0, 2, 50, 0, -50}), 1e-15);
    Array<float, 3> const single(exec(), 2, 2, 3);
    gather(exec(), data, index.read(), single.view(), labels.view());
    EXPECT_SAME_BITS(single.host(), converted<float>(x.wide()));
}

TEST_P(GatherTest, SizesThatDoNotFitAreRefused) {
    ExampleData data;
    data.label = label.data();
    Array<float, 3> const x(exec(), 2, 3, 3);
    EXPECT_THROW(gather(exec(), data, index.read(), x.view(), labels.view()), InternalError);
}

}  // namespace
}  // namespace sg::test
