// SPDX-License-Identifier: MIT
// Reads a study from YAML. All errors are collected and thrown as one UserError; each names file,
// line, column, shows the line of the source, the allowed values and a suggestion.
#pragma once

#include <string>
#include <vector>

#include "host/study.hpp"

namespace sg {

// `overrides` are "key.path=value" of --set, applied before anything is checked.
Study read_study(std::string const& path, std::vector<std::string> const& overrides = {});

// The same from a text; `name` stands for the file in messages.
Study parse_study(std::string const& text, std::string const& name,
                  std::vector<std::string> const& overrides = {});

}  // namespace sg
