// SPDX-License-Identifier: MIT
// What `analyse` finds beyond the constants, as the page's script reads it.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "cuda/exec/error.hpp"
#include "host/json.hpp"
#include "host/report.hpp"

namespace sg {

namespace {

using Items = std::vector<std::string>;

std::string sides(Bounded const& interval) {
    return json_shorts(std::array{interval.lower, interval.upper});
}

double ratio(int depth, int width) { return static_cast<double>(depth) / width; }

// [x, line, low, high] from 0, where the line has its intercept, to the last shape.
std::string band_of(Opening const& opening) {
    constexpr int places = 40;
    double most = 0;
    for (auto const& shape : opening.fitted) most = std::max(most, ratio(shape.depth, shape.width));
    for (auto const& shape : opening.left_out)
        most = std::max(most, ratio(shape.depth, shape.width));
    SG_EXPECT(most > 0);
    Items band;
    for (int k = 0; k <= places && std::isfinite(opening.line.slope); ++k) {
        double const x = most * k / places;
        Bounded const interval = opening.line.interval_at(x);
        band.push_back(
            json_shorts(std::array{x, opening.line.at(x), interval.lower, interval.upper}));
    }
    return json_list(band);
}

}  // namespace

std::string opening_data(StoredStudy const& study, Opening const& opening) {
    MedianLine const& line = opening.line;
    Items fitted, left_out;
    for (Opening::Fitted const& shape : opening.fitted)
        fitted.push_back(fmt::format("[{},{},{}]", shape.depth, shape.width, json_short(shape.y)));
    for (Opening::LeftOut const& shape : opening.left_out)
        left_out.push_back(fmt::format("[{},{},{},\"{}\",{},{}]", shape.depth, shape.width,
                                       json_short(shape.median.value), shape.median.bound,
                                       json_short(shape.median.other), json_short(shape.on_line)));
    return json_object({json_member("constant", std::to_string(static_cast<int>(opening.constant))),
                        json_member("swept", settings_data(study, opening.swept)),
                        json_member("slope", json_short(line.slope)),
                        json_member("slope_interval", sides(line.slope_interval)),
                        json_member("intercept", json_short(line.intercept)),
                        json_member("intercept_interval", sides(line.intercept_interval)),
                        json_member("rank_correlation", json_short(line.rank_correlation)),
                        json_member("fitted", json_list(fitted)),
                        json_member("left_out", json_list(left_out)),
                        json_member("band", band_of(opening))});
}

std::string regimes_data(StoredStudy const& study, NetworkRegimes const& network) {
    SG_EXPECT(network.row < study.rows.size());
    Items spans;
    for (RegimeSpan const& span : network.spans)
        spans.push_back(fmt::format("[{},{},{},{},{},{},{}]", static_cast<int>(span.regime),
                                    span.first, span.last, json_short(span.at_first),
                                    json_short(span.at_last), json_short(span.slope),
                                    json_short(span.from_edge)));
    return json_object(
        {json_member("row", std::to_string(network.row)),
         json_member("edge", json_short(network.edge)),
         json_member("late", json_shorts(std::array{network.late_low, network.late_median,
                                                    network.late_high})),
         json_member("spans", json_list(spans))});
}

std::string c_crit_data(StoredStudy const& study, CriticalC const& one) {
    return json_object({json_member("depth", std::to_string(one.depth)),
                        json_member("width", std::to_string(one.width)),
                        json_member("swept", settings_data(study, one.swept)),
                        json_member("seeds", std::to_string(one.seeds)),
                        json_member("left_out", std::to_string(one.left_out)),
                        json_member("c_crit", json_short(one.c_crit)),
                        json_member("status", std::to_string(static_cast<int>(one.status))),
                        json_member("interval", json_shorts(std::array{one.low, one.high})),
                        json_member("bootstrapped", one.bootstrapped ? "true" : "false"),
                        json_member("c", json_shorts(one.c)), json_member("y", json_shorts(one.y)),
                        json_member("bends", json_shorts(one.bends))});
}

std::string why_no_regimes(ReportContent const& content) {
    if (!content.found.regimes.empty()) return "";
    if (content.study.steps < fewest_steps)
        return fmt::format(
            "There are no regimes to show: they are looked for in runs of at least {} steps, and "
            "this "
            "study has {}.",
            fewest_steps, content.study.steps);
    return fmt::format(
        "There are no regimes to show: no network that finished with at least {} measured values "
        "of λ "
        "went through one.",
        fewest_measured);
}

std::string why_no_c_crit(ReportContent const& content) {
    auto const& shapes = content.found.c_crit;
    auto const enough = [](CriticalC const& one) { return one.status != CritStatus::too_few_c; };
    if (std::any_of(shapes.begin(), shapes.end(), enough)) return "";
    std::size_t most = 0;
    for (CriticalC const& one : shapes) most = std::max(most, one.c.size());
    return fmt::format(
        "There is no c_crit to show: it needs λ at step {0:g}/c, in every seed of a shape, at {1} "
        "values of "
        "c or more, three of which lie {2:g} from either end. At most {3} have it here; runs of "
        "{4} steps "
        "reach it from c = {5:.3g} on.",
        content.found.c_crit_s, 2 * crit_reach + 3, crit_half_width, most, content.study.steps,
        content.found.c_crit_s / std::max(1, content.study.steps));
}

}  // namespace sg
