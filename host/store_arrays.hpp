// SPDX-License-Identifier: MIT
// The arrays of the output file out of rows and points, one after the other. A file that is made at
// once and one that is streamed walk the same functions, so they cannot differ.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "host/analysis.hpp"
#include "host/schema.hpp"

namespace sg::schema {

// One array out of one member of all rows.
template <class Rows, class Get>
auto gather(Rows const& rows, Get get) {
    std::vector<std::decay_t<decltype(get(rows.front()))>> values;
    values.reserve(rows.size());
    for (auto const& row : rows) values.push_back(get(row));
    return values;
}

// A swept key, on `run` or on `point`: words as codes, numbers as they are.
template <class Rows, class Visit>
void visit_swept(Rows const& rows, std::vector<SweptKey> const& swept, std::string const& axis,
                 Visit const& visit) {
    std::string const prefix = axis == "point" ? "point_" : "";
    for (std::size_t k = 0; k < swept.size(); ++k) {
        SweptKey const& key = swept[k];
        h5::Variable const variable{prefix + swept_variable(key), {axis}, "swept key " + key.name,
                                    key.words.empty() ? "1" : "", "",     key.words};
        if (key.words.empty())
            visit(variable, gather(rows, [=](auto const& row) { return row.swept[k]; }));
        else
            visit(variable, gather(rows, [=](auto const& row) {
                      return static_cast<std::int8_t>(row.swept[k]);
                  }));
    }
}

// The arrays on (run): its coordinates, or the data.
template <class Visit>
void visit_run_fields(std::vector<Trajectory> const& rows, std::vector<SweptKey> const& swept,
                      bool coordinates, Visit const& visit) {
    std::string const names = " " + run_coordinates(swept) + " ";
    for (RunField const& field : run_fields()) {
        h5::Variable variable = field.variable;
        bool const is_one = names.find(" " + variable.name + " ") != std::string::npos;
        if (is_one != coordinates) continue;
        if (!is_one) variable.coordinates = run_coordinates(swept);
        std::visit(
            [&](auto member) {
                using T = std::decay_t<decltype(Trajectory{}.*member)>;
                visit(variable, gather(rows, [=](Trajectory const& row) {
                          return static_cast<Stored<T>>(row.*member);
                      }));
            },
            field.member);
    }
}

template <class Visit>
void visit_steps(std::vector<StepField> const& fields, std::vector<Trajectory> const& rows,
                 std::vector<SweptKey> const& swept, Visit const& visit) {
    for (StepField const& field : fields) {
        h5::Variable variable = field.variable;
        variable.coordinates = run_coordinates(swept);
        std::visit(
            [&](auto member) {
                using T = typename std::decay_t<decltype(Trajectory{}.*member)>::value_type;
                std::vector<Stored<T>> values;
                if (!rows.empty()) values.reserve(rows.size() * (rows.front().*member).size());
                for (Trajectory const& row : rows)
                    for (T const value : row.*member)
                        values.push_back(static_cast<Stored<T>>(value));
                visit(variable, values);
            },
            field.member);
    }
}

// Calls visit(h5::Variable, std::vector<T>) with every array on `run`, in the order of the file; margins: ε of
// c_sharp, per row.
template <class Visit>
void visit_runs(std::vector<Trajectory> const& rows, std::vector<double> const& margins,
                std::vector<SweptKey> const& swept, SpectrumSpec const& spectrum,
                Visit const& visit) {
    visit_run_fields(rows, swept, true, visit);
    visit_swept(rows, swept, "run", visit);
    visit_run_fields(rows, swept, false, visit);
    h5::Variable margin = margin_variable();
    margin.coordinates = run_coordinates(swept);
    visit(margin, margins);
    visit_steps(step_fields(), rows, swept, visit);
    std::vector<StepField> measured;
    for (StepField const& field : spectrum_fields())
        if (spectrum_entries(field, spectrum) > 0) measured.push_back(field);
    visit_steps(measured, rows, swept, visit);
}

template <class Visit>
void visit_constants(std::vector<Point> const& points, std::vector<SweptKey> const& swept,
                     Visit const& visit) {
    auto const array = [&](char const* name, char const* long_name, char const* units,
                           std::vector<std::string> const& words, auto get) {
        std::vector<decltype(get(Bracket{}))> values;
        for (Point const& point : points)
            for (Bracket const& bracket : point.constants) values.push_back(get(bracket));
        h5::Variable const variable{name,  {"point", "constant"},    long_name,
                                    units, point_coordinates(swept), words};
        visit(variable, values);
    };
    array("critical_log2c_low", "lower side of the bracket, log2 of c", "1", {},
          [](Bracket const& b) { return std::log2(b.low); });
    array("critical_log2c_high", "upper side of the bracket, log2 of c", "1", {},
          [](Bracket const& b) { return std::log2(b.high); });
    array("critical_status", "what the bracket is", "", words_of(bracket_status_names),
          [](Bracket const& b) { return static_cast<std::int8_t>(b.status); });
    array("critical_rests_on_collapsed", "whether a side of the bracket is a collapsed network", "",
          {"no", "yes"}, [](Bracket const& b) { return std::int8_t{b.rests_on_collapsed}; });
}

// The same for every array on (point) and (point, constant).
template <class Visit>
void visit_points(std::vector<Point> const& points, std::vector<SweptKey> const& swept,
                  Visit const& visit) {
    auto const array = [&](char const* name, char const* long_name, bool data, auto get) {
        h5::Variable const variable{
            name, {"point"}, long_name, "1", data ? point_coordinates(swept) : std::string(), {}};
        visit(variable, gather(points, get));
    };
    array("point_depth", "weight layers", false, [](Point const& p) { return p.depth; });
    array("point_width", "units of a hidden layer", false, [](Point const& p) { return p.width; });
    array("point_seed", "seed of weights and batches", false,
          [](Point const& p) { return p.seed; });
    visit_swept(points, swept, "point", visit);
    array("point_networks", "networks that ran", true, [](Point const& p) { return p.networks; });
    array("point_collapsed", "networks that collapsed", true,
          [](Point const& p) { return p.collapsed; });
    array("point_diverged", "networks that diverged", true,
          [](Point const& p) { return p.diverged; });
    visit_constants(points, swept, visit);
}

}  // namespace sg::schema
