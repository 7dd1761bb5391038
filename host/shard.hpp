// SPDX-License-Identifier: MIT
// A part of a study that one process runs.
#pragma once

#include <string>

namespace sg {

// Shards count from 1: `--shard 2/4`.
struct Shard {
    int index = 1;
    int count = 1;

    bool whole() const { return count == 1; }
    std::string text() const { return std::to_string(index) + "/" + std::to_string(count); }
};

}  // namespace sg
