// SPDX-License-Identifier: MIT
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "cuda/exec/error.hpp"
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

std::string summary(SeedSummary const& s) {
    auto const quantile = [](Quantile const& q) {
        return fmt::format("[{},\"{}\",{}]", json_short(q.value), q.bound, json_short(q.other));
    };
    Items statuses;
    for (int const count : s.statuses) statuses.push_back(std::to_string(count));
    return json_object(
        {json_member("median", quantile({s.median, s.bound, s.median_other})),
         json_member("lower", quantile(s.lower_quartile)),
         json_member("upper", quantile(s.upper_quartile)),
         json_member("interval", json_shorts(std::array{s.interval_low, s.interval_high})),
         json_member("mean", json_short(s.mean)), json_member("low", json_short(s.low)),
         json_member("high", json_short(s.high)), json_member("statuses", json_list(statuses)),
         json_member("on_collapsed", std::to_string(s.on_collapsed)),
         json_member("bootstrapped", s.bootstrapped ? "true" : "false"),
         json_member("seeds", std::to_string(s.seeds))});
}

std::string shape(StoredStudy const& study, Shape const& s) {
    Items constants;
    for (SeedSummary const& constant : s.constants) constants.push_back(summary(constant));
    return json_object({json_member("depth", std::to_string(s.depth)),
                        json_member("width", std::to_string(s.width)),
                        json_member("swept", settings_data(study, s.swept)),
                        json_member("constants", json_list(constants))});
}

// One seed of a shape: [depth, width, seed, settings, λ₀, [networks, collapsed, diverged], [[low,
// high, status, rests on a collapsed network] of each constant]].
std::string point(StoredStudy const& study, Point const& p) {
    Items brackets;
    for (Bracket const& one : p.constants)
        brackets.push_back(fmt::format("[{},{},{},{:d}]", json_short(one.low), json_short(one.high),
                                       static_cast<int>(one.status), one.rests_on_collapsed));
    return fmt::format("[{},{},\"{}\",{},{},[{},{},{}],{}]", p.depth, p.width, p.seed,
                       settings_data(study, p.swept), json_short(p.sharpness_0), p.networks,
                       p.collapsed, p.diverged, json_list(brackets));
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
    return json_object(
        {json_member("title", json_text(p.title)), json_member("depth", std::to_string(p.depth)),
         json_member("swept", settings_data(study, p.swept)),
         json_member("widths", json_list(widths)), json_member("tiles", json_list(tiles)),
         json_member("labels", json_list(labels))});
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

ReportContent::ReportContent(StoredStudy read, double c_crit_s)
    : study(std::move(read)),
      points(find_constants(study.rows, study.margins)),
      found(findings_of(study, points, c_crit_s)),
      openings(found.openings),
      panels(panels_of(study, found.shapes)) {
    for (Constant const constant : {Constant::c_sharp, Constant::c_barrier, Constant::c_max})
        for (Opening& line : find_openings(points, constant)) openings.push_back(std::move(line));
}

std::string settings_data(StoredStudy const& study, std::vector<double> const& swept) {
    SG_EXPECT(swept.size() == study.swept.size());
    Items items;
    for (std::size_t k = 0; k < swept.size(); ++k)
        items.push_back(json_text(swept_text(study.swept[k], swept[k])));
    return json_list(items);
}

std::string report_data(ReportContent const& f) {
    Axes const axes = f.panels.empty() ? Axes{} : axes_of(f.panels);
    Items keys;
    for (SweptKey const& key : f.study.swept) keys.push_back(json_text(key.name));
    return json_object(
        {json_member("steps", std::to_string(f.study.steps)),
         json_member("swept", json_list(keys)),
         json_member("constants", names(constant_names)),
         json_member("regions", names(region_names)),
         json_member("bracket_statuses", names(bracket_status_names)),
         json_member("regime_names", names(regime_names)),
         json_member("crit_statuses", names(crit_status_names)),
         json_member("statuses", names(run_status_names)),
         json_member("axes", json_shorts(std::array{axes.left, axes.right, axes.low, axes.high})),
         json_member("shapes", each_of(f.study, f.found.shapes, shape)),
         json_member("points", each_of(f.study, f.points, point)),
         json_member("panels", each_of(f.study, f.panels, panel)),
         json_member("openings", each_of(f.study, f.openings, opening_data)),
         json_member("regimes", each_of(f.study, f.found.regimes, regimes_data)),
         json_member("no_regimes", json_text(why_no_regimes(f))),
         json_member("c_crit", each_of(f.study, f.found.c_crit, c_crit_data)),
         json_member("c_crit_s", json_short(f.found.c_crit_s)),
         json_member("no_c_crit", json_text(why_no_c_crit(f))),
         json_member("networks", networks_data(f)),
         json_member("provenance", provenance(f.study)),
         json_member("yaml_given", json_text(f.study.yaml_given)),
         json_member("yaml_resolved", json_text(f.study.yaml_resolved))});
}

}  // namespace sg
