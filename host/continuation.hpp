// SPDX-License-Identifier: MIT
// Whether a run may go on with a file that is already there, and what it takes over from it.
#pragma once

#include <string>
#include <vector>

#include "host/dataset.hpp"
#include "host/shard.hpp"
#include "host/store.hpp"

namespace sg {

// The committed rows of `path`, whether it was closed or its run was killed; nothing when there is
// no such file. UserError: it is not ours, or of a study that is not contained in `study`; then the
// message names the keys that differ.
StoredStudy take_up(std::string const& path, Study const& study, std::string const& precision,
                    Shard const& shard);

// UserError when the file was made of other data.
void check_data(std::string const& path, FileHead const& kept, Dataset const& data);

// What must be equal for a network of one run to be one of another: every key that may not grow, as a SHA-256.
std::string continuation_key(Study const& study, std::string const& precision, Dataset const& data);

// Why rows of `before` are not rows of `now`: "training.steps is 10 in the file, 20 in the study".
// Empty also when `now` only has more of depth, width, c and seeds.
std::vector<std::string> differing_keys(Study const& before, Study const& now);

}  // namespace sg
