// SPDX-License-Identifier: MIT
#include "host/tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "host/csv.hpp"
#include "host/text_table.hpp"

namespace sg {

namespace {

std::string number(double c) { return fmt::format("{:.3g}", c); }
std::string range(double low, double high) {
    return fmt::format("[{}, {}]", std::isnan(low) ? "" : number(low),
                       std::isnan(high) ? "" : number(high));
}

std::string cell(SeedSummary const& summary) {
    if (summary.seeds == 0) return "-";
    if (std::isnan(summary.median)) return "?";
    return fmt::format("{}{} {}", summary.bound, number(summary.median),
                       range(summary.low, summary.high));
}

std::string cell(Bracket const& bracket) {
    std::string const flag = bracket.rests_on_collapsed ? "!" : "";
    switch (bracket.status) {
        case BracketStatus::found:
            return range(bracket.low, bracket.high) + flag;
        case BracketStatus::not_monotone:
            return "~" + range(bracket.low, bracket.high) + flag;
        case BracketStatus::below_range:
            return "<" + number(bracket.high) + flag;
        case BracketStatus::above_range:
            return ">" + number(bracket.low) + flag;
        case BracketStatus::none_below_c_max:
            return std::isnan(bracket.low) ? "none" : "none >" + number(bracket.low) + flag;
        case BracketStatus::not_measured:
            return "-";
    }
    return "";
}

struct Total {
    int networks = 0, collapsed = 0, diverged = 0;
};

Total total_of(std::vector<Point> const& points) {
    Total total;
    for (Point const& point : points) {
        total.networks += point.networks;
        total.collapsed += point.collapsed;
        total.diverged += point.diverged;
    }
    return total;
}

void print_shapes(std::ostream& out, StoredStudy const& study, std::vector<Shape> const& shapes) {
    std::vector<Line> lines{heading(study, {"seeds"})};
    for (auto const name : constant_names) lines.front().emplace_back(name);
    for (Shape const& shape : shapes) {
        lines.push_back(naming(study, shape));
        int seeds = 0;
        for (SeedSummary const& summary : shape.constants) seeds = std::max(seeds, summary.seeds);
        lines.back().push_back(std::to_string(seeds));
        for (SeedSummary const& summary : shape.constants) lines.back().push_back(cell(summary));
    }
    print_table(out, lines);
}

void print_points(std::ostream& out, StoredStudy const& study, std::vector<Point> const& points) {
    std::vector<Line> lines{heading(study, {"seed", "sharpness_0"})};
    for (auto const name : constant_names) lines.front().emplace_back(name);
    for (char const* name : {"networks", "collapsed", "diverged"}) lines.front().emplace_back(name);
    for (Point const& point : points) {
        lines.push_back(naming(study, point));
        Line& line = lines.back();
        line.push_back(std::to_string(point.seed));
        line.push_back(fmt::format("{:.4g}", point.sharpness_0));
        for (Bracket const& bracket : point.constants) line.push_back(cell(bracket));
        for (int const count : {point.networks, point.collapsed, point.diverged})
            line.push_back(std::to_string(count));
    }
    print_table(out, lines);
}

}  // namespace

std::string swept_text(SweptKey const& key, double value) {
    if (key.words.empty()) return fmt::format("{}", value);
    return key.words.at(static_cast<std::size_t>(value));
}

void print_constants(std::ostream& out, StoredStudy const& study, std::vector<Point> const& points,
                     std::vector<Shape> const& shapes) {
    Total const total = total_of(points);
    out << fmt::format("{}: {}, {} networks ({} diverged, {} collapsed) at {} points\n",
                       study.title, study_state_names[static_cast<std::size_t>(study.state)],
                       total.networks, total.diverged, total.collapsed, points.size());
    if (study.audit.measurements > 0)
        out << fmt::format("sharpness audit: {} of {} measurements missed, worst {:.1e}\n",
                           study.audit.misses, study.audit.measurements, study.audit.worst);
    out << "\nmedian over the seeds [smallest, largest side of a bracket], in c = learning rate x "
           "sharpness_0\n\n";
    print_shapes(out, study, shapes);
    out << "\neach seed: [last c without, first c with]\n\n";
    print_points(out, study, points);
    out << "\n< below, > above the value; none: no network below c_max; ~ not monotone, the first "
           "crossing;\n! a side rests on a collapsed network; ? the seeds bound it from neither "
           "side; - not measured\n";
}

void write_csv(std::ostream& out, StoredStudy const& study, std::vector<Point> const& points) {
    out << "model,depth,width,seed";
    for (SweptKey const& key : study.swept) out << ',' << csv_field(key.name);
    out << ",sharpness_0,networks,collapsed,diverged,constant,low,high,status,rests_on_collapsed\n";
    for (Point const& point : points) {
        std::string start =
            fmt::format("{},{},{},{}", csv_field(study.model), point.depth, point.width, point.seed);
        for (std::size_t k = 0; k < study.swept.size(); ++k)
            start += "," + csv_field(swept_text(study.swept[k], point.swept[k]));
        start += fmt::format(",{},{},{},{}", csv_number(point.sharpness_0), point.networks,
                             point.collapsed, point.diverged);
        for (std::size_t k = 0; k < constant_names.size(); ++k) {
            Bracket const& bracket = point.constants[k];
            out << fmt::format("{},{},{},{},{},{}\n", start, constant_names[k],
                               csv_number(bracket.low), csv_number(bracket.high),
                               bracket_status_names[static_cast<std::size_t>(bracket.status)],
                               static_cast<int>(bracket.rests_on_collapsed));
        }
    }
}

}  // namespace sg
