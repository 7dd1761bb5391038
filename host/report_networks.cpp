// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "cuda/exec/error.hpp"
#include "host/json.hpp"
#include "host/report.hpp"
#include "host/tables.hpp"

namespace sg {

namespace {

constexpr std::uint8_t no_region = 255;  // did not run to its end, or nothing says whether λ rose

std::string member(std::string_view name, std::string const& json) {
    return fmt::format(",\"{}\":{}", name, json);
}

template <class Get>
std::string floats(std::vector<Trajectory> const& rows, Get get) {
    std::vector<double> values;
    values.reserve(rows.size());
    for (Trajectory const& row : rows) values.push_back(get(row));
    return json_float32(values);
}

template <class Get>
std::string integers(std::vector<Trajectory> const& rows, Get get) {
    std::vector<std::int32_t> values;
    values.reserve(rows.size());
    for (Trajectory const& row : rows) values.push_back(get(row));
    return json_int32(values);
}

// Texts that recur, and for each network which one it has.
template <class Get>
std::string codes(std::vector<Trajectory> const& rows, Get get) {
    std::map<std::string, std::int32_t> places;
    std::vector<std::string> texts;
    std::vector<std::int32_t> values;
    for (Trajectory const& row : rows) {
        auto const [place, is_new] = places.try_emplace(get(row), static_cast<int>(texts.size()));
        if (is_new) texts.push_back(json_text(place->first));
        values.push_back(place->second);
    }
    return fmt::format("{{\"texts\":{},\"codes\":{}}}", json_list(texts), json_int32(values));
}

std::string regions(ReportContent const& content) {
    std::vector<std::uint8_t> values;
    for (Trajectory const& row : content.study.rows) {
        auto const region = region_in(content.panels, row);
        values.push_back(region ? static_cast<std::uint8_t>(*region) : no_region);
    }
    return json_uint8(values);
}

// max over t ≥ 1 of values_t / first; NaN where there is none.
double rise(std::vector<double> const& values, double first) {
    double most = missing;
    for (std::size_t t = 1; t < values.size(); ++t) most = std::fmax(most, values[t] / first);
    return most;
}

double first_sharpness(Trajectory const& row) {
    bool const measured = !row.sharpness.empty() && !std::isnan(row.sharpness.front());
    return measured ? row.sharpness.front() : row.sharpness_0;
}

double last_known(std::vector<double> const& values) {
    auto const found =
        std::find_if_not(values.rbegin(), values.rend(), [](double x) { return std::isnan(x); });
    return found == values.rend() ? missing : *found;
}

std::string history(std::vector<Trajectory> const& rows, std::vector<int> const& steps,
                    std::vector<double> Trajectory::*values) {
    SG_EXPECT(!steps.empty());
    std::vector<double> kept;
    kept.reserve(rows.size() * steps.size());
    for (Trajectory const& row : rows)
        for (int const step : steps) {
            auto const t = static_cast<std::size_t>(step);
            kept.push_back(t < (row.*values).size() ? (row.*values)[t] : missing);
        }
    return json_float32(kept);
}

// The steps at which λ of some network is known.
std::vector<bool> measured_steps(StoredStudy const& study) {
    std::vector<bool> measured(static_cast<std::size_t>(study.steps) + 1);
    for (Trajectory const& row : study.rows)
        for (std::size_t t = 0; t < std::min(row.sharpness.size(), measured.size()); ++t)
            if (!std::isnan(row.sharpness[t])) measured[t] = true;
    return measured;
}

}  // namespace

std::vector<int> kept_steps(int steps, std::size_t networks, std::vector<bool> const& measured) {
    constexpr std::size_t affordable = 1'500'000;  // values of each array: 8 MB of page
    SG_EXPECT(steps >= 0);
    std::size_t const most =
        std::max<std::size_t>(16, affordable / std::max<std::size_t>(1, networks));
    std::vector<int> kept;
    if (static_cast<std::size_t>(steps) < most) {
        for (int t = 0; t <= steps; ++t) kept.push_back(t);
        return kept;
    }
    auto const known = [&](int t) {
        return measured.empty() || measured[static_cast<std::size_t>(t)];
    };
    int const dense = static_cast<int>(most / 2), sparse = static_cast<int>(most) - dense;
    for (int t = 0; t < dense; ++t) kept.push_back(t);
    for (int k = 1; k < sparse; ++k) {
        double const share = static_cast<double>(k) / sparse;
        int t = static_cast<int>(
            std::lround((dense - 1) * std::pow(static_cast<double>(steps) / (dense - 1), share)));
        int before = t;
        while (t < steps && !known(t)) ++t;
        while (before > kept.back() && !known(before)) --before;
        if (before > kept.back()) t = before;
        if (t > kept.back() && t < steps) kept.push_back(t);
    }
    kept.push_back(steps);
    return kept;
}

std::string networks_data(ReportContent const& f) {
    using T = Trajectory;
    auto const& rows = f.study.rows;
    auto const steps = kept_steps(f.study.steps, rows.size(), measured_steps(f.study));
    SG_EXPECT(steps.front() == 0 && steps.back() == f.study.steps);
    std::vector<std::string> swept, kept;
    for (std::size_t k = 0; k < f.study.swept.size(); ++k)
        swept.push_back(
            codes(rows, [&](T const& r) { return swept_text(f.study.swept[k], r.swept[k]); }));
    for (int const step : steps) kept.push_back(std::to_string(step));
    std::string text = fmt::format("{{\"count\":{}", rows.size());
    text += member("depth", integers(rows, [](T const& r) { return r.depth; }));
    text += member("width", integers(rows, [](T const& r) { return r.width; }));
    text += member("seed", codes(rows, [](T const& r) { return std::to_string(r.seed); }));
    text += member("swept", json_list(swept));
    text += member("c", floats(rows, [](T const& r) { return r.c; }));
    text += member("learning_rate", floats(rows, [](T const& r) { return r.learning_rate; }));
    text += member("sharpness_0", floats(rows, [](T const& r) { return r.sharpness_0; }));
    text += member("status", integers(rows, [](T const& r) { return static_cast<int>(r.status); }));
    text += member("region", regions(f));
    text += member("loss_rise", floats(rows, [](T const& r) {
                       return rise(r.loss, r.loss.empty() ? missing : r.loss.front());
                   }));
    text += member("sharpness_rise",
                   floats(rows, [](T const& r) { return rise(r.sharpness, first_sharpness(r)); }));
    text += member("accuracy", floats(rows, [](T const& r) { return last_known(r.accuracy); }));
    text += member("diverged_step", integers(rows, [](T const& r) { return r.diverged_step; }));
    text += member("kept_steps", json_list(kept));
    text += member("loss", history(rows, steps, &T::loss));
    text += member("sharpness", history(rows, steps, &T::sharpness));
    return text + "}";
}

}  // namespace sg
