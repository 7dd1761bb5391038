// SPDX-License-Identifier: MIT
#include "tests/support/write_reference.hpp"

#include <hdf5.h>

#include <array>
#include <stdexcept>

namespace sg::oracle {
namespace {

using Shape = std::vector<hsize_t>;

// An identifier that is dropped at the end; a negative one, as from any failed call, throws.
class Handle {
public:
    Handle(hid_t id, std::string const& what) : id_(id) {
        if (id < 0) throw std::runtime_error("HDF5: cannot make or open " + what);
    }
    Handle(Handle const&) = delete;
    Handle& operator=(Handle const&) = delete;
    ~Handle() { H5Idec_ref(id_); }
    operator hid_t() const { return id_; }

private:
    hid_t id_;
};

void check(herr_t status, std::string const& what) {
    if (status < 0) throw std::runtime_error("HDF5: cannot write " + what);
}

hid_t memory_type(double) { return H5T_NATIVE_DOUBLE; }
hid_t memory_type(int) { return H5T_NATIVE_INT; }

// An empty shape is a scalar.
hid_t space(Shape const& shape) {
    if (shape.empty()) return H5Screate(H5S_SCALAR);
    return H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr);
}

class Output {
public:
    explicit Output(std::string const& path)
        : file_(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), path),
          links_(H5Pcreate(H5P_LINK_CREATE), "link properties") {
        check(H5Pset_create_intermediate_group(links_, 1), "groups");
    }

    template <class T>
    void dataset(std::string const& name, std::vector<T> const& values, Shape const& shape) {
        Handle const extent(space(shape), name);
        hid_t const type = memory_type(T{});
        Handle const set(
            H5Dcreate2(file_, name.c_str(), type, extent, links_, H5P_DEFAULT, H5P_DEFAULT), name);
        check(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), name);
    }
    template <class T>
    void attribute(char const* name, std::vector<T> const& values, Shape const& shape = {}) {
        put(name, memory_type(T{}), shape, values.data());
    }
    void attribute(char const* name, char const* word) {
        Handle const type(H5Tcopy(H5T_C_S1), name);
        check(H5Tset_size(type, H5T_VARIABLE), name);
        check(H5Tset_cset(type, H5T_CSET_UTF8), name);
        put(name, type, {}, &word);
    }

private:
    void put(char const* name, hid_t type, Shape const& shape, void const* values) {
        Handle const extent(space(shape), name);
        Handle const made(H5Acreate2(file_, name, type, extent, H5P_DEFAULT, H5P_DEFAULT), name);
        check(H5Awrite(made, type, values), name);
    }

    Handle file_, links_;
};

template <class Choice, std::size_t n>
char const* word(Choice choice, std::array<char const*, n> const& words) {
    return words.at(static_cast<std::size_t>(choice));
}

void write_settings(Output& file, Reference const& r) {
    using Words = std::array<char const*, 3>;
    std::vector<int> sizes{r.spec.inputs};
    for (int l = 0; l < r.spec.depth; ++l) sizes.push_back(fan_out(r.spec, l));
    file.attribute("layer_sizes", sizes, {sizes.size()});
    file.attribute("activation", word(r.spec.activation, Words{"relu", "tanh", "linear"}));
    file.attribute("loss", word(r.loss_kind, Words{"mse", "xent", ""}));
    file.attribute("dataset", "fashion-mnist train");
    file.attribute("momentum", Vec{r.momentum});
    file.attribute("divergence_threshold", Vec{r.divergence_threshold});
    struct Field {
        char const* name;
        int value;
    };
    for (auto const& [name, value] :
         {Field{"format_version", 1}, Field{"bias", 0}, Field{"depth", r.spec.depth},
          Field{"width", r.spec.width}, Field{"inputs", r.spec.inputs},
          Field{"classes", r.spec.classes}, Field{"steps", r.steps},
          Field{"n_params", static_cast<int>(r.init_weights.size())},
          Field{"last_layer_zero", r.spec.last_layer == LastLayer::zero},
          Field{"batch_size", r.batch_size}, Field{"measure_examples", r.measure_examples},
          Field{"power_iterations", r.power_iterations}, Field{"interp_points", r.interp_points}})
        file.attribute(name, std::vector<int>{value});
}

