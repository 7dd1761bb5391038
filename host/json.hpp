// SPDX-License-Identifier: MIT
// The pieces of JSON: texts, numbers, and arrays of numbers as programs want them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sg {

// Quoted and escaped.
std::string json_text(std::string_view text);

// Reads back to the same bits; null where it is not finite.
std::string json_number(double value);
// With six significant digits.
std::string json_short(double value);
std::string json_shorts(std::span<double const> values);  // [1, 2.5, null]

std::string json_list(std::vector<std::string> const& items);  // of JSON
std::string json_member(std::string_view name, std::string const& json);
std::string json_object(std::vector<std::string> const& members);

// Arrays as quoted base64 of their bytes, the lowest first. Float32 keeps seven digits and NaN;
// what is too large for it becomes infinite.
std::string json_float32(std::span<double const> values);
std::string json_uint8(std::span<std::uint8_t const> values);
std::string json_int32(std::span<std::int32_t const> values);

std::string base64(std::span<unsigned char const> bytes);

// JSON as it may stand in a script element of HTML, whatever its texts hold: no tag can begin.
std::string json_in_html(std::string const& json);

}  // namespace sg
