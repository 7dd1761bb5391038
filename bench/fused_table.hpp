// SPDX-License-Identifier: MIT
// The text of cuda/nets/fused_table.hpp, from the model of time. bench-fused-table writes it; a test compares.
#pragma once

#include <string>

#include "cuda/nets/fused.hpp"
#include "host/cost.hpp"

namespace sg::bench {

inline std::string fused_table()
{
    constexpr int deepest = FusedShape::most_layers;
    std::string text =
        "// SPDX-License-Identifier: MIT\n"
        "// Written by bench-fused-table from the model of time (host/cost.hpp); a test compares. Which products are fused\n"
        "// (nets/fused.hpp), for models of GPUs by the title that stands in the name that their driver gives.\n"
        "#pragma once\n\n"
        "#include <array>\n#include <cstddef>\n#include <string_view>\n\n"
        "namespace sg {\n\n"
        "struct FusedDevice {\n"
        "    std::string_view title;\n"
        "    std::size_t scratch;         // bytes that a block may ask for\n"
        "    std::array<int, " + std::to_string(deepest - 1) + "> widest;  // of depth 2 ... " + std::to_string(deepest) +
        ": up to this width; 0: none\n"
        "};\n\n";
    std::string rows;
    int count = 0;
    for (auto const& device : device_models()) {
        rows += "    {\"" + std::string(device.title) + "\", " + std::to_string(device.scratch) + ", {";
        for (int depth = 2; depth <= deepest; ++depth)
            rows += (depth > 2 ? ", " : "") + std::to_string(widest_fused(device, depth));
        rows += "}},\n";
        ++count;
    }
    return text + "inline constexpr std::array<FusedDevice, " + std::to_string(count) + "> fused_devices{{\n" + rows +
           "}};\n\n}  // namespace sg\n";
}

}  // namespace sg::bench
