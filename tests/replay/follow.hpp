// SPDX-License-Identifier: MIT
// The signs of all relu units along a reference file, in single beside double precision.
#pragma once

#include "cuda/exec/exec.hpp"
#include "host/dataset.hpp"
#include "tests/replay/signs.hpp"
#include "tests/support/reference_file.hpp"

namespace sg::replay {

// Trains the runs of `given` in both precisions, as recompute does and with the same bits, and
// compares the signs before each step on the examples of its batch and on the measurement examples.
// Without relu there are none to compare. `images` as in recompute. Throws a Fault where the
// trajectory in single precision is not that of `result`, which recompute<float> gave.
Signs follow(Exec const& exec, oracle::Reference const& given, Dataset const& images,
             oracle::Reference const& result);

}  // namespace sg::replay
