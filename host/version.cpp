// SPDX-License-Identifier: MIT
#include "host/commands.hpp"

namespace sg {

std::string version_text()
{
    std::string const commit = SG_COMMIT;
    return "sharpgrid " SG_VERSION + (commit.empty() ? "" : " (" + commit + ")") + ", " SG_BUILD;
}

}  // namespace sg
