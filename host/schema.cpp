// SPDX-License-Identifier: MIT
#include "host/schema.hpp"

#include <algorithm>
#include <bit>
#include <string_view>

namespace sg::schema {

namespace {

std::vector<std::string> const on_run{"run"};
std::vector<std::string> const on_run_step{"run", "step"};
std::vector<std::string> const on_spectrum{"run", "spectrum_step"};
std::vector<std::string> const on_top{"run", "spectrum_step", "top"};
std::vector<std::string> const on_node{"run", "spectrum_step", "probe", "node"};

// Every name that the file gives to something other than a swept key.
constexpr std::string_view other_names =
    " run step constant point model networks c_sharp_margin critical_log2c_low critical_log2c_high "
    "critical_status critical_rests_on_collapsed audit_measurements audit_misses audit_worst "
    "committed_rows commit_checksum study_state end_time commit_a commit_b commit_field "
    "point_depth point_width point_seed "
    "point_networks point_collapsed point_diverged spectrum_step top probe node ";

bool taken(std::string const& name) {
    auto const same = [&](auto const& field) { return field.variable.name == name; };
    return other_names.find(" " + name + " ") != std::string_view::npos ||
           std::any_of(run_fields().begin(), run_fields().end(), same) ||
           std::any_of(step_fields().begin(), step_fields().end(), same) ||
           std::any_of(spectrum_fields().begin(), spectrum_fields().end(), same);
}

// FNV-1a with 64 bits, byte by byte, the lowest first: the same on every machine.
struct Fnv {
    std::uint64_t state;

