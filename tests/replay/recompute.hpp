// SPDX-License-Identifier: MIT
// A reference file computed again by the engine: all values of c as one slice of N networks.
#pragma once

#include "cuda/exec/exec.hpp"
#include "host/dataset.hpp"
#include "tests/support/reference_file.hpp"

namespace sg::replay {

// The results alone, shaped as in the file; its settings, indices and cross checks stay empty.
// Weights, batches and start vectors are those of `given`, images those of `images` by their row.
// T is the scalar of the engine. DataError where `images` is not the data set of the recipe.
template <class T>
oracle::Reference recompute(Exec const& exec, oracle::Reference const& given,
                            Dataset const& images);

}  // namespace sg::replay
