// SPDX-License-Identifier: MIT
// The pieces of JSON.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sg {

// Quoted and escaped.
std::string json_text(std::string_view text);

// Reads back to the same bits; null where it is not finite.
std::string json_number(double value);

std::string json_list(std::vector<std::string> const& items);  // of JSON

}  // namespace sg
