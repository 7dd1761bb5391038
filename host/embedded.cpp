// SPDX-License-Identifier: MIT
#include "host/embedded.hpp"

#include <cstddef>

// The bytes of a file, between two symbols of their own. The assembler reads it, so the time of the
// build and the size of the object do not depend on the compiler.
#define SG_EMBED(name, file)                                                              \
    __asm__(                                                                              \
        ".pushsection .rodata\n"                                                          \
        ".globl sg_embedded_" #name "\n.globl sg_embedded_" #name                         \
        "_end\n"                                                                          \
        "sg_embedded_" #name ":\n.incbin \"" file                                         \
        "\"\n"                                                                            \
        "sg_embedded_" #name "_end:\n.byte 0\n.popsection\n");                            \
    extern "C" char const sg_embedded_##name[], sg_embedded_##name##_end[];               \
    static std::string_view name##_bytes() {                                              \
        return {sg_embedded_##name,                                                       \
                static_cast<std::size_t>(sg_embedded_##name##_end - sg_embedded_##name)}; \
    }

SG_EMBED(page, SG_PAGE "/report.html")
SG_EMBED(style, SG_PAGE "/report.css")
SG_EMBED(draw, SG_PAGE "/draw.js")
SG_EMBED(medians, SG_PAGE "/medians.js")
SG_EMBED(phase, SG_PAGE "/phase.js")
SG_EMBED(constants, SG_PAGE "/constants.js")
SG_EMBED(opening, SG_PAGE "/opening.js")
SG_EMBED(trajectories, SG_PAGE "/trajectories.js")
SG_EMBED(regimes, SG_PAGE "/regimes.js")
SG_EMBED(c_crit, SG_PAGE "/c_crit.js")
SG_EMBED(table, SG_PAGE "/table.js")
SG_EMBED(report, SG_PAGE "/report.js")
#ifdef SG_PLOTLY
SG_EMBED(plotly, SG_PLOTLY "/plotly.min.js")
SG_EMBED(version, SG_PLOTLY "/VERSION")
SG_EMBED(licence, SG_PLOTLY "/LICENSE.txt")
#endif

namespace sg::embedded {

std::string_view page() { return page_bytes(); }
std::string_view style() { return style_bytes(); }

std::string script() {
    std::string text;
    for (auto const part :
         {draw_bytes(), medians_bytes(), phase_bytes(), constants_bytes(), opening_bytes(),
          trajectories_bytes(), regimes_bytes(), c_crit_bytes(), table_bytes(), report_bytes()})
        text += part;
    return text;
}

Plotly plotly() {
#ifdef SG_PLOTLY
    return {plotly_bytes(), version_bytes(), licence_bytes()};
#else
    return {};
#endif
}

}  // namespace sg::embedded
