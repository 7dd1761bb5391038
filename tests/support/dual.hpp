// SPDX-License-Identifier: MIT
// A number with its derivative along one direction (forward-mode differentiation). Running the
// gradient on it gives H v without a step size: exact up to rounding, for relu and tanh alike.
#pragma once

#include <cmath>

namespace sg::oracle {

struct Dual {
    double value = 0;
    double tangent = 0;  // d value / dε at θ + ε v
};

inline Dual operator+(Dual a, Dual b) { return {a.value + b.value, a.tangent + b.tangent}; }
inline Dual operator-(Dual a, Dual b) { return {a.value - b.value, a.tangent - b.tangent}; }
inline Dual operator*(Dual a, Dual b) {
    return {a.value * b.value, a.value * b.tangent + a.tangent * b.value};
}
inline Dual operator/(Dual a, Dual b) {
    double const q = a.value / b.value;
    return {q, (a.tangent - q * b.tangent) / b.value};
}

// A plain number has tangent 0; a product with one is the hot loop and is spelled out.
inline Dual operator*(double a, Dual b) { return {a * b.value, a * b.tangent}; }
inline Dual operator-(double a, Dual b) { return {a - b.value, -b.tangent}; }
inline Dual operator-(Dual a, double b) { return {a.value - b, a.tangent}; }
inline Dual& operator+=(Dual& a, Dual b) { return a = a + b; }

inline Dual exp(Dual a) {
    double const e = std::exp(a.value);
    return {e, e * a.tangent};
}
inline Dual tanh(Dual a) {
    double const t = std::tanh(a.value);
    return {t, (1 - t * t) * a.tangent};
}

inline double value(double a) { return a; }
inline double value(Dual a) { return a.value; }

}  // namespace sg::oracle
