// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "host/csv.hpp"
#include "host/findings.hpp"
#include "host/text_table.hpp"

namespace sg {

namespace {

constexpr std::size_t most_networks = 60;  // lines of a table that somebody reads

std::string number(double value) { return std::isnan(value) ? "" : fmt::format("{:.3g}", value); }

std::string text_of(Quantile const& quantile) {
    if (std::isnan(quantile.value)) return "?";
    if (!std::isnan(quantile.other)) return number(quantile.value) + "-" + number(quantile.other);
    return quantile.bound + number(quantile.value);
}

std::string interval(double low, double high) {
    auto const side = [](double x) { return std::isfinite(x) ? fmt::format("{:.3g}", x) : ""; };
    return fmt::format("[{}, {}]", side(low), side(high));
}

bool has_quartiles(Shape const& shape) {
    return std::any_of(shape.constants.begin(), shape.constants.end(),
                       [](SeedSummary const& summary) { return summary.seeds >= 3; });
}

void print_statistics(std::ostream& out, StoredStudy const& study,
                      std::vector<Shape> const& shapes) {
    std::vector<Line> lines{heading(study, {"constant", "seeds", "found", "~", "quartile", "median",
                                            "quartile", "interval", "mean"})};
    for (Shape const& shape : shapes)
        for (std::size_t k = 0; k < constant_names.size(); ++k) {
            SeedSummary const& summary = shape.constants[k];
            if (summary.seeds < 3) continue;
            lines.push_back(naming(study, shape));
            Line const more{std::string(constant_names[k]),
                            std::to_string(summary.seeds),
                            std::to_string(summary.found),
                            std::to_string(summary.count(BracketStatus::not_monotone)),
                            text_of(summary.lower_quartile),
                            text_of({summary.median, summary.bound, summary.median_other}),
                            text_of(summary.upper_quartile),
                            interval(summary.interval_low, summary.interval_high),
                            number(summary.mean)};
            lines.back().insert(lines.back().end(), more.begin(), more.end());
        }
    out << "\nover the seeds, in c: quartiles, median with its 95 % bootstrap interval (range of "
           "the "
           "seeds where\nthey are fewer than 5), mean of log c; ~ seeds whose criterion is not "
           "monotone in c; the mean only\nwhere no seed is censored\n\n";
    print_table(out, lines);
}

void print_opening(std::ostream& out, StoredStudy const& study, Opening const& opening) {
    MedianLine const& line = opening.line;
    out << "\nopening of the sharpness-reduction phase";
    for (std::size_t k = 0; k < study.swept.size(); ++k)
        out << (k ? ", " : " at ") << study.swept[k].name << ' '
            << swept_text(study.swept[k], opening.swept[k]);
    if (std::isnan(line.slope)) {
        out << fmt::format(": no line, {} of the medians of c_loss are no bounds\n", line.used);
    } else {
        out << fmt::format(
            ": log2(c_loss/2) = {:.3f} + {:.2f} d/w\n  over {} shapes; rank "
            "correlation {}; ",
            line.intercept, line.slope, line.used, correlation_text(line.rank_correlation));
        if (std::isnan(line.slope_interval.lower))
            out << "no intervals from fewer than 5 seeds\n";
        else
            out << fmt::format(
                "95 % over the seeds: intercept {}, slope {}\n",
                interval(line.intercept_interval.lower, line.intercept_interval.upper),
                interval(line.slope_interval.lower, line.slope_interval.upper));
    }
    for (Opening::LeftOut const& shape : opening.left_out)
        out << fmt::format(
            "  left out: depth {}, width {}, median {}{}\n", shape.depth, shape.width,
            text_of(shape.median),
            std::isnan(shape.on_line) ? "" : ", the line gives " + number(shape.on_line));
}

// "9-251: 0.70 to 0.78, +0.02"
std::string span_text(NetworkRegimes const& network, Regime regime) {
    for (RegimeSpan const& span : network.spans)
        if (span.regime == regime)
            return fmt::format("{}-{}: {:.2f} to {:.2f}{}", span.first, span.last, span.at_first,
                               span.at_last,
                               std::isnan(span.slope) ? "" : fmt::format(", {:+.2f}", span.slope));
    return "-";
}

void print_regimes(std::ostream& out, StoredStudy const& study, Findings const& found) {
    Line names{"seed", "c", "edge"};
    for (auto const name : regime_names) names.emplace_back(name);
    names.emplace_back("last fifth");
    std::vector<Line> lines{heading(study, names)};
    for (NetworkRegimes const& network : found.regimes) {
        if (lines.size() > most_networks) break;
        lines.push_back(naming(study, network));
        Line& line = lines.back();
        line.push_back(std::to_string(network.seed));
        line.push_back(number(network.c));
        line.push_back(number(network.edge));
        for (std::size_t k = 0; k < regime_names.size(); ++k)
            line.push_back(span_text(network, static_cast<Regime>(k)));
        line.push_back(fmt::format("{} {}", number(network.late_median),
                                   interval(network.late_low, network.late_high)));
    }
    out << "\nregimes of long runs: steps, learning rate x sharpness at both ends, slope of ln "
           "sharpness per decade of steps;\nedge: 2(1 + momentum); last fifth of the steps: median "
           "[least, largest] as measured\n\n";
    print_table(out, lines);
    if (found.regimes.size() > most_networks)
        out << fmt::format("  ... and {} more networks: --json has all\n",
                           found.regimes.size() - most_networks);
}

void print_c_crit(std::ostream& out, StoredStudy const& study, Findings const& found) {
    std::vector<Line> lines{
        heading(study, {"seeds", "c used", "c left out", "c_crit", "interval", "status"})};
    for (CriticalC const& one : found.c_crit) {
        lines.push_back(naming(study, one));
        Line const more{std::to_string(one.seeds),
                        std::to_string(one.c.size()),
                        std::to_string(one.left_out),
                        std::isnan(one.c_crit) ? "-" : number(one.c_crit),
                        std::isnan(one.low) ? "-" : interval(one.low, one.high),
                        std::string(crit_status_names[static_cast<std::size_t>(one.status)])};
        lines.back().insert(lines.back().end(), more.begin(), more.end());
    }
    out << fmt::format(
        "\nc_crit: least second derivative of y(c), the mean over the seeds of sharpness at step "
        "{}/c "
        "over sharpness_0;\n95 % bootstrap interval (range of the seeds where they are fewer than "
        "5)"
        "\n\n",
        found.c_crit_s);
    print_table(out, lines);
}

}  // namespace

void print_findings(std::ostream& out, StoredStudy const& study, Findings const& found) {
    if (std::any_of(found.shapes.begin(), found.shapes.end(), has_quartiles))
        print_statistics(out, study, found.shapes);
    for (Opening const& opening : found.openings) print_opening(out, study, opening);
    if (!found.regimes.empty()) print_regimes(out, study, found);
    if (!found.c_crit.empty()) print_c_crit(out, study, found);
}

void write_shapes_csv(std::ostream& out, StoredStudy const& study,
                      std::vector<Shape> const& shapes) {
    out << "model,depth,width";
    for (SweptKey const& key : study.swept) out << ',' << csv_field(key.name);
    out << ",constant,seeds,found,not_monotone,median,median_bound,lower_quartile,"
           "lower_quartile_bound,upper_quartile,upper_quartile_bound,interval_low,interval_high,"
           "bootstrapped,mean\n";
    for (Shape const& shape : shapes) {
        std::string start =
            fmt::format("{},{},{}", csv_field(study.model), shape.depth, shape.width);
        for (std::size_t k = 0; k < study.swept.size(); ++k)
            start += "," + csv_field(swept_text(study.swept[k], shape.swept[k]));
        for (std::size_t k = 0; k < constant_names.size(); ++k) {
            SeedSummary const& summary = shape.constants[k];
            out << fmt::format("{},{},{},{},{}", start, constant_names[k], summary.seeds,
                               summary.found, summary.count(BracketStatus::not_monotone));
            for (Quantile const& quantile : {Quantile{summary.median, summary.bound},
                                             summary.lower_quartile, summary.upper_quartile})
                out << fmt::format(",{},{}", csv_number(quantile.value), quantile.bound);
            out << fmt::format(",{},{},{},{}\n", csv_number(summary.interval_low),
                               csv_number(summary.interval_high),
                               static_cast<int>(summary.bootstrapped), csv_number(summary.mean));
        }
    }
}

}  // namespace sg
