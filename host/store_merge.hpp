// SPDX-License-Identifier: MIT
// Shards of one study to the file that one run of it would have written.
#pragma once

#include <string>
#include <vector>

#include "host/store.hpp"

namespace sg {

// Parts of one study with every network in exactly one of them. DataError: a part cannot be read,
// is of another study, holds what another holds, or networks are missing; the message lists them.
// UserError: a part is still being written.
StoredStudy merged(std::vector<std::string> const& parts);

// Writes it, unless the file is there already with the same data: false.
bool merge_stores(std::vector<std::string> const& parts, OutputLock const& lock, bool overwrite);

}  // namespace sg
