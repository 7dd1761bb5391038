// SPDX-License-Identifier: MIT
// A data set that needs no file: standard normal inputs, labelled by a random linear teacher.
#pragma once

#include "host/dataset.hpp"

namespace sg {

// Fills all but sha256. Example i depends on (seed, inputs, classes, i) alone, not on how many
// there are.
Dataset make_synthetic(DataSpec const& spec);

}  // namespace sg
