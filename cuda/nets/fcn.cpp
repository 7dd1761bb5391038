// SPDX-License-Identifier: MIT
#include <cmath>

#include "cuda/nets/model.hpp"

namespace sg {

namespace {

// What multiplies x W of layer l, and the variance of its weights.
struct Scaling {
    double multiplier, variance;
};

Scaling layer_scaling(FcnSpec const& s, bool last, double fan_in)
{
    double const gain = !last && s.activation == Activation::relu ? 2.0 : 1.0;  // σ²
    if (s.parameterization == Parameterization::standard) return {1, gain / fan_in};
    return {std::sqrt(gain / fan_in), 1};
}

// The last layer carries what is done to the output.
Scaling last_layer_scaling(FcnSpec const& s, double fan_in)
{
    auto scaling = layer_scaling(s, true, fan_in);
    if (s.last_layer == LastLayer::zero) scaling.variance = 0;
    if (s.last_layer == LastLayer::scaled) scaling.variance /= fan_in;
    double const exponent = s.parameterization == Parameterization::mup ? 0.5 : s.output_exponent;
    scaling.multiplier *= s.output_scale * std::pow(s.width, -exponent);
    return scaling;
}

void check(FcnSpec const& s)
{
    if (s.depth < 1 || s.width < 1 || s.inputs < 1 || s.classes < 1)
        throw UserError("a network needs depth, width, inputs and classes of at least 1");
    if (s.last_layer == LastLayer::scaled && s.parameterization != Parameterization::standard)
        throw UserError("last_layer: scaled is defined for parameterization: standard only");
    if (s.output_exponent != 0 && s.parameterization == Parameterization::mup)
        throw UserError("output_exponent is part of mup and cannot be set there");
}

}  // namespace

Model build_fcn(FcnSpec const& spec)
{
    check(spec);
    Model model;
    model.inputs = spec.inputs;
    model.classes = spec.classes;
    model.relu = spec.activation == Activation::relu && spec.depth > 1;
    for (int l = 0; l < spec.depth; ++l) {
        bool const last = l == spec.depth - 1;
        std::int64_t const in = l == 0 ? spec.inputs : spec.width;
        std::int64_t const out = last ? spec.classes : spec.width;
        auto const scaling = last ? last_layer_scaling(spec, static_cast<double>(in))
                                  : layer_scaling(spec, false, static_cast<double>(in));
        int const t = model.tensors.add("weight", l, in, out, scaling.variance);
        model.layers.push_back(Dense{in, out, model.tensors[t].offset, scaling.multiplier,
                                     last ? Activation::linear : spec.activation});
    }
    return model;
}

}  // namespace sg
