// SPDX-License-Identifier: MIT
#include "cuda/ops/activation.hpp"

#include <limits>

#include "tests/support/arrays.hpp"
#include "tests/support/spaces.hpp"

namespace sg::test {
namespace {

double phi(Activation f, double z) {
    if (f == Activation::tanh) return std::tanh(z);
    return f == Activation::relu ? (z > 0 ? z : 0) : z;
}
double slope(Activation f, double z) {  // relu'(0) = 0
    if (f == Activation::tanh) return 1 / (std::cosh(z) * std::cosh(z));
    return f == Activation::relu ? (z > 0 ? 1 : 0) : 1;
}
double curvature(Activation f, double z) {
    return f == Activation::tanh ? -2 * std::tanh(z) / (std::cosh(z) * std::cosh(z)) : 0;
}

// 3 networks, 2 examples, 4 units; network 1 is skipped.
class ActivationTest : public OnEverySpace {
protected:
    Vec z{-2, -0.5, 0, 0.25, 1,  3,   -1e-3, 1e-3, 9, 9,  9,   9,
          9,  9,    9, 9,    -1, 0.5, 0,     2,    4, -4, 0.1, -0.0};
    Vec u{1, -2, 3, 4, 5, -6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, -1, 2, -3, 4, -5, 6, -7, 8};
    Array<unsigned char, 1> skip{exec(), std::vector<int>{0, 1, 0}, 3};
    Nets nets{3, skip.data()};

    // f of each number, but for the skipped network, which keeps `before`.
    template <class F>
    Vec expected(Vec const& before, F const& f) const {
        Vec out = before;
        for (std::size_t i = 0; i < out.size(); ++i)
            if (i < 8 || i >= 16) out[i] = f(i);
        return out;
    }
};
SG_SPACES(ActivationTest);

constexpr Activation every[] = {Activation::relu, Activation::tanh, Activation::linear};

TEST_P(ActivationTest, ValuesAndSlopes) {
    for (auto const f : every) {
        Array<double, 3> const a(exec(), z, 3, 2, 4), v(exec(), u, 3, 2, 4);
        activate(exec(), nets, f, a.view());
        EXPECT_ARRAY_NEAR(a.host(), expected(z, [&](auto i) { return phi(f, z[i]); }), 1e-15);
        multiply_by_slope(exec(), nets, f, a.read(), v.view());
        EXPECT_ARRAY_NEAR(v.host(), expected(u, [&](auto i) { return slope(f, z[i]) * u[i]; }),
                          1e-14);
        Array<float, 3> const single(exec(), z, 3, 2, 4);
        activate(exec(), nets, f, single.view());
        EXPECT_ARRAY_NEAR(single.host(), a.wide(), 4e-7);
    }
}

// With a = φ(z): the derivative of a along Rz, and of δ = φ'(z) u along (Rz, Ru).
TEST_P(ActivationTest, TangentsAreThoseOfTheFormula) {
    Vec const r = expected(u, [&](auto i) { return 0.1 * u[23 - i]; });
    Vec const s = expected(u, [&](auto i) { return 3 - 0.2 * u[i]; });
    for (auto const f : every) {
        Array<double, 3> const a(exec(), z, 3, 2, 4), delta(exec(), u, 3, 2, 4);
        Array<double, 3> const Rz(exec(), r, 3, 2, 4), Ru(exec(), s, 3, 2, 4),
            bend(exec(), 3, 2, 4);
        activate(exec(), nets, f, a.view());
        multiply_by_slope(exec(), nets, f, a.read(), delta.view());
        activate_tangent(exec(), nets, f, a.read(), Rz.view(), bend.view());
        slope_tangent(exec(), nets, f, a.read(), delta.read(), bend.read(), Ru.view());
        EXPECT_ARRAY_NEAR(Rz.host(), expected(r, [&](auto i) { return slope(f, z[i]) * r[i]; }),
                          1e-14);
        auto const moved = [&](auto i) {
            return curvature(f, z[i]) * r[i] * u[i] + slope(f, z[i]) * s[i];
        };
        EXPECT_ARRAY_NEAR(Ru.host(), expected(s, moved), 1e-13);
        EXPECT_EQ(has_curvature(f), f == Activation::tanh);
    }
    Array<double, 3> const a(exec(), z, 3, 2, 4), Rz(exec(), r, 3, 2, 4);
    EXPECT_THROW(activate_tangent(exec(), nets, Activation::tanh, a.read(), Rz.view(), {}),
                 InternalError);
}

TEST_P(ActivationTest, TheSlopeOfReluAtZeroIsZeroAndInfinityStays) {
    double const inf = std::numeric_limits<double>::infinity();
    Array<float, 3> const a(exec(), Vec{0, -0.0, inf, 1e-30}, 1, 1, 4);
    Array<float, 3> const v(exec(), Vec{1, 1, 1, 1}, 1, 1, 4);
    activate(exec(), {1}, Activation::relu, a.view());
    multiply_by_slope(exec(), {1}, Activation::relu, a.read(), v.view());
    EXPECT_EQ(v.host(), (std::vector<float>{0, 0, 1, 1}));
    EXPECT_EQ(a.wide(), (Vec{0, 0, inf, static_cast<double>(1e-30f)}));
    Array<float, 3> const saturated(exec(), Vec{-inf, inf, 40}, 1, 1, 3);
    activate(exec(), {1}, Activation::tanh, saturated.view());
    EXPECT_EQ(saturated.host(), (std::vector<float>{-1, 1, 1}));
}

// Else a network whose weights are NaN would look collapsed, with a finite loss, instead of
// diverged.
TEST_P(ActivationTest, ANotANumberPassesThrough) {
    for (auto const f : every) {
        Array<float, 3> const a(exec(), Vec(20, std::nan("")), 1, 1, 20);
        Array<double, 3> const b(exec(), Vec(20, std::nan("")), 1, 1, 20);
        activate(exec(), {1}, f, a.view());
        activate(exec(), {1}, f, b.view());
        for (float const x : a.host()) EXPECT_TRUE(std::isnan(x));
        for (double const x : b.host()) EXPECT_TRUE(std::isnan(x));
    }
}

}  // namespace
}  // namespace sg::test
