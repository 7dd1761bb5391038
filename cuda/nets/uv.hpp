// SPDX-License-Identifier: MIT
// The solvable model f = u·v/√n on one example x = 1 with target 0 (arXiv 2302.12250): the linear
// network of two layers with one input and one output, in the ntk parameterisation. With κ = (‖u‖² + ‖v‖²)/n
// and L = f²/2 the sharpness is λ = (κ + √(κ² + 12 f²/n)) / 2, and a step of gradient descent is
//   f ← f (1 − η κ + η² f²/n),   κ ← κ + (η f²/n) (η κ − 4).
#pragma once

#include <vector>

#include "cuda/nets/spec.hpp"

namespace sg {

FcnSpec uv_spec(int width);  // n = width

// Moves u + v and u − v along themselves so that κ and r are those of `start`; the sign of f becomes positive.
// It does nothing where start.kappa is 0.   theta: (2n) u, then v
template <class T>
void set_start(UvStart const& start, std::vector<T>& theta);

}  // namespace sg
