// SPDX-License-Identifier: MIT
#include "host/report.hpp"

#include <fmt/format.h>

#include <map>

#include "cuda/exec/error.hpp"
#include "host/commands.hpp"
#include "host/digest.hpp"
#include "host/embedded.hpp"
#include "host/json.hpp"
#include "host/spectra.hpp"
#include "host/svg.hpp"

namespace sg {

namespace {

// The text of an element or a quoted attribute, in the lines it has.
std::string html_text(std::string_view text) {
    std::string escaped;
    while (true) {
        std::size_t const end = text.find('\n');
        escaped += xml_text(text.substr(0, end));
        if (end == std::string_view::npos) return escaped;
        escaped += '\n';
        text.remove_prefix(end + 1);
    }
}

// As a policy names a script: by its hash.
std::string source_of(std::string_view script) {
    std::string const hex = sha256_hex(script);
    SG_EXPECT(hex.size() == 64);
    std::vector<unsigned char> bytes;
    for (std::size_t k = 0; k < hex.size(); k += 2)
        bytes.push_back(static_cast<unsigned char>(std::stoi(hex.substr(k, 2), nullptr, 16)));
    return fmt::format("'sha256-{}'", base64(bytes));
}

// Nothing may be loaded, and only our two scripts run. Plotly writes styles, and pictures from
// memory when a figure is saved.
std::string policy_of(std::string_view plotly, std::string_view script) {
    return fmt::format(
        "default-src 'none'; script-src {} {}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'",
        source_of(plotly), source_of(script));
}

std::string summary_html(ReportContent const& content) {
    std::string text;
    for (std::string const& sentence : summary_of(content))
        text += fmt::format("<p{}>{}</p>\n", text.empty() ? " class=\"main-result\"" : "",
                            html_text(sentence));
    return text;
}

std::string subtitle_of(StoredStudy const& study) {
    return fmt::format("{} on {}; networks: {}, steps: {}, precision: {}", study.model,
                       study.data_name, study.rows.size(), study.steps, study.precision);
}

// Puts texts in the {{places}} of the page; what was put is not looked into again.
std::string filled(std::string_view page,
                   std::map<std::string_view, std::string_view> const& texts) {
    std::string result;
    while (true) {
        std::size_t const open = page.find("{{");
        if (open == std::string_view::npos) break;
        std::size_t const close = page.find("}}", open);
        SG_EXPECT(close != std::string_view::npos);
        result += page.substr(0, open);
        result += texts.at(page.substr(open + 2, close - open - 2));
        page.remove_prefix(close + 2);
    }
    result += page;
    return result;
}

}  // namespace

std::string report_page(ReportContent const& content) {
    auto const plotly = embedded::plotly();
    if (plotly.script.empty())
        throw UserError(
            "this sharpgrid was built without plotly.js, which the page needs. Run "
            "scripts/plotly.sh "
            "(it downloads the Python wheel `plotly`), build again, or use --figures DIR for SVG.");
    std::string const script = embedded::script();
    std::string const policy = policy_of(plotly.script, script);
    std::string const title = html_text(content.study.title);
    std::string const subtitle = html_text(subtitle_of(content.study));
    std::string const summary = summary_html(content);
    std::string const spectra = spectra_html(content);
    std::string const data = json_in_html(report_data(content));
    std::string const generator = html_text(version_text());
    std::string const licence = html_text(plotly.licence);
    return filled(embedded::page(), {{"policy", policy},
                                     {"title", title},
                                     {"subtitle", subtitle},
                                     {"generator", generator},
                                     {"css", embedded::style()},
                                     {"summary", summary},
                                     {"spectra", spectra},
                                     {"plotly-version", plotly.version},
                                     {"plotly-licence", licence},
                                     {"data", data},
                                     {"plotly", plotly.script},
                                     {"js", script}});
}

}  // namespace sg
