// SPDX-License-Identifier: MIT
#include "host/tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "host/json.hpp"

namespace sg {

namespace {

using Line = std::vector<std::string>;

std::size_t letters(std::string const& text) {
    // Bytes that continue a UTF-8 letter take no place of their own.
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char byte) { return (byte & 0xc0) != 0x80; }));
}

// Columns to the right, two blanks apart, the first line underlined.
void print_table(std::ostream& out, std::vector<Line> const& lines) {
    std::vector<std::size_t> widths(lines.front().size());
    for (Line const& line : lines)
        for (std::size_t k = 0; k < line.size(); ++k)
            widths[k] = std::max(widths[k], letters(line[k]));
    std::size_t total = 0;
    for (std::size_t const width : widths) total += width + 2;
    for (std::size_t n = 0; n < lines.size(); ++n) {
        for (std::size_t k = 0; k < widths.size(); ++k)
            out << std::string(2 + widths[k] - letters(lines[n][k]), ' ') << lines[n][k];
        out << '\n';
        if (n == 0) out << "  " << std::string(total - 2, '-') << '\n';
    }
}

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

// The columns that name a shape, of the heading or of a line.
Line heading(StoredStudy const& study, std::vector<std::string> const& more) {
    Line line{"depth", "width"};
    for (SweptKey const& key : study.swept) line.push_back(key.name);
    line.insert(line.end(), more.begin(), more.end());
    return line;
}

template <class Named>
Line naming(StoredStudy const& study, Named const& shape) {
    Line line{std::to_string(shape.depth), std::to_string(shape.width)};
    for (std::size_t k = 0; k < study.swept.size(); ++k)
        line.push_back(swept_text(study.swept[k], shape.swept[k]));
    return line;
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

// A field of CSV: quoted where it must be.
std::string field(std::string const& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    std::string quoted = "\"";
    for (char const letter : text) quoted += letter == '"' ? "\"\"" : std::string(1, letter);
    return quoted + "\"";
}

std::string csv_number(double value) { return std::isnan(value) ? "" : fmt::format("{}", value); }

std::string json_constants(Point const& point) {
    std::string text;
    for (std::size_t k = 0; k < constant_names.size(); ++k) {
        Bracket const& bracket = point.constants[k];
        auto const status = bracket_status_names[static_cast<std::size_t>(bracket.status)];
        text += fmt::format(
            R"({}"{}": {{"low": {}, "high": {}, "status": "{}", "rests_on_collapsed": {}}})",
            k == 0 ? "" : ", ", constant_names[k], json_number(bracket.low),
            json_number(bracket.high), status, bracket.rests_on_collapsed);
    }
    return text;
}

std::string json_point(StoredStudy const& study, Point const& point) {
    std::string text = fmt::format(R"({{"model": {}, "depth": {}, "width": {}, "seed": {}, )",
                                   json_text(study.model), point.depth, point.width, point.seed);
    text += fmt::format(R"("sharpness_0": {}, )", json_number(point.sharpness_0));
    for (std::size_t k = 0; k < study.swept.size(); ++k) {
        SweptKey const& key = study.swept[k];
        std::string const value = swept_text(key, point.swept[k]);
        text += json_text(key.name) + ": " + (key.words.empty() ? value : json_text(value)) + ", ";
    }
    text += fmt::format(R"("networks": {}, "collapsed": {}, "diverged": {}, )", point.networks,
                        point.collapsed, point.diverged);
    return text + "\"constants\": {" + json_constants(point) + "}}";
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
    for (SweptKey const& key : study.swept) out << ',' << field(key.name);
    out << ",sharpness_0,networks,collapsed,diverged,constant,low,high,status,rests_on_collapsed\n";
    for (Point const& point : points) {
        std::string start =
            fmt::format("{},{},{},{}", field(study.model), point.depth, point.width, point.seed);
        for (std::size_t k = 0; k < study.swept.size(); ++k)
            start += "," + field(swept_text(study.swept[k], point.swept[k]));
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

void write_json(std::ostream& out, StoredStudy const& study, std::vector<Point> const& points) {
    out << fmt::format("{{\"study\": {}, \"state\": \"{}\", \"networks\": {},\n",
                       json_text(study.title),
                       study_state_names[static_cast<std::size_t>(study.state)], study.rows.size());
    out << fmt::format(" \"audit\": {{\"measurements\": {}, \"misses\": {}, \"worst\": {}}},\n",
                       study.audit.measurements, study.audit.misses,
                       json_number(study.audit.worst));
    out << " \"points\": [";
    for (std::size_t k = 0; k < points.size(); ++k)
        out << (k == 0 ? "\n  " : ",\n  ") << json_point(study, points[k]);
    out << "\n ]}\n";
}

}  // namespace sg
