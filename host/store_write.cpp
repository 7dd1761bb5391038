// SPDX-License-Identifier: MIT
#include "host/store_write.hpp"

#include <cmath>
#include <numeric>

#include "cuda/exec/error.hpp"
#include "host/schema.hpp"

namespace sg {

namespace {

using schema::words_of;

std::vector<std::string> const on_point{"point"};
std::vector<std::string> const on_point_constant{"point", "constant"};

char const* normalisation(Loss loss) {
    switch (loss) {
        case Loss::mse:
            return "one half of the mean over examples and classes of the squared error against "
                   "one-hot targets";
        case Loss::cross_entropy:
            return "mean over examples of minus log softmax";
    }
    return "";
}

// λ carries the normalisation of its loss; a study that sweeps the loss names both.
std::string loss_normalisation(Study const& study) {
    std::string text;
    for (Loss const loss : {Loss::mse, Loss::cross_entropy}) {
        bool used = false;
        for (Variant const& variant : study.variants) used = used || variant.loss == loss;
        if (used) text += (text.empty() ? "" : "; ") + std::string(normalisation(loss));
    }
    return text.empty() ? normalisation(Loss::mse) : text;
}

std::string swept_names(Study const& study) {
    std::string names;
    for (SweptKey const& key : study.swept) names += (names.empty() ? "" : " ") + key.name;
    return names;
}

void write_attributes(h5::Writer& file, FileContent const& content) {
    Study const& study = content.study;
    Provenance const& from = content.provenance;
    file.attribute("Conventions", "CF-1.11");
    file.attribute("title", study.name);
    file.attribute("history", content.start_time + ": " + from.command);
    file.attribute("source", from.source);
    file.attribute("study_yaml", study.yaml_given);
    file.attribute("study_resolved_yaml", study.yaml_resolved);
    file.attribute("study_sha256", study.digest);
    file.attribute("model", study.model);
    file.attribute("swept_keys", swept_names(study));
    file.attribute("data_name", from.data_name);
    file.attribute("data_sha256", from.data_sha256);
    file.attribute("loss_normalisation", loss_normalisation(study));
    file.attribute("device", from.device);
    file.attribute("libraries", from.libraries);
    file.attribute("precision", from.precision);
    file.attribute("schema_version", schema::version);
    file.attribute("start_time", content.start_time);
}

template <class T>
std::vector<T> counted(std::size_t count) {
    std::vector<T> values(count);
    std::iota(values.begin(), values.end(), T{0});
    return values;
}

void write_axes(h5::Writer& file, std::size_t runs, std::size_t points, int steps) {
    auto const entries = static_cast<std::size_t>(steps) + 1;
    file.axis({"run", runs, true});
    file.axis({"step", entries, false});
    file.axis({"constant", constant_names.size(), false});
    file.axis({"point", points, true});
    file.write({"run", {"run"}, "number of the network", "1", "", {}}, counted<std::int64_t>(runs));
    file.write({"step", {"step"}, "training steps done", "1", "", {}},
               counted<std::int32_t>(entries));
    file.write({"constant", {"constant"}, "critical constant", "", "", words_of(constant_names)},
               counted<std::int8_t>(constant_names.size()));
    file.write(
        {"point", {"point"}, "number of the point: one model, depth, width, seed", "1", "", {}},
        counted<std::int64_t>(points));
}

// One array out of one member of all rows.
template <class Rows, class Get>
auto gather(Rows const& rows, Get get) {
    std::vector<std::decay_t<decltype(get(rows.front()))>> values;
    values.reserve(rows.size());
    for (auto const& row : rows) values.push_back(get(row));
    return values;
}

// A swept key, on `run` or on `point`: words as codes, numbers as they are.
template <class Rows>
void write_swept(h5::Writer& file, Rows const& rows, SweptKey const& key, std::size_t index,
                 std::string const& axis) {
    std::string const prefix = axis == "point" ? "point_" : "";
    std::string const units = key.words.empty() ? "1" : "";
    h5::Variable const variable{prefix + schema::swept_variable(key),
                                {axis},
                                "swept key " + key.name,
                                units,
                                "",
                                key.words};
    if (key.words.empty())
        file.write(variable, gather(rows, [=](auto const& row) { return row.swept[index]; }));
    else
        file.write(variable, gather(rows, [=](auto const& row) {
                       return static_cast<std::int8_t>(row.swept[index]);
                   }));
}

void write_runs(h5::Writer& file, FileContent const& content, bool coordinates) {
    auto const& swept = content.study.swept;
    std::string const names = " " + schema::run_coordinates(swept) + " ";
    auto const write = [&](h5::Variable variable, auto const& values) {
        bool const is_one = names.find(" " + variable.name + " ") != std::string::npos;
        if (is_one != coordinates) return;
        if (!is_one) variable.coordinates = schema::run_coordinates(swept);
        file.write(variable, values);
    };
    for (schema::RunField const& field : schema::run_fields())
        std::visit(
            [&](auto member) {
                write(field.variable, gather(content.rows, [=](Trajectory const& row) {
                          using T = std::decay_t<decltype(row.*member)>;
                          return static_cast<schema::Stored<T>>(row.*member);
                      }));
            },
            field.member);
    if (!coordinates) write(schema::margin_variable(), content.margins);
}

void write_steps(h5::Writer& file, FileContent const& content) {
    for (schema::StepField const& field : schema::step_fields()) {
        h5::Variable variable = field.variable;
        variable.coordinates = schema::run_coordinates(content.study.swept);
        std::visit(
            [&](auto member) {
                using T = typename std::decay_t<decltype(Trajectory{}.*member)>::value_type;
                std::vector<schema::Stored<T>> values;
                for (Trajectory const& row : content.rows)
                    for (T const value : row.*member)
                        values.push_back(static_cast<schema::Stored<T>>(value));
                file.write(variable, values);
            },
            field.member);
    }
}

void write_points(h5::Writer& file, std::vector<Point> const& points,
                  std::vector<SweptKey> const& swept) {
    auto const write = [&](char const* name, char const* long_name, auto get, bool data) {
        file.write({name,
                    on_point,
                    long_name,
                    "1",
                    data ? schema::point_coordinates(swept) : std::string(),
                    {}},
                   gather(points, get));
    };
    write(
        "point_depth", "weight layers", [](Point const& p) { return p.depth; }, false);
    write(
        "point_width", "units of a hidden layer", [](Point const& p) { return p.width; }, false);
    write(
        "point_seed", "seed of weights and batches", [](Point const& p) { return p.seed; }, false);
    for (std::size_t k = 0; k < swept.size(); ++k) write_swept(file, points, swept[k], k, "point");
    write(
        "point_networks", "networks that ran", [](Point const& p) { return p.networks; }, true);
    write(
        "point_collapsed", "networks that collapsed", [](Point const& p) { return p.collapsed; },
        true);
    write(
        "point_diverged", "networks that diverged", [](Point const& p) { return p.diverged; },
        true);
}

void write_constants(h5::Writer& file, std::vector<Point> const& points,
                     std::vector<SweptKey> const& swept) {
    auto const write = [&](char const* name, char const* long_name, char const* units,
                           std::vector<std::string> const& words, auto get) {
        std::vector<decltype(get(Bracket{}))> values;
        for (Point const& point : points)
            for (Bracket const& bracket : point.constants) values.push_back(get(bracket));
        file.write(
            {name, on_point_constant, long_name, units, schema::point_coordinates(swept), words},
            values);
    };
    write("critical_log2c_low", "lower side of the bracket, log2 of c", "1", {},
          [](Bracket const& b) { return std::log2(b.low); });
    write("critical_log2c_high", "upper side of the bracket, log2 of c", "1", {},
          [](Bracket const& b) { return std::log2(b.high); });
    write("critical_status", "what the bracket is", "", words_of(bracket_status_names),
          [](Bracket const& b) { return static_cast<std::int8_t>(b.status); });
    write("critical_rests_on_collapsed", "whether a side of the bracket is a collapsed network", "",
          {"no", "yes"}, [](Bracket const& b) { return std::int8_t{b.rests_on_collapsed}; });
}

void write_record(h5::Writer& file, FileContent const& content) {
    using Count = std::vector<std::int64_t>;
    AuditTally const& audit = content.audit;
    file.write({"audit_measurements", {}, "sharpness measurements audited", "1", "", {}},
               Count{audit.measurements});
    file.write({"audit_misses", {}, "audited measurements below their bound", "1", "", {}},
               Count{audit.misses});
    file.write({"audit_worst", {}, "largest (audit - sharpness) / audit", "1", "", {}},
               std::vector<double>{audit.worst});
    file.write({"committed_rows", {}, "networks in this file", "1", "", {}},
               Count{static_cast<std::int64_t>(content.rows.size())});
    file.write({"commit_checksum", {}, "FNV-1a of the committed rows", "1", "", {}},
               std::vector{schema::checksum(content.rows, content.margins)});
    file.write({"study_state", {}, "state of the study", "", "", words_of(study_state_names)},
               std::vector{static_cast<std::int8_t>(content.state)});
    file.write({"end_time", {}, "end of the run", "seconds since 1970-01-01T00:00:00Z", "", {}},
               std::vector<double>{content.end_time});
}

}  // namespace

std::unique_ptr<h5::Image> file_image(FileContent const& content) {
    auto const& swept = content.study.swept;
    std::vector<Point> const points = find_constants(content.rows, content.margins);
    h5::Session const session;
    h5::Writer file;
    write_attributes(file, content);
    write_axes(file, content.rows.size(), points.size(), content.study.steps);
    write_runs(file, content, true);
    for (std::size_t k = 0; k < swept.size(); ++k)
        write_swept(file, content.rows, swept[k], k, "run");
    write_runs(file, content, false);
    write_steps(file, content);
    write_points(file, points, swept);
    write_constants(file, points, swept);
    write_record(file, content);
    return file.image();
}

}  // namespace sg
