// SPDX-License-Identifier: MIT
// YAML as a plain tree of values that know their place and keep what yaml-cpp's nodes hide:
// duplicate keys, quotes, and which text a value came from.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/problems.hpp"

namespace sg {

struct Value {
    enum class Kind : std::uint8_t { null, scalar, list, map };
    Kind kind = Kind::null;
    bool plain = true;  // a scalar without quotes: only such a one can be a number
    std::string text;   // of a scalar
    Place place;
    std::string key;  // under which it stands in a map
    Place key_place;
    std::vector<Value> items;  // of a list; of a map in the order of the file, duplicates kept
};

// The single document of a text, aliases replaced by what they stand for. Nothing when there is
// none, or after a problem.
std::optional<Value> parse_yaml(Source const& source, Problems& problems);

// Puts the value of "key.path=value" into the tree; mappings on the way are made when absent.
void apply_override(Value& root, Source const& argument, Problems& problems);

}  // namespace sg
