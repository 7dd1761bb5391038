// SPDX-License-Identifier: MIT
#include <vector>

#include "cuda/exec/error.hpp"
#include "host/config.hpp"
#include "tests/fuzz/input.hpp"

namespace sg::fuzz {

void config(Bytes input) {
    std::vector<std::string> parts{""};
    for (std::uint8_t const byte : input) {
        if (byte == 0 && parts.size() < 8)
            parts.emplace_back();
        else
            parts.back() += static_cast<char>(byte);
    }
    std::string const text = parts.front();
    parts.erase(parts.begin());
    Study study;
    try {
        study = parse_study(text, "fuzz.yaml", parts);
    } catch (UserError const&) {
        return;
    }
    // The resolved text goes into the output file; `run` and `merge` read it there.
    Study const again = parse_study(study.yaml_resolved, "resolved.yaml");
    demand(again.digest == study.digest, "a resolved study reads as itself");
}

}  // namespace sg::fuzz
