// SPDX-License-Identifier: MIT
// The report: one self-contained HTML page with the data in it, and the figures for a paper as SVG.
#pragma once

#include <string>
#include <vector>

#include "host/findings.hpp"
#include "host/panels.hpp"
#include "host/store.hpp"

namespace sg {

// What a report is made of, computed once from the rows of a file.
struct ReportContent {
    // c_crit_s: S of c_crit. Throws what findings_of throws.
    explicit ReportContent(StoredStudy study, double c_crit_s = usual_c_crit_s);

    StoredStudy study;
    std::vector<Point> points;
    Findings found;
    std::vector<Opening> openings;  // those of `found`, and the lines of the other constants
    std::vector<Panel> panels;
};

// The whole page. Throws UserError in a build without plotly.js.
std::string report_page(ReportContent const& content);

// What the page's script reads, as JSON (host/page/draw.js says how). Numbers of the analysis are
// as in `analyse --json` but for their six digits; of long trajectories only some steps are kept.
std::string report_data(ReportContent const& content);
std::string networks_data(ReportContent const& content);  // the part of it that is for each network
std::string opening_data(StoredStudy const& study, Opening const& opening);
std::string regimes_data(StoredStudy const& study, NetworkRegimes const& network);
std::string c_crit_data(StoredStudy const& study, CriticalC const& one);
// "[\"relu\", \"0.1\"]": the settings of the swept keys.
std::string settings_data(StoredStudy const& study, std::vector<double> const& swept);

// Why there is nothing to show, as a sentence; empty where there is.
std::string why_no_regimes(ReportContent const& content);
std::string why_no_c_crit(ReportContent const& content);

// The steps whose values the page holds: all of them, or the first half of what is affordable and
// then ever sparser ones, the last included; of those the nearest at which λ was measured.
// measured: one for each step; empty: all
std::vector<int> kept_steps(int steps, std::size_t networks,
                            std::vector<bool> const& measured = {});

// The main results as sentences.
std::vector<std::string> summary_of(ReportContent const& content);

struct Figure {
    std::string name;  // of the file
    std::string svg;
};
// All of them (host/report_figures.hpp).
std::vector<Figure> report_figures(ReportContent const& content);

}  // namespace sg
