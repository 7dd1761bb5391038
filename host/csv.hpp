// SPDX-License-Identifier: MIT
// The fields of CSV.
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <string>

namespace sg {

// Quoted where it must be.
inline std::string csv_field(std::string const& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    std::string quoted = "\"";
    for (char const letter : text) quoted += letter == '"' ? "\"\"" : std::string(1, letter);
    return quoted + "\"";
}

// Reads back to the same bits; empty where it is missing.
inline std::string csv_number(double value) {
    return std::isnan(value) ? "" : fmt::format("{}", value);
}

}  // namespace sg
