// SPDX-License-Identifier: MIT
// The layout of the output file, stated once: which member of a Trajectory stands under which name.
// Writer, reader and the checksum of the rows walk the same tables.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "host/hdf5.hpp"
#include "host/study.hpp"
#include "host/trajectory.hpp"

namespace sg::schema {

inline constexpr std::int32_t version = 1;

// A member as it is stored: words as int8 codes.
template <class T>
using Stored = std::conditional_t<std::is_enum_v<T>, std::int8_t, T>;

template <class Owner, class... Types>
struct FieldOf {
    h5::Variable variable;
    std::variant<Types Owner::*...> member;
};

// One value for each network.
using RunField = FieldOf<Trajectory, int, std::uint64_t, double, RunStatus>;
// One value for each network and step.
using StepField = FieldOf<Trajectory, std::vector<double>, std::vector<std::int32_t>,
                          std::vector<SharpnessStatus>>;

std::vector<RunField> const& run_fields();        // (run)
std::vector<StepField> const& step_fields();      // (run, step)
std::vector<StepField> const& spectrum_fields();  // (run, spectrum_step), (run, spectrum_step, top) ...

// The axes of the spectrum in a file, with their lengths; none without a spectrum.
std::vector<h5::Axis> spectrum_axes(SpectrumSpec const& spectrum);
// The extents of a field of spectrum_fields() behind `run`; empty: the study does not measure it.
std::vector<std::uint64_t> spectrum_shape(StepField const& field, SpectrumSpec const& spectrum);
std::size_t spectrum_entries(StepField const& field, SpectrumSpec const& spectrum);  // their product, or 0
// Whether the arrays of a row have these sizes.
bool has_spectrum(Trajectory const& row, SpectrumSpec const& spectrum);

// c_sharp_margin: ε of c_sharp, which is not a member of a Trajectory.
h5::Variable const& margin_variable();

// The variable of a swept key: its name, or swept_NAME where the file has another use for the name
// (`loss` is an array of the file and may be a swept key as well).
std::string swept_variable(SweptKey const& key);
// The auxiliary coordinates of `run`, as CF's attribute `coordinates` has them.
std::string run_coordinates(std::vector<SweptKey> const& swept);
std::string point_coordinates(std::vector<SweptKey> const& swept);

template <class Words>
std::vector<std::string> words_of(Words const& names) {
    return std::vector<std::string>(names.begin(), names.end());
}

// FNV-1a over every stored value of the rows, in their order; rows may be added one by one.
class RowChecksum {
public:
    void add(Trajectory const& row, double margin);
    std::uint64_t value() const { return state_; }

private:
    std::uint64_t state_ = 0xcbf29ce484222325;
};

std::uint64_t checksum(std::vector<Trajectory> const& rows, std::vector<double> const& margins);

// What is committed of a file that is streamed. It is written in turn to commit_a and commit_b,
// each in one piece with a checksum of its own, so a kill at any moment leaves the one before.
struct CommitRecord {
    std::uint64_t sequence = 0;  // even: commit_a, odd: commit_b
    std::uint64_t rows = 0;
    std::uint64_t checksum = 0;  // RowChecksum of these rows
    AuditTally audit;
};
inline constexpr std::array<char const*, 2> record_variables{"commit_a", "commit_b"};
inline constexpr char const* record_axis = "commit_field";
inline constexpr std::array<std::string_view, 7> record_fields{
    "sequence", "rows", "checksum", "audit_measurements", "audit_misses", "audit_worst", "check"};

std::vector<std::uint64_t> packed(CommitRecord const& record);
std::optional<CommitRecord> unpacked(std::vector<std::uint64_t> const& fields);

}  // namespace sg::schema
