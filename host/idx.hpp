// SPDX-License-Identifier: MIT
// The header of an IDX file alone (Idx and read_idx are in dataset.hpp).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sg {

// Sizes of the array, after the same checks as read_idx as far as a header can tell. DataError.
std::vector<std::int64_t> read_idx_dims(std::string const& path, int expected_rank);

}  // namespace sg
