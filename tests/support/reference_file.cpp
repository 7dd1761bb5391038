// SPDX-License-Identifier: MIT
#include "tests/support/reference_file.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <utility>

#include "tests/support/hdf5_file.hpp"

namespace sg::oracle {
namespace {

using Shape = Hdf5File::Shape;

std::size_t extent(int n) { return static_cast<std::size_t>(n); }

int count(Hdf5File const& file, std::string const& name) {
    double const value = file.number(name);
    if (!(value >= 1 && value <= 1e9 && value == std::floor(value)))
        file.fail("attribute " + name + " must be a positive whole number");
    return static_cast<int>(value);
}

template <class Choice>
Choice choice(Hdf5File const& file, std::string const& name,
              std::vector<std::pair<std::string, Choice>> const& known) {
    std::string const& word = file.word(name);
    for (auto const& [spelling, value] : known)
        if (word == spelling) return value;
    file.fail("attribute " + name + " is unknown: " + word);
}

// The sizes are stated twice in the file; a disagreement means that it is not what it says.
void read_network(Hdf5File const& file, FcnSpec& spec) {
    if (file.number("format_version") != 1) file.fail("format_version is not 1");
    if (file.number("bias") != 0) file.fail("a network with bias is not supported");
    spec.depth = count(file, "depth");
    spec.width = count(file, "width");
    spec.inputs = count(file, "inputs");
    spec.classes = count(file, "classes");
    spec.activation = choice<Activation>(
        file, "activation",
        {{"relu", Activation::relu}, {"tanh", Activation::tanh}, {"linear", Activation::linear}});
    bool const zero = file.number("last_layer_zero") != 0;
    spec.last_layer = zero ? LastLayer::zero : LastLayer::standard;

    Vec sizes{static_cast<double>(spec.inputs)};
    for (int l = 0; l < spec.depth; ++l) sizes.push_back(fan_out(spec, l));
    auto const stated = file.numbers().find("layer_sizes");
    if (stated == file.numbers().end() || stated->second != sizes)
        file.fail("attribute layer_sizes does not agree with depth, width, inputs, classes");
    if (file.number("n_params") != static_cast<double>(parameter_count(spec)))
        file.fail("attribute n_params does not agree with layer_sizes");
}

void read_settings(Hdf5File const& file, Reference& r) {
    r.numbers = file.numbers();
    r.words = file.words();
    r.loss_kind = choice<Loss>(file, "loss", {{"mse", Loss::mse}, {"xent", Loss::cross_entropy}});
    r.momentum = file.number("momentum");
    r.divergence_threshold = file.number("divergence_threshold");
    r.steps = count(file, "steps");
    r.batch_size = count(file, "batch_size");
    r.measure_examples = count(file, "measure_examples");
    r.power_iterations = count(file, "power_iterations");
    r.interp_points = count(file, "interp_points");
    r.runs = static_cast<int>(file.length("c"));
}

void read_layers(Hdf5File const& file, Reference& r) {
    using Field = std::pair<char const*, Vec*>;
    for (auto const& [group, field] :
         {Field{"init_weights", &r.init_weights}, Field{"power_start", &r.power_start},
          Field{"hvp_vector", &r.hvp_vector}, Field{"hvp_result", &r.hvp_result},
          Field{"grad_step0", &r.grad_step0}})
        for (int l = 0; l < r.spec.depth; ++l) {
            Vec const matrix =
                file.doubles(std::string(group) + "/layer_" + std::to_string(l),
                             {extent(fan_in(r.spec, l)), extent(fan_out(r.spec, l))});
            field->insert(field->end(), matrix.begin(), matrix.end());
        }
}

void read_doubles(Hdf5File const& file, Reference& r) {
    std::size_t const R = extent(r.runs), S = extent(r.steps), L = extent(r.spec.depth);
    struct Field {
        char const* name;
        Vec* values;
        Shape shape;
    };
    for (auto const& [name, values, shape] : {
             Field{"c", &r.c, {R}},
             Field{"learning_rate", &r.learning_rate, {R}},
             Field{"grad_layer_norm_step0", &r.grad_layer_norm_step0, {L}},
             Field{"loss", &r.loss, {R, S + 1}},
             Field{"accuracy", &r.accuracy, {R, S + 1}},
             Field{"sharpness", &r.sharpness, {R, S + 1}},
             Field{"train_batch_loss", &r.train_batch_loss, {R, S}},
             Field{"weight_layer_norm", &r.weight_layer_norm, {R, S + 1, L}},
             Field{"top_eigenvalue", &r.top_eigenvalue, {R, 2}},
             Field{"top_eigenvalue_largest_magnitude", &r.top_eigenvalue_largest_magnitude, {R, 2}},
             Field{"top_eigenvalue_residual", &r.top_eigenvalue_residual, {R, 2}},
             Field{"interp_loss", &r.interp_loss, {R, extent(r.interp_points)}},
             Field{"final_weight_sample",
                   &r.final_weight_sample,
                   {R, file.length("final_weight_sample_index")}},
             Field{"cross_check/loss_rel_diff", &r.loss_rel_diff, {R, S + 1}},
             Field{"cross_check/sharpness_rel_diff", &r.sharpness_rel_diff, {R, S + 1}},
         })
        *values = file.doubles(name, shape);
    r.grad_norm_step0 = file.doubles("grad_norm_step0", {})[0];
}

void read_integers(Hdf5File const& file, Reference& r) {
    std::size_t const R = extent(r.runs);
    auto const rows = [&](char const* name, Shape const& shape, std::size_t end) {
        std::vector<int> const out = file.integers(name, shape);
        for (int const i : out)
            if (i < 0 || extent(i) >= end)
                file.fail(std::string(name) + " has an index out of range");
        return out;
    };
    constexpr std::size_t images = 60000;  // of the training file that the recipe names
    r.measure_indices = rows("measure_indices", {extent(r.measure_examples)}, images);
    r.batch_indices = rows("batch_indices", {extent(r.steps), extent(r.batch_size)}, images);
    r.final_weight_sample_index =
        rows("final_weight_sample_index", {file.length("final_weight_sample_index")},
             parameter_count(r.spec));
    r.first_step_measure_loss_exceeds = file.integers("first_step_measure_loss_exceeds", {R});
    r.first_step_train_loss_exceeds = file.integers("first_step_train_loss_exceeds", {R});
    r.first_step_train_loss_exceeds_ignoring_nan =
        file.integers("first_step_train_loss_exceeds_ignoring_nan", {R});
}

}  // namespace

std::vector<int> Reference::batch(int step) const {
    auto const first = batch_indices.begin() + static_cast<std::ptrdiff_t>(step) * batch_size;
    return {first, first + batch_size};
}

double Reference::at_step(Vec const& per_step, int run, int step) const {
    return per_step.at(extent(run) * extent(steps + 1) + extent(step));
}

double Reference::tolerance(int run) const {
    double largest = 0;
    for (int t = 0; t <= steps; ++t)
        for (Vec const* difference : {&loss_rel_diff, &sharpness_rel_diff})
            largest = std::fmax(largest, at_step(*difference, run, t));  // fmax passes over nan
    return std::max(1000 * largest, 1e-12);
}

Reference read_reference(std::string const& path) {
    Hdf5File const file(path);
    Reference r;
    r.name = std::filesystem::path(path).stem().string();
    read_network(file, r.spec);
    read_settings(file, r);
    read_layers(file, r);
    read_doubles(file, r);
    read_integers(file, r);
    return r;
}

}  // namespace sg::oracle
