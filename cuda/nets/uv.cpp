// SPDX-License-Identifier: MIT
#include "cuda/nets/uv.hpp"

#include <cmath>

#include "cuda/exec/error.hpp"

namespace sg {

FcnSpec uv_spec(int width)
{
    FcnSpec spec;
    spec.depth = 2;
    spec.width = width;
    spec.inputs = 1;
    spec.classes = 1;
    spec.activation = Activation::linear;
    spec.parameterization = Parameterization::ntk;
    return spec;
}

// κ and f are sums of squares of s = u + v and d = u − v:  ‖s‖² = n κ + 2 √n f,  ‖d‖² = n κ − 2 √n f,  with
// √n f = n κ √r. A factor for each of the two therefore fixes both, and directions stay as they were drawn.
template <class T>
void set_start(UvStart const& start, std::vector<T>& theta)
{
    if (start.kappa == 0) return;
    SG_EXPECT(theta.size() % 2 == 0);
    SG_EXPECT(start.kappa > 0 && start.r >= 0 && start.r <= 0.25);
    std::size_t const n = theta.size() / 2;
    double plus = 0, minus = 0;  // ‖s‖², ‖d‖²
    for (std::size_t i = 0; i < n; ++i) {
        double const u = theta[i], v = theta[n + i];
        plus += (u + v) * (u + v);
        minus += (u - v) * (u - v);
    }
    double const size = static_cast<double>(n) * start.kappa, tilt = 2 * std::sqrt(start.r);
    double const a = std::sqrt(size * (1 + tilt) / plus), b = std::sqrt(size * (1 - tilt) / minus);
    for (std::size_t i = 0; i < n; ++i) {
        double const u = theta[i], v = theta[n + i];
        theta[i] = static_cast<T>((a * (u + v) + b * (u - v)) / 2);
        theta[n + i] = static_cast<T>((a * (u + v) - b * (u - v)) / 2);
    }
}

template void set_start(UvStart const&, std::vector<float>&);
template void set_start(UvStart const&, std::vector<double>&);

}  // namespace sg
