// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include "host/json.hpp"
#include "host/tables.hpp"

namespace sg {

namespace {

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

// "\"activation\": \"relu\", " for each swept key.
std::string json_swept(StoredStudy const& study, std::vector<double> const& swept) {
    std::string text;
    for (std::size_t k = 0; k < study.swept.size(); ++k) {
        SweptKey const& key = study.swept[k];
        std::string const value = swept_text(key, swept[k]);
        text += json_text(key.name) + ": " + (key.words.empty() ? value : json_text(value)) + ", ";
    }
    return text;
}

std::string json_point(StoredStudy const& study, Point const& point) {
    std::string text = fmt::format(R"({{"model": {}, "depth": {}, "width": {}, "seed": {}, )",
                                   json_text(study.model), point.depth, point.width, point.seed);
    text += fmt::format(R"("sharpness_0": {}, )", json_number(point.sharpness_0));
    text += json_swept(study, point.swept);
    text += fmt::format(R"("networks": {}, "collapsed": {}, "diverged": {}, )", point.networks,
                        point.collapsed, point.diverged);
    return text + "\"constants\": {" + json_constants(point) + "}}";
}

std::string json_interval(double low, double high) {
    return fmt::format(R"({{"low": {}, "high": {}}})", json_number(low), json_number(high));
}

std::string json_quantile(Quantile const& quantile) {
    return fmt::format(R"({{"value": {}, "bound": "{}", "other": {}}})",
                       json_number(quantile.value), quantile.bound, json_number(quantile.other));
}

std::string json_summary(SeedSummary const& summary) {
    return fmt::format(
        R"({{"seeds": {}, "found": {}, "not_monotone": {}, "median": {}, "lower_quartile": {}, )"
        R"("upper_quartile": {}, "interval": {}, "bootstrapped": {}, "mean": {}}})",
        summary.seeds, summary.found, summary.count(BracketStatus::not_monotone),
        json_quantile({summary.median, summary.bound, summary.median_other}),
        json_quantile(summary.lower_quartile), json_quantile(summary.upper_quartile),
        json_interval(summary.interval_low, summary.interval_high), summary.bootstrapped,
        json_number(summary.mean));
}

template <class Named>
std::string json_naming(StoredStudy const& study, Named const& shape) {
    return fmt::format(R"({{"model": {}, "depth": {}, "width": {}, {})", json_text(study.model),
                       shape.depth, shape.width, json_swept(study, shape.swept));
}

std::string json_shape(StoredStudy const& study, Shape const& shape) {
    std::string text = json_naming(study, shape) + "\"constants\": {";
    for (std::size_t k = 0; k < constant_names.size(); ++k)
        text += fmt::format(R"({}"{}": {})", k == 0 ? "" : ", ", constant_names[k],
                            json_summary(shape.constants[k]));
    return text + "}}";
}

std::string json_opening(StoredStudy const& study, Opening const& opening) {
    MedianLine const& line = opening.line;
    std::vector<std::string> left_out;
    for (Opening::LeftOut const& shape : opening.left_out)
        left_out.push_back(
            fmt::format(R"({{"depth": {}, "width": {}, "median": {}, "on_line": {}}})", shape.depth,
                        shape.width, json_quantile(shape.median), json_number(shape.on_line)));
    return fmt::format(
        R"({{{}"slope": {}, "slope_interval": {}, "intercept": {}, "intercept_interval": {}, )"
        R"("rank_correlation": {}, "shapes": {}, "left_out": {}}})",
        json_swept(study, opening.swept), json_number(line.slope),
        json_interval(line.slope_interval.lower, line.slope_interval.upper),
        json_number(line.intercept),
        json_interval(line.intercept_interval.lower, line.intercept_interval.upper),
        json_number(line.rank_correlation), line.used, json_list(left_out));
}

std::string json_regimes(StoredStudy const& study, NetworkRegimes const& network) {
    std::vector<std::string> spans;
    for (RegimeSpan const& span : network.spans)
        spans.push_back(fmt::format(
            R"({{"regime": "{}", "first": {}, "last": {}, "at_first": {}, "at_last": {}, )"
            R"("slope": {}, "from_edge": {}}})",
            regime_names[static_cast<std::size_t>(span.regime)], span.first, span.last,
            json_number(span.at_first), json_number(span.at_last), json_number(span.slope),
            json_number(span.from_edge)));
    return json_naming(study, network) +
           fmt::format(R"("seed": {}, "c": {}, "edge": {}, "steps": {}, "measured": {}, )"
                       R"("late": {{"low": {}, "median": {}, "high": {}}}, "spans": {}}})",
                       network.seed, json_number(network.c), json_number(network.edge),
                       network.steps, network.measured, json_number(network.late_low),
                       json_number(network.late_median), json_number(network.late_high),
                       json_list(spans));
}

std::string json_c_crit(StoredStudy const& study, CriticalC const& one) {
    std::vector<std::string> c, y;
    for (double const value : one.c) c.push_back(json_number(value));
    for (double const value : one.y) y.push_back(json_number(value));
    return json_naming(study, one) +
           fmt::format(R"("seeds": {}, "c_crit": {}, "status": "{}", "interval": {}, )"
                       R"("bootstrapped": {}, "left_out": {}, "c": {}, "y": {}}})",
                       one.seeds, json_number(one.c_crit),
                       crit_status_names[static_cast<std::size_t>(one.status)],
                       json_interval(one.low, one.high), one.bootstrapped, one.left_out,
                       json_list(c), json_list(y));
}

// One item on each line.
template <class T>
void write_list(std::ostream& out, char const* name, StoredStudy const& study,
                std::vector<T> const& items, std::string (*text_of)(StoredStudy const&, T const&)) {
    out << " \"" << name << "\": [";
    for (std::size_t k = 0; k < items.size(); ++k)
        out << (k == 0 ? "\n  " : ",\n  ") << text_of(study, items[k]);
    out << "\n ]";
}

}  // namespace

void write_json(std::ostream& out, StoredStudy const& study, std::vector<Point> const& points,
                Findings const& found) {
    out << fmt::format("{{\"study\": {}, \"state\": \"{}\", \"networks\": {},\n",
                       json_text(study.title),
                       study_state_names[static_cast<std::size_t>(study.state)], study.rows.size());
    out << fmt::format(" \"audit\": {{\"measurements\": {}, \"misses\": {}, \"worst\": {}}},\n",
                       study.audit.measurements, study.audit.misses,
                       json_number(study.audit.worst));
    write_list(out, "points", study, points, json_point);
    out << ",\n";
    write_list(out, "shapes", study, found.shapes, json_shape);
    out << ",\n";
    write_list(out, "openings", study, found.openings, json_opening);
    out << ",\n";
    write_list(out, "regimes", study, found.regimes, json_regimes);
    out << fmt::format(",\n \"c_crit_s\": {},\n", json_number(found.c_crit_s));
    write_list(out, "c_crit", study, found.c_crit, json_c_crit);
    out << "}\n";
}

}  // namespace sg
