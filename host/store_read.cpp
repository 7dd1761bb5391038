// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <new>

#include "cuda/exec/error.hpp"
#include "host/schema.hpp"
#include "host/store.hpp"

namespace sg {

namespace {

// Calls `read` with an open file; every way to fail becomes a DataError that names the file.
template <class Read>
auto reading(std::string const& path, Read read) {
    try {
        h5::Session const session;
        h5::Reader const file(path);
        return read(file);
    } catch (h5::Error const& error) {
        throw DataError("cannot read " + path + ": " + error.what());
    } catch (std::bad_alloc const&) {
        throw ResourceError("not enough memory to read " + path);
    }
}

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

std::vector<SweptKey> read_swept_keys(h5::Reader const& file) {
    std::string const names = file.text("swept_keys");
    std::vector<SweptKey> keys;
    for (std::size_t begin = 0; begin < names.size();) {
        std::size_t const end = std::min(names.find(' ', begin), names.size());
        keys.push_back({names.substr(begin, end - begin), {}});
        keys.back().words = file.words(schema::swept_variable(keys.back()));
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

void read_step_fields(h5::Reader const& file, std::vector<Trajectory>& rows, std::size_t entries) {
    for (schema::StepField const& field : schema::step_fields())
        std::visit(
            [&](auto member) {
                using T = typename std::decay_t<decltype(Trajectory{}.*member)>::value_type;
                auto const values =
                    file.read<schema::Stored<T>>(field.variable.name, {rows.size(), entries});
                auto next = values.begin();
                for (Trajectory& row : rows) {
                    (row.*member).resize(entries);
                    for (T& value : row.*member) store_value(value, *next++);
                }
            },
            field.member);
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

// What the analysis takes for granted, and what no fault of a disk gets past.
void check_rows(h5::Reader const& file, StoredStudy const& study) {
    for (Trajectory const& row : study.rows)
        if (!(std::isfinite(row.c) && row.c > 0)) throw h5::Error("c has an impossible value");
    auto const committed = file.read<std::int64_t>("committed_rows", {}).at(0);
    if (committed < 0 || static_cast<std::size_t>(committed) != study.rows.size())
        throw h5::Error("it holds " + std::to_string(study.rows.size()) +
                        " networks, but its record says " + std::to_string(committed));
    auto const checksum = file.read<std::uint64_t>("commit_checksum", {}).at(0);
    if (checksum != schema::checksum(study.rows, study.margins))
        throw h5::Error("its data do not match their checksum");
}

StoredStudy read_all(h5::Reader const& file) {
    check_version(file);
    StoredStudy study;
    study.title = file.text("title");
    study.model = file.text("model");
    study.digest = file.text("study_sha256");
    study.data_name = file.text("data_name");
    study.state = read_state(file);
    study.swept = read_swept_keys(file);

    // The index of every network is read as well: it proves that the file holds as many.
    std::uint64_t const runs = file.length("run");
    file.read<std::int64_t>("run", {runs});
    study.rows.resize(runs);
    read_run_fields(file, study.rows);
    for (SweptKey const& key : study.swept) read_swept(file, key, study.rows);
    read_step_fields(file, study.rows, file.length("step"));
    study.margins = file.read<double>(schema::margin_variable().name, {runs});
    check_rows(file, study);

    study.audit.measurements = file.read<std::int64_t>("audit_measurements", {}).at(0);
    study.audit.misses = file.read<std::int64_t>("audit_misses", {}).at(0);
    study.audit.worst = file.read<double>("audit_worst", {}).at(0);
    return study;
}

}  // namespace

StoredStudy read_store(std::string const& path) { return reading(path, read_all); }

StoreIdentity identify_store(std::string const& path) {
    return reading(path, [](h5::Reader const& file) {
        check_version(file);
        return StoreIdentity{file.text("study_sha256"), read_state(file)};
    });
}

}  // namespace sg
