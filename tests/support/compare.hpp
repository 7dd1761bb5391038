// SPDX-License-Identifier: MIT
// Distances between arrays for assertions. A nan anywhere gives nan, and so fails EXPECT_LE: with
// std::max alone it would vanish, and an array of nan would agree with everything.
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <stdexcept>

namespace sg::oracle {

inline double larger(double top, double x) { return x > top || std::isnan(x) ? x : top; }

inline double largest(std::span<double const> a) {
    double top = 0;
    for (double const x : a) top = larger(top, std::abs(x));
    return top;
}

// max |a - b|; arrays of different length throw std::invalid_argument.
inline double difference(std::span<double const> a, std::span<double const> b) {
    if (a.size() != b.size()) throw std::invalid_argument("difference: arrays differ in length");
    double top = 0;
    for (std::size_t i = 0; i < a.size(); ++i) top = larger(top, std::abs(a[i] - b[i]));
    return top;
}

}  // namespace sg::oracle