void write_layers(Output& file, std::string const& group, FcnSpec const& spec, Vec const& all) {
    for (int l = 0; l < spec.depth; ++l) {
        auto const at = [&](int layer) {
            return all.begin() + static_cast<std::ptrdiff_t>(layer_offset(spec, layer));
        };
        auto const in = static_cast<hsize_t>(fan_in(spec, l));
        auto const out = static_cast<hsize_t>(fan_out(spec, l));
        file.dataset(group + "/layer_" + std::to_string(l), Vec(at(l), at(l + 1)), {in, out});
    }
}

void write_runs(Output& file, Reference const& r) {
    hsize_t const R = r.c.size(), S = static_cast<hsize_t>(r.steps),
                  F = r.final_weight_sample_index.size();
    auto const L = static_cast<hsize_t>(r.spec.depth);
    file.dataset("c", r.c, {R});
    file.dataset("learning_rate", r.learning_rate, {R});
    file.dataset("loss", r.loss, {R, S + 1});
    file.dataset("accuracy", r.accuracy, {R, S + 1});
    file.dataset("sharpness", r.sharpness, {R, S + 1});
    file.dataset("train_batch_loss", r.train_batch_loss, {R, S});
    file.dataset("weight_layer_norm", r.weight_layer_norm, {R, S + 1, L});
    file.dataset("top_eigenvalue", r.top_eigenvalue, {R, 2});
    file.dataset("top_eigenvalue_largest_magnitude", r.top_eigenvalue_largest_magnitude, {R, 2});
    file.dataset("top_eigenvalue_residual", r.top_eigenvalue_residual, {R, 2});
    file.dataset("interp_loss", r.interp_loss, {R, static_cast<hsize_t>(r.interp_points)});
    file.dataset("final_weight_sample_index", r.final_weight_sample_index, {F});
    file.dataset("final_weight_sample", r.final_weight_sample, {R, F});
    file.dataset("cross_check/loss_rel_diff", r.loss_rel_diff, {R, S + 1});
    file.dataset("cross_check/sharpness_rel_diff", r.sharpness_rel_diff, {R, S + 1});
    file.dataset("first_step_measure_loss_exceeds", r.first_step_measure_loss_exceeds, {R});
    file.dataset("first_step_train_loss_exceeds", r.first_step_train_loss_exceeds, {R});
    file.dataset("first_step_train_loss_exceeds_ignoring_nan",
                 r.first_step_train_loss_exceeds_ignoring_nan, {R});
}

}  // namespace

void write_reference(std::string const& path, Reference const& r) {
    Output file(path);
    write_settings(file, r);
    write_layers(file, "init_weights", r.spec, r.init_weights);
    write_layers(file, "power_start", r.spec, r.power_start);
    write_layers(file, "hvp_vector", r.spec, r.hvp_vector);
    write_layers(file, "hvp_result", r.spec, r.hvp_result);
    write_layers(file, "grad_step0", r.spec, r.grad_step0);
    auto const S = static_cast<hsize_t>(r.steps), B = static_cast<hsize_t>(r.batch_size);
    file.dataset("measure_indices", r.measure_indices, {r.measure_indices.size()});
    file.dataset("batch_indices", r.batch_indices, {S, B});
    file.dataset("grad_norm_step0", Vec{r.grad_norm_step0}, {});
    file.dataset("grad_layer_norm_step0", r.grad_layer_norm_step0,
                 {r.grad_layer_norm_step0.size()});
    write_runs(file, r);
}

void overwrite(std::string const& path, std::string const& dataset, Vec const& values) {
    Handle const file(H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT), path);
    Handle const set(H5Dopen2(file, dataset.c_str(), H5P_DEFAULT), dataset);
    Handle const extent(H5Dget_space(set), dataset);
    if (H5Sget_simple_extent_npoints(extent) != static_cast<hssize_t>(values.size()))
        throw std::runtime_error(path + ": " + dataset + " has another size");
    check(H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), dataset);
}

}  // namespace sg::oracle
