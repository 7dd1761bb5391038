// SPDX-License-Identifier: MIT
#include "host/store_write.hpp"

#include <new>
#include <numeric>

#include "cuda/exec/error.hpp"
#include "host/schema.hpp"
#include "host/store_arrays.hpp"

namespace sg {

namespace {

using schema::words_of;

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

std::string swept_names(std::vector<SweptKey> const& swept) {
    std::string names;
    for (SweptKey const& key : swept) names += (names.empty() ? "" : " ") + key.name;
    return names;
}

void write_attributes(h5::Writer& file, FileHead const& head) {
    file.attribute("Conventions", "CF-1.11");
    file.attribute("title", head.title);
    file.attribute("history", head.history);
    file.attribute("source", head.source);
    file.attribute("study_yaml", head.yaml_given);
    file.attribute("study_resolved_yaml", head.yaml_resolved);
    file.attribute("study_sha256", head.digest);
    file.attribute("model", head.model);
    file.attribute("swept_keys", swept_names(head.swept));
    file.attribute("data_name", head.data_name);
    file.attribute("data_sha256", head.data_sha256);
    file.attribute("loss_normalisation", head.loss_normalisation);
    file.attribute("measured_on", head.measured_on);
    file.attribute("device", head.device);
    file.attribute("libraries", head.libraries);
    file.attribute("precision", head.precision);
    file.attribute("shard", head.shard);
    file.attribute("schema_version", schema::version);
    file.attribute("start_time", head.start_time);
}

template <class T>
std::vector<T> counted(std::size_t count) {
    std::vector<T> values(count);
    std::iota(values.begin(), values.end(), T{0});
    return values;
}

void write_spectrum_axes(h5::Writer& file, SpectrumSpec const& spectrum) {
    for (h5::Axis const& axis : schema::spectrum_axes(spectrum)) {
        bool const steps = axis.name == "spectrum_step";
        h5::Variable const variable{axis.name, {axis.name},
                                    steps ? "steps at which the spectrum is measured" : "number",
                                    "1",       "",
                                    {}};
        file.write(variable, steps ? std::vector<std::int32_t>(spectrum.steps.begin(),
                                                               spectrum.steps.end())
                                   : counted<std::int32_t>(axis.length));
    }
}

void write_axes(h5::Writer& file, FileContent const& content, std::size_t points) {
    auto const entries = static_cast<std::size_t>(content.head.steps) + 1;
    std::size_t const runs = content.rows.size();
    file.axis({"run", runs, true, content.growth.runs});
    file.axis({"step", entries, false});
    file.axis({"constant", constant_names.size(), false});
    file.axis({"point", points, true, content.growth.points});
    for (h5::Axis const& axis : schema::spectrum_axes(content.head.spectrum)) file.axis(axis);
    if (content.growth.runs > 0)
        file.axis({schema::record_axis, schema::record_fields.size(), false});
    file.write({"run", {"run"}, "number of the network", "1", "", {}}, counted<std::int64_t>(runs));
    file.write({"step", {"step"}, "training steps done", "1", "", {}},
               counted<std::int32_t>(entries));
    file.write({"constant", {"constant"}, "critical constant", "", "", words_of(constant_names)},
               counted<std::int8_t>(constant_names.size()));
    file.write(
        {"point", {"point"}, "number of the point: one model, depth, width, seed", "1", "", {}},
        counted<std::int64_t>(points));
    write_spectrum_axes(file, content.head.spectrum);
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

void write_streamed_record(h5::Writer& file, FileContent const& content) {
    std::string const axis = schema::record_axis;
    file.write({axis, {axis}, "field of a commit record", "", "", words_of(schema::record_fields)},
               counted<std::int8_t>(schema::record_fields.size()));
    schema::CommitRecord const record{
        0, content.rows.size(), schema::checksum(content.rows, content.margins), content.audit};
    for (char const* name : schema::record_variables)
        file.write({name, {axis}, "what is committed; the other is what was before", "1", "", {}},
                   schema::packed(record));
}

}  // namespace

FileHead head_of(Study const& study, Provenance const& from, std::string const& start_time) {
    FileHead head;
    head.title = study.name;
    head.history = start_time + ": " + from.command;
    head.source = from.source;
    head.yaml_given = study.yaml_given;
    head.yaml_resolved = study.yaml_resolved;
    head.digest = study.digest;
    head.model = study.model;
    head.data_name = from.data_name;
    head.data_sha256 = from.data_sha256;
    head.loss_normalisation = loss_normalisation(study);
    head.measured_on = study.measured_on(from.data_examples);
    head.device = from.device;
    head.libraries = from.libraries;
    head.precision = from.precision;
    head.start_time = start_time;
    head.shard = from.shard;
    head.swept = study.swept;
    head.steps = study.steps;
    head.spectrum = study.spectrum;
    return head;
}

void write_file(OutputFile& output, FileContent const& content) {
    auto const& swept = content.head.swept;
    try {
        std::vector<Point> const points = find_constants(content.rows, content.margins);
        h5::Session const session;
        h5::Writer file(output.temporary());
        auto const write = [&](h5::Variable const& variable, auto const& values) {
            file.write(variable, values);
        };
        write_attributes(file, content.head);
        write_axes(file, content, points.size());
        schema::visit_runs(content.rows, content.margins, swept, content.head.spectrum, write);
        schema::visit_points(points, swept, write);
        write_record(file, content);
        if (content.growth.runs > 0) write_streamed_record(file, content);
        file.finish();
    } catch (std::bad_alloc const&) {
        throw ResourceError("not enough memory to write " + std::to_string(content.rows.size()) +
                            " networks");
    } catch (h5::Error const& error) {
        throw ResourceError("cannot write " + output.temporary() + ": " + error.what());
    }
    output.sync();
}

void write_closed(std::string const& path, FileContent const& content) {
    OutputFile file(path);
    write_file(file, content);
    file.publish();
}

}  // namespace sg