    void operator()(std::uint64_t bits) {
        for (int byte = 0; byte < 8; ++byte, bits >>= 8)
            state = (state ^ (bits & 0xff)) * 0x100000001b3;
    }
    void operator()(double value) { (*this)(std::bit_cast<std::uint64_t>(value)); }
    template <class T>
    void operator()(T value) {
        (*this)(static_cast<std::uint64_t>(static_cast<std::int64_t>(value)));
    }
    template <class T>
    void operator()(std::vector<T> const& values) {
        for (T const& value : values) (*this)(value);
    }
};

}  // namespace

std::vector<RunField> const& run_fields() {
    using T = Trajectory;
    auto const status = words_of(run_status_names);
    static std::vector<RunField> const fields{
        {{"depth", on_run, "weight layers", "1", "", {}}, &T::depth},
        {{"width", on_run, "units of a hidden layer", "1", "", {}}, &T::width},
        {{"seed", on_run, "seed of weights and batches", "1", "", {}}, &T::seed},
        {{"c", on_run, "learning-rate constant: learning_rate * sharpness_0", "1", "", {}}, &T::c},
        {{"learning_rate", on_run, "learning rate", "1", "", {}}, &T::learning_rate},
        {{"sharpness_0", on_run, "sharpness at initialisation", "1", "", {}}, &T::sharpness_0},
        {{"sharpness_0_residual", on_run, "residual |H v - lambda v| of sharpness_0", "1", "", {}},
         &T::sharpness_0_residual},
        {{"run_status", on_run, "how the network ended", "", "", status}, &T::status},
        {{"diverged_step",
          on_run,
          "first step whose loss is not finite or above 1e5; -1 where there is none",
          "1",
          "",
          {}},
         &T::diverged_step},
        {{"barrier_ratio",
          on_run,
          "largest loss on the line from first to last weights over the loss at step 0",
          "1",
          "",
          {}},
         &T::barrier_ratio},
    };
    return fields;
}

std::vector<StepField> const& step_fields() {
    using T = Trajectory;
    auto const status = words_of(sharpness_status_names);
    static std::vector<StepField> const fields{
        {{"loss", on_run_step, "loss; attribute measured_on says on which examples", "1", "", {}}, &T::loss},
        {{"train_loss", on_run_step, "loss on the batch of the step", "1", "", {}}, &T::train_loss},
        {{"accuracy", on_run_step, "accuracy on the examples of the loss", "1", "", {}},
         &T::accuracy},
        {{"sharpness", on_run_step, "largest eigenvalue of the Hessian of the loss", "1", "", {}},
         &T::sharpness},
        {{"sharpness_residual", on_run_step, "residual |H v - lambda v|, |v| = 1", "1", "", {}},
         &T::sharpness_residual},
        {{"sharpness_products",
          on_run_step,
          "Hessian-vector products spent; 0 where not reached or not measured",
          "1",
          "",
          {}},
         &T::sharpness_products},
        {{"sharpness_status", on_run_step, "what the sharpness can be trusted for", "", "", status},
         &T::sharpness_status},
    };
    return fields;
}

std::vector<StepField> const& spectrum_fields() {
    using T = Trajectory;
    auto const status = words_of(sharpness_status_names);
    static std::vector<StepField> const fields{
        {{"top_eigenvalue", on_top, "largest eigenvalues of the Hessian", "1", "", {}},
         &T::top_eigenvalue},
        {{"top_eigenvalue_residual", on_top, "residual |H v - lambda v|, |v| = 1", "1", "", {}},
         &T::top_eigenvalue_residual},
        {{"smallest_eigenvalue", on_spectrum, "smallest eigenvalue of the Hessian", "1", "", {}},
         &T::smallest_eigenvalue},
        {{"smallest_eigenvalue_residual",
          on_spectrum,
          "residual |H v - lambda v|, |v| = 1",
          "1",
          "",
          {}},
         &T::smallest_eigenvalue_residual},
        {{"density_node", on_node, "eigenvalue at which a probe has weight", "1", "", {}},
         &T::density_node},
        {{"density_weight", on_node, "share of the eigenvalues near the node", "1", "", {}},
         &T::density_weight},
        {{"spectrum_products", on_spectrum, "Hessian-vector products spent", "1", "", {}},
         &T::spectrum_products},
        {{"spectrum_status", on_spectrum, "what the eigenvalues can be trusted for", "", "", status},
         &T::spectrum_status},
    };
    return fields;
}

std::vector<h5::Axis> spectrum_axes(SpectrumSpec const& spectrum) {
    std::vector<h5::Axis> axes;
    auto const add = [&](char const* name, std::size_t length) {
        if (length > 0) axes.push_back({name, length, false});
    };
    add("spectrum_step", spectrum.steps.size());
    add("top", static_cast<std::size_t>(spectrum.top));
    add("probe", static_cast<std::size_t>(spectrum.probes));
    add("node", static_cast<std::size_t>(spectrum.order));
    return axes;
}

std::vector<std::uint64_t> spectrum_shape(StepField const& field, SpectrumSpec const& spectrum) {
    if (field.variable.name.starts_with("smallest_") && !spectrum.smallest) return {};
    auto const axes = spectrum_axes(spectrum);
    std::vector<std::uint64_t> shape;
    for (std::size_t k = 1; k < field.variable.axes.size(); ++k) {
        auto const is_it = [&](h5::Axis const& axis) { return axis.name == field.variable.axes[k]; };
        auto const axis = std::find_if(axes.begin(), axes.end(), is_it);
        if (axis == axes.end()) return {};
        shape.push_back(axis->length);
    }
    return shape;
}

std::size_t spectrum_entries(StepField const& field, SpectrumSpec const& spectrum) {
    auto const shape = spectrum_shape(field, spectrum);
    std::size_t entries = shape.empty() ? 0 : 1;
    for (auto const length : shape) entries *= length;
    return entries;
}

bool has_spectrum(Trajectory const& row, SpectrumSpec const& spectrum) {
    auto const fits = [&](StepField const& field) {
        std::size_t const entries = spectrum_entries(field, spectrum);
        return std::visit([&](auto member) { return (row.*member).size() == entries; },
                          field.member);
    };
    return std::all_of(spectrum_fields().begin(), spectrum_fields().end(), fits);
}

h5::Variable const& margin_variable() {
    static h5::Variable const variable{
        "c_sharp_margin", on_run, "relative rise of sharpness that c_sharp asks for", "1", "", {}};
    return variable;
}

std::string swept_variable(SweptKey const& key) {
    return taken(key.name) || taken("point_" + key.name) ? "swept_" + key.name : key.name;
}

std::string run_coordinates(std::vector<SweptKey> const& swept) {
    std::string names = "depth width seed";
    for (SweptKey const& key : swept) names += " " + swept_variable(key);
    return names + " c learning_rate sharpness_0 sharpness_0_residual";
}

std::string point_coordinates(std::vector<SweptKey> const& swept) {
    std::string names = "point_depth point_width point_seed";
    for (SweptKey const& key : swept) names += " point_" + swept_variable(key);
    return names;
}

void RowChecksum::add(Trajectory const& row, double margin) {
    Fnv hash{state_};
    auto const add_member = [&](auto member) { hash(row.*member); };
    for (RunField const& field : run_fields()) std::visit(add_member, field.member);
    for (StepField const& field : step_fields()) std::visit(add_member, field.member);
    for (StepField const& field : spectrum_fields()) std::visit(add_member, field.member);
    hash(row.swept);
    hash(margin);
    state_ = hash.state;
}

std::uint64_t checksum(std::vector<Trajectory> const& rows, std::vector<double> const& margins) {
    RowChecksum sum;
    for (std::size_t k = 0; k < rows.size(); ++k) sum.add(rows[k], margins[k]);
    return sum.value();
}

namespace {

std::uint64_t check_of(std::vector<std::uint64_t> const& fields) {
    Fnv hash{RowChecksum().value()};
    for (std::size_t k = 0; k + 1 < record_fields.size(); ++k) hash(fields[k]);
    return hash.state;
}

}  // namespace

std::vector<std::uint64_t> packed(CommitRecord const& record) {
    AuditTally const& audit = record.audit;
    std::vector<std::uint64_t> fields{record.sequence,
                                      record.rows,
                                      record.checksum,
                                      static_cast<std::uint64_t>(audit.measurements),
                                      static_cast<std::uint64_t>(audit.misses),
                                      std::bit_cast<std::uint64_t>(audit.worst),
                                      0};
    fields.back() = check_of(fields);
    return fields;
}

std::optional<CommitRecord> unpacked(std::vector<std::uint64_t> const& fields) {
    if (fields.size() != record_fields.size() || fields.back() != check_of(fields)) return {};
    return CommitRecord{fields[0],
                        fields[1],
                        fields[2],
                        {static_cast<std::int64_t>(fields[3]), static_cast<std::int64_t>(fields[4]),
                         std::bit_cast<double>(fields[5])}};
}

}  // namespace sg::schema
