// SPDX-License-Identifier: MIT
// Compares what was computed with a reference file, by the rules of tests/reference/README.md.
#pragma once

#include <vector>

#include "tests/replay/quantity.hpp"
#include "tests/replay/signs.hpp"
#include "tests/support/reference_file.hpp"

namespace sg::replay {

// In single precision an entry is compared where the file's cross checks are at most `steady`:
// there rounding is not amplified.
inline constexpr double steady = 1e-14;

// `crossings` excuses entries in single precision only: what depends on the weights after a
// training step that a sign changed, and what depends on the Hessian where one changed on the
// measurement examples. The numbers of step 0 alone (grad_*, hvp_result) and first_step_* are never
// excused.
std::vector<Quantity> judge(oracle::Reference const& reference, oracle::Reference const& result,
                            Precision precision, Crossings const& crossings = {});

}  // namespace sg::replay
