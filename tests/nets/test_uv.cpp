// SPDX-License-Identifier: MIT
#include "cuda/nets/uv.hpp"

#include "cuda/nets/model.hpp"
#include "tests/support/arrays.hpp"
#include "tests/support/random.hpp"

namespace sg::test {
namespace {

struct Numbers {
    double kappa = 0, f = 0;
};

template <class T>
Numbers numbers_of(std::vector<T> const& theta) {
    std::size_t const n = theta.size() / 2;
    double squares = 0, product = 0;
    for (std::size_t i = 0; i < n; ++i) {
        double const u = theta[i], v = theta[n + i];
        squares += u * u + v * v;
        product += u * v;
    }
    auto const count = static_cast<double>(n);
    return {squares / count, product / std::sqrt(count)};
}

template <class T>
void expect_start(int n, UvStart const& start, double tolerance) {
    SCOPED_TRACE(testing::Message() << n << " " << start.kappa << " " << start.r);
    auto theta = converted<T>(oracle::Random(3).normals(static_cast<std::size_t>(2 * n)));
    set_start(start, theta);
    auto const [kappa, f] = numbers_of(theta);
    EXPECT_NEAR(kappa, start.kappa, tolerance * start.kappa);
    EXPECT_NEAR(f, std::sqrt(start.r * n) * start.kappa, tolerance * std::sqrt(n) * start.kappa);
}

TEST(Uv, TheStartIsAsItWasAskedFor) {
    for (int const n : {1, 2, 64, 1001})
        for (double const kappa : {1.0, 0.3, 17.0})
            for (double const r : {0.01, 1e-6, 0.2, 0.25}) {
                expect_start<double>(n, {kappa, r}, 1e-14);
                expect_start<float>(n, {kappa, r}, 3e-7);
            }
}

// Nothing but two lengths is changed.
TEST(Uv, SumAndDifferenceKeepTheirDirections) {
    Vec const drawn = oracle::Random(4).normals(10);
    Vec theta = drawn;
    set_start({2, 0.1}, theta);
    for (double const sign : {1.0, -1.0}) {
        double const factor = (theta[0] + sign * theta[5]) / (drawn[0] + sign * drawn[5]);
        EXPECT_GT(factor, 0);
        for (std::size_t i = 1; i < 5; ++i)
            EXPECT_NEAR(theta[i] + sign * theta[5 + i], factor * (drawn[i] + sign * drawn[5 + i]),
                        1e-14);
    }
    theta = drawn;
    set_start({}, theta);
    EXPECT_EQ(theta, drawn);
    EXPECT_THROW(set_start({1, 0.26}, theta), InternalError);
    EXPECT_THROW(set_start({-1, 0.01}, theta), InternalError);
}

TEST(Uv, ItIsALinearNetworkWithTheOutputDividedByTheRootOfTheWidth) {
    Model const model = build_fcn(uv_spec(64));
    EXPECT_EQ(model.params(), 128);
    EXPECT_EQ(model.inputs, 1);
    EXPECT_EQ(model.classes, 1);
    EXPECT_FALSE(model.relu);
    ASSERT_EQ(model.layers.size(), 2U);
    for (std::size_t l = 0; l < 2; ++l) {
        auto const& layer = std::get<Dense>(model.layers[l]);
        EXPECT_EQ(layer.multiplier, l == 0 ? 1 : 1.0 / 8);
        EXPECT_EQ(layer.activation, Activation::linear);
        EXPECT_EQ(model.tensors[static_cast<int>(l)].deviation, 1);
    }
}

}  // namespace
}  // namespace sg::test
