// SPDX-License-Identifier: MIT
// The report: one self-contained HTML page with the data in it, and the figures for a paper as SVG.
#pragma once

#include <string>
#include <vector>

#include "host/analysis.hpp"
#include "host/panels.hpp"
#include "host/store.hpp"

namespace sg {

// What a report is made of, computed once from the rows of a file.
struct ReportContent {
    explicit ReportContent(StoredStudy study);

    StoredStudy study;
    std::vector<Point> points;
    std::vector<Shape> shapes;
    std::vector<Panel> panels;
};

// The whole page. Throws UserError in a build without plotly.js.
std::string report_page(ReportContent const& content);

// What the page's script reads, as JSON (host/page/draw.js says how). Numbers of the analysis are
// as in `analyse --json` but for their six digits; of long trajectories only some steps are kept.
std::string report_data(ReportContent const& content);
std::string networks_data(ReportContent const& content);  // the part of it that is for each network

// The steps whose values the page holds: all of them, or the first half of what is affordable and
// then ever sparser ones, the last included.
std::vector<int> kept_steps(int steps, std::size_t networks);

// The main results as sentences.
std::vector<std::string> summary_of(ReportContent const& content);

struct Figure {
    std::string name;  // of the file
    std::string svg;
};
// The phase diagram, the constants against d/w, and the trajectories of each shape's first seed.
std::vector<Figure> report_figures(ReportContent const& content);
std::string constants_svg(ReportContent const& content);
// Of the networks of one shape and seed.
std::string trajectories_svg(ReportContent const& content, Point const& point);

}  // namespace sg
