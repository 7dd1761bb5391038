// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <functional>
#include <new>
#include <set>
#include <tuple>

#include "cuda/exec/error.hpp"
#include "host/problems.hpp"
#include "host/schema.hpp"
#include "host/store.hpp"
#include "host/study_keys.hpp"

namespace sg {

namespace {

constexpr std::uint64_t most_entries = 100'000'001;  // config.cpp: steps
constexpr std::uint64_t memory_of_row = 512;         // bytes, beside what its arrays hold

void check_version(h5::Reader const& file) {
    std::int32_t version = 0;
    try {
        version = file.number("schema_version");
    } catch (h5::Error const&) {
        throw h5::Error("it was not written by sharpgrid (no schema_version)");
    }
    if (version != schema::version)
        throw h5::Error("its schema_version is " + std::to_string(version) +
                        ", this sharpgrid reads " + std::to_string(schema::version));
}

// Codes of a closed list, from numbers that may be anything.
template <class Enum, std::size_t count>
Enum code(std::int8_t value, std::array<std::string_view, count> const&, char const* name) {
    if (value < 0 || static_cast<std::size_t>(value) >= count)
        throw h5::Error(std::string(name) + " has an unknown code " + std::to_string(value));
    return static_cast<Enum>(value);
}

void store_value(double& to, double from) { to = from; }
void store_value(int& to, int from) { to = from; }
void store_value(std::uint64_t& to, std::uint64_t from) { to = from; }
void store_value(RunStatus& to, std::int8_t from) {
    to = code<RunStatus>(from, run_status_names, "run_status");
}
void store_value(SharpnessStatus& to, std::int8_t from) {
    to = code<SharpnessStatus>(from, sharpness_status_names, "sharpness_status");
}

StudyState read_state(h5::Reader const& file) {
    return code<StudyState>(file.read<std::int8_t>("study_state", {}).at(0), study_state_names,
                            "study_state");
}

// Words are codes in the rows and mean something to the engine, whose list may have grown since.
void check_swept_key(SweptKey const& key) {
    auto const& words = key.words;
    auto const same = [&](VariantKey const& known) {
        return known.name == key.name && known.words.empty() == words.empty() &&
               known.words.size() >= words.size() &&
               std::equal(words.begin(), words.end(), known.words.begin());
    };
    auto const keys = variant_keys();
    if (std::none_of(keys.begin(), keys.end(), same))
        throw h5::Error("swept_keys has a key that this sharpgrid does not know");
}

std::vector<SweptKey> read_swept_keys(h5::Reader const& file) {
    std::string const names = file.text("swept_keys");
    std::vector<SweptKey> keys;
    for (std::size_t begin = 0; begin < names.size();) {
        std::size_t const end = std::min(names.find(' ', begin), names.size());
        keys.push_back({names.substr(begin, end - begin), {}});
        keys.back().words = file.words(schema::swept_variable(keys.back()));
        check_swept_key(keys.back());
        begin = end + 1;
    }
    return keys;
}

void read_run_fields(h5::Reader const& file, std::vector<Trajectory>& rows) {
    for (schema::RunField const& field : schema::run_fields())
        std::visit(
            [&](auto member) {
                using T = std::decay_t<decltype(Trajectory{}.*member)>;
                auto const values =
                    file.read<schema::Stored<T>>(field.variable.name, {rows.size()});
                for (std::size_t n = 0; n < rows.size(); ++n)
                    store_value(rows[n].*member, values[n]);
            },
            field.member);
}

// shape: behind `run`
void read_step_field(h5::Reader const& file, schema::StepField const& field,
                     std::vector<std::uint64_t> shape, std::vector<Trajectory>& rows) {
    std::size_t entries = 1;
    for (std::uint64_t const length : shape) entries *= length;
    shape.insert(shape.begin(), rows.size());
    std::visit(
        [&](auto member) {
            using T = typename std::decay_t<decltype(Trajectory{}.*member)>::value_type;
            auto const values = file.read<schema::Stored<T>>(field.variable.name, shape);
            auto next = values.begin();
            for (Trajectory& row : rows) {
                (row.*member).resize(entries);
                for (T& value : row.*member) store_value(value, *next++);
            }
        },
        field.member);
}

// What the file has of the spectrum.
SpectrumSpec read_spectrum(h5::Reader const& file) {
    SpectrumSpec spectrum;
    auto const length = [&](char const* axis) {
        if (!file.has(axis)) return 0;
        std::uint64_t const found = file.length(axis);
        if (found == 0 || found > most_entries)
            throw h5::Error(std::string("dimension ") + axis + " is malformed");
        return static_cast<int>(found);
    };
    int const steps = length("spectrum_step");
    if (steps == 0) return spectrum;
    spectrum.steps = file.read<std::int32_t>("spectrum_step", {static_cast<std::uint64_t>(steps)});
    if (spectrum.steps.front() < 0 ||
        std::adjacent_find(spectrum.steps.begin(), spectrum.steps.end(), std::greater_equal<>()) !=
            spectrum.steps.end())
        throw h5::Error("spectrum_step does not ascend");
    spectrum.top = length("top");
    spectrum.smallest = file.has("smallest_eigenvalue");
    spectrum.probes = length("probe");
    spectrum.order = length("node");
    return spectrum;
}

void read_swept(h5::Reader const& file, SweptKey const& key, std::vector<Trajectory>& rows) {
    std::string const name = schema::swept_variable(key);
    std::vector<double> values;
    if (key.words.empty()) {
        values = file.read<double>(name, {rows.size()});
    } else {
        auto const codes = file.read<std::int8_t>(name, {rows.size()});
        values.assign(codes.begin(), codes.end());
    }
    for (std::size_t n = 0; n < rows.size(); ++n) {
        bool const word = values[n] >= 0 && values[n] < static_cast<double>(key.words.size());
        if (key.words.empty() ? !std::isfinite(values[n]) : !word)
            throw h5::Error(name + " has an impossible value");
        rows[n].swept.push_back(values[n]);
    }
}

// How many rows count, and what is known of them.
schema::CommitRecord read_record(h5::Reader const& file, bool closed) {
    schema::CommitRecord record;
    if (closed) {
        std::uint64_t const runs = file.length("run");
        auto const committed = file.read<std::int64_t>("committed_rows", {}).at(0);
        if (committed < 0 || static_cast<std::uint64_t>(committed) != runs)
            throw h5::Error("it holds " + std::to_string(runs) + " networks, but its record says " +
                            std::to_string(committed));
        record.rows = runs;
        record.checksum = file.read<std::uint64_t>("commit_checksum", {}).at(0);
        record.audit.measurements = file.read<std::int64_t>("audit_measurements", {}).at(0);
        record.audit.misses = file.read<std::int64_t>("audit_misses", {}).at(0);
        record.audit.worst = file.read<double>("audit_worst", {}).at(0);
        return record;
    }
    bool any = false;
    for (char const* name : schema::record_variables) {
        auto const fields = file.read<std::uint64_t>(name, {schema::record_fields.size()});
        auto const found = schema::unpacked(fields);
        if (!found || (any && found->sequence <= record.sequence)) continue;
        record = *found;
        any = true;
    }
    if (!any) throw h5::Error("neither of its commit records is whole");
    return record;
}

// What the analysis takes for granted, and what no fault of a disk gets past.
void check_rows(StoredStudy const& study, std::uint64_t checksum) {
    std::set<std::tuple<int, int, std::uint64_t, std::vector<double>, double>> networks;
    for (Trajectory const& row : study.rows) {
        if (!(std::isfinite(row.c) && row.c > 0)) throw h5::Error("c has an impossible value");
        if (!networks.insert({row.depth, row.width, row.seed, row.swept, row.c}).second)
            throw h5::Error("it holds a network twice");
    }
    if (checksum != schema::checksum(study.rows, study.margins))
        throw h5::Error("its data do not match their checksum");
}

void read_head(h5::Reader const& file, FileHead& head) {
    head.title = file.text("title");
    head.history = file.text("history");
    head.source = file.text("source");
    head.yaml_given = file.text("study_yaml");
    head.yaml_resolved = file.text("study_resolved_yaml");
    head.digest = file.text("study_sha256");
    head.model = file.text("model");
    head.data_name = file.text("data_name");
    head.data_sha256 = file.text("data_sha256");
    head.loss_normalisation = file.text("loss_normalisation");
    if (file.has_attribute("measured_on")) head.measured_on = file.text("measured_on");
    head.device = file.text("device");
    head.libraries = file.text("libraries");
    head.precision = file.text("precision");
    head.start_time = file.text("start_time");
    if (file.has_attribute("shard")) head.shard = file.text("shard");
    // These are printed; a terminal acts on control characters.
    for (std::string const& text : {head.title, head.model})
        if (first_bad_byte(text) != std::string::npos)
            throw h5::Error("its title or model is not text");
    head.swept = read_swept_keys(file);
}

StoredStudy read_all(h5::Reader& file) {
    check_version(file);
    StoredStudy study;
    study.closed = !file.has(schema::record_variables[0]);
    if (!study.closed) file.accept_longer();
    read_head(file, study);
    study.state = read_state(file);
    schema::CommitRecord const record = read_record(file, study.closed);

    // The index of every network is read as well: it proves that the file holds as many.
    file.read<std::int64_t>("run", {record.rows});
    file.claim(record.rows * memory_of_row);
    study.rows.resize(record.rows);
    read_run_fields(file, study.rows);
    for (SweptKey const& key : study.swept) read_swept(file, key, study.rows);
    std::uint64_t const entries = file.length("step");
    if (entries == 0 || entries > most_entries) throw h5::Error("dimension step is malformed");
    study.steps = static_cast<int>(entries - 1);
    for (schema::StepField const& field : schema::step_fields())
        read_step_field(file, field, {entries}, study.rows);
    study.spectrum = read_spectrum(file);
    for (schema::StepField const& field : schema::spectrum_fields()) {
        auto const shape = schema::spectrum_shape(field, study.spectrum);
        if (!shape.empty()) read_step_field(file, field, shape, study.rows);
    }
    study.margins = file.read<double>(schema::margin_variable().name, {record.rows});
    check_rows(study, record.checksum);
    study.audit = record.audit;
    study.end_time = file.read<double>("end_time", {}).at(0);
    return study;
}

StoredStudy read_in_mode(std::string const& path, h5::Reader::Mode mode) {
    try {
        h5::Session const session;
        h5::Reader file(path, mode);
        return read_all(file);
    } catch (h5::Error const& error) {
        throw DataError("cannot read " + path + ": " + error.what());
    } catch (std::bad_alloc const&) {
        throw ResourceError("not enough memory to read " + path);
    }
}

}  // namespace

StoredStudy read_store(std::string const& path, Killed killed) {
    using Mode = h5::Reader::Mode;
    bool const flagged = h5::is_open_for_writing(path);
    StoredStudy study = read_in_mode(path, flagged ? Mode::streamed : Mode::closed);
    if (study.closed || killed == Killed::read || is_locked(path)) return study;
    throw DataError(
        "the run that wrote " + path +
        " was killed. Go on with it (the same `sharpgrid run`), or make the file whole: "
        "sharpgrid repair " +
        path);
}

}  // namespace sg
