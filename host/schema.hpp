// SPDX-License-Identifier: MIT
// The layout of the output file, stated once: which member of a Trajectory stands under which name.
// Writer, reader and the checksum of the rows walk the same tables.
#pragma once

#include <cstdint>
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

std::vector<RunField> const& run_fields();    // (run)
std::vector<StepField> const& step_fields();  // (run, step)

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

// FNV-1a over every stored value of the rows, in their order.
std::uint64_t checksum(std::vector<Trajectory> const& rows, std::vector<double> const& margins);

}  // namespace sg::schema
