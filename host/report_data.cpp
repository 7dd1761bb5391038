// SPDX-License-Identifier: MIT
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>

#include "cuda/exec/error.hpp"
#include "host/fit.hpp"
#include "host/json.hpp"
#include "host/report.hpp"
#include "host/tables.hpp"

namespace sg {

namespace {

using Items = std::vector<std::string>;

template <class Names>
std::string names(Names const& list) {
    Items items;
    for (auto const& name : list) items.push_back(json_text(name));
    return json_list(items);
}

std::string member(std::string_view name, std::string const& json) {
    return fmt::format("\"{}\":{}", name, json);
}

std::string object(Items const& members) { return fmt::format("{{{}}}", fmt::join(members, ",")); }

std::string settings(StoredStudy const& study, std::vector<double> const& swept) {
    SG_EXPECT(swept.size() == study.swept.size());
    Items items;
    for (std::size_t k = 0; k < swept.size(); ++k)
        items.push_back(json_text(swept_text(study.swept[k], swept[k])));
    return json_list(items);
}

std::string summary(SeedSummary const& s) {
    auto const quantile = [](double value, char const* bound) {
        return fmt::format("[{},\"{}\"]", json_short(value), bound);
    };
    return object({member("median", quantile(s.median, s.bound)),
                   member("lower", quantile(s.lower_quartile.value, s.lower_quartile.bound)),
                   member("upper", quantile(s.upper_quartile.value, s.upper_quartile.bound)),
                   member("low", json_short(s.low)), member("high", json_short(s.high)),
                   member("found", std::to_string(s.found)),
                   member("seeds", std::to_string(s.seeds))});
}

std::string shape(StoredStudy const& study, Shape const& s) {
    Items constants;
    for (SeedSummary const& constant : s.constants) constants.push_back(summary(constant));
    return object(
        {member("depth", std::to_string(s.depth)), member("width", std::to_string(s.width)),
         member("swept", settings(study, s.swept)), member("constants", json_list(constants))});
}

// Rows of numbers, each a list with the index of its region last.
std::string panel(StoredStudy const& study, Panel const& p) {
    auto const row = [](auto const& t) {
        return fmt::format("[{},{},{},{},{}]", json_short(t.left), json_short(t.right),
                           json_short(t.low), json_short(t.high), static_cast<int>(t.region));
    };
    Items tiles, labels, widths;
    for (Tile const& tile : tiles_of(p)) tiles.push_back(row(tile));
    for (Label const& label : labels_of(p)) labels.push_back(row(label));
    for (auto const& [width, column] : p.columns) widths.push_back(std::to_string(width));
    return object({member("title", json_text(p.title)), member("depth", std::to_string(p.depth)),
                   member("swept", settings(study, p.swept)), member("widths", json_list(widths)),
                   member("tiles", json_list(tiles)), member("labels", json_list(labels))});
}

std::string fit(StoredStudy const& study, ConstantFit const& f) {
    constexpr int curve_points = 40;
    Items x, y;
    double least = HUGE_VAL, most = -HUGE_VAL;
    for (auto const& [at, value] : f.points) {
        x.push_back(json_short(at));
        y.push_back(json_short(value));
        least = std::min(least, at);
        most = std::max(most, at);
    }
    Items band;  // [x, line, half width of the interval]
    for (int k = 0; k <= curve_points && std::isfinite(f.line.slope); ++k) {
        double const at = least + (most - least) * k / curve_points;
        band.push_back(json_shorts(std::array{at, f.line.at(at), f.line.half_width(at)}));
    }
    return object(
        {member("swept", settings(study, f.swept)),
         member("constant", std::to_string(static_cast<int>(f.constant))),
         member("x", json_list(x)), member("y", json_list(y)),
         member("left_out", std::to_string(f.left_out)), member("slope", json_short(f.line.slope)),
         member("low", json_short(f.line.slope_low)), member("high", json_short(f.line.slope_high)),
         member("intercept", json_short(f.line.intercept)),
         member("r", json_short(f.line.correlation)), member("band", json_list(band))});
}

std::string end_of(StoredStudy const& study) {
    if (!(study.end_time > 0 && study.end_time < 4e9)) return "";
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                       fmt::gmtime(static_cast<std::time_t>(study.end_time)));
}

std::string provenance(StoredStudy const& s) {
    Items rows;
    auto const add = [&](char const* name, std::string const& text) {
        if (!text.empty()) rows.push_back(json_list({json_text(name), json_text(text)}));
    };
    add("Study", s.title);
    add("State", std::string(study_state_names[static_cast<std::size_t>(s.state)]));
    add("Digest (SHA-256)", s.digest);
    add("Model", s.model);
    add("Data", s.data_name);
    add("Data (SHA-256)", s.data_sha256);
    add("Loss", s.loss_normalisation);
    add("Measured on", s.measured_on);
    add("Device", s.device);
    add("Precision", s.precision);
    add("Program", s.source);
    add("Libraries", s.libraries);
    add("Shard", s.shard == "1/1" ? "" : s.shard);
    add("Start", s.start_time);
    add("End", end_of(s));
    add("History", s.history);
    add("Audit",
        s.audit.measurements == 0
            ? "no measurement of the sharpness was repeated"
            : fmt::format("{} of {} repeated measurements of the sharpness were missed, worst "
                          "{:.1e}",
                          s.audit.misses, s.audit.measurements, s.audit.worst));
    return json_list(rows);
}

template <class List, class Write>
std::string each_of(StoredStudy const& study, List const& list, Write write) {
    Items items;
    for (auto const& item : list) items.push_back(write(study, item));
    return json_list(items);
}

}  // namespace

ReportContent::ReportContent(StoredStudy read)
    : study(std::move(read)),
      points(find_constants(study.rows, study.margins)),
      shapes(summarise(points)),
      panels(panels_of(study, shapes)) {}

std::string report_data(ReportContent const& f) {
    Axes const axes = f.panels.empty() ? Axes{} : axes_of(f.panels);
    Items keys;
    for (SweptKey const& key : f.study.swept) keys.push_back(json_text(key.name));
    return object(
        {member("steps", std::to_string(f.study.steps)), member("swept", json_list(keys)),
         member("constants", names(constant_names)), member("regions", names(region_names)),
         member("statuses", names(run_status_names)),
         member("axes", json_shorts(std::array{axes.left, axes.right, axes.low, axes.high})),
         member("shapes", each_of(f.study, f.shapes, shape)),
         member("panels", each_of(f.study, f.panels, panel)),
         member("fits", each_of(f.study, fit_constants(f.shapes), fit)),
         member("networks", networks_data(f)), member("provenance", provenance(f.study)),
         member("yaml_given", json_text(f.study.yaml_given)),
         member("yaml_resolved", json_text(f.study.yaml_resolved))});
}

}  // namespace sg
