// SPDX-License-Identifier: MIT
// Files that the build puts into the program: the report's page, and plotly.js where it was there.
#pragma once

#include <string>
#include <string_view>

namespace sg::embedded {

std::string_view page();   // host/page/report.html, with {{places}} to fill
std::string_view style();  // host/page/report.css
std::string script();      // host/page/*.js, one after the other

struct Plotly {
    std::string_view script, version, licence;
};
// Empty texts in a build that did not find build/plotly (scripts/plotly.sh).
Plotly plotly();

}  // namespace sg::embedded
