// SPDX-License-Identifier: MIT
// A part of a study that one process runs.
#pragma once

#include <functional>
#include <string>

namespace sg {

// Shards count from 1: `--shard 2/4`.
struct Shard {
    int index = 1;
    int count = 1;

    bool whole() const { return count == 1; }
    std::string text() const { return std::to_string(index) + "/" + std::to_string(count); }
};

// What `--shard` says: "2/4", "none", "auto/4" (the index comes from the environment), or nothing:
// then an array of jobs or the ranks of a launcher make shards. `from` is where it came from, for
// the log.
struct ShardChoice {
    Shard shard;
    std::string from;
};

// A variable of the environment, nullptr where there is none.
using Lookup = std::function<char const*(char const*)>;

// UserError: an option or a variable that makes no shard.
ShardChoice choose_shard(std::string const& option, Lookup const& variable);

// "runs.h5" → "runs.shard-2-of-4.h5"; the whole study keeps the name.
std::string shard_path(std::string const& path, Shard const& shard);

}  // namespace sg
