// SPDX-License-Identifier: MIT
#include "host/json.hpp"

#include <fmt/format.h>

#include <cmath>

namespace sg {

std::string json_text(std::string_view text) {
    std::string quoted = "\"";
    for (char const letter : text) {
        if (letter == '"' || letter == '\\')
            quoted += {'\\', letter};
        else if (static_cast<unsigned char>(letter) < 0x20)
            quoted += fmt::format("\\u{:04x}", static_cast<int>(letter));
        else
            quoted += letter;
    }
    return quoted + "\"";
}

std::string json_number(double value) {
    return std::isfinite(value) ? fmt::format("{}", value) : "null";
}

std::string json_list(std::vector<std::string> const& items) {
    return fmt::format("[{}]", fmt::join(items, ", "));
}

}  // namespace sg
