// SPDX-License-Identifier: MIT
// Examples of a data set as the matrix that a network reads.
#pragma once

#include "cuda/exec/exec.hpp"
#include "cuda/exec/view.hpp"

namespace sg {

// A data set of X examples with D inputs, in the space of an Exec. Either bytes of images, standardised
// on the way by their own mean and deviation, or values as they are.
struct ExampleData {
    View<std::uint8_t const, 2> pixels;  // (X, D)
    View<float const, 2> values;         // (X, D)
    double const* mean = nullptr;                // (X), pixels only
    double const* inverse_deviation = nullptr;   // (X), pixels only
    std::int32_t const* label = nullptr;         // (X)
};

// x(g, b, ·) = example index(g, b), labels(g, b) = its label.   index: (G, B), x: (G, B, D)
template <class T>
void gather(Exec const& exec, ExampleData const& data, View<std::int32_t const, 2> const& index,
            View<T, 3> const& x, View<std::int32_t, 2> const& labels);

}  // namespace sg
