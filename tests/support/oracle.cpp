// SPDX-License-Identifier: MIT
#include "tests/support/oracle.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "tests/support/backprop.hpp"
#include "tests/support/random.hpp"

namespace sg::oracle {
namespace {

bool is_last(FcnSpec const& spec, int l) { return l == spec.depth - 1; }

// σ²/fan_in of a hidden layer, 1/fan_in of the last: what keeps the size of a signal.
double natural_variance(FcnSpec const& spec, int l) {
    double const gain = !is_last(spec, l) && spec.activation == Activation::relu ? 2 : 1;
    return gain / fan_in(spec, l);
}

double const* row(Examples const& examples, int b) {
    return examples.x.data() + static_cast<std::ptrdiff_t>(b) * examples.inputs;
}

int label_of(Examples const& examples, int b) {
    return examples.label[static_cast<std::size_t>(b)];
}

double squared_error(double const* o, int classes, int label) {
    double sum = 0;
    for (int k = 0; k < classes; ++k) {
        double const e = o[k] - (k == label ? 1 : 0);
        sum += e * e;
    }
    return 0.5 * sum / classes;
}

// Stable: the largest output is taken out before exp and comes back exactly.
double minus_log_softmax(double const* o, int classes, int label) {
    double const top = *std::max_element(o, o + classes);
    double sum = 0;
    for (int k = 0; k < classes; ++k) sum += std::exp(o[k] - top);
    return std::log(sum) - (o[label] - top);
}

void require(bool ok, char const* message) {
    if (!ok) throw std::invalid_argument(message);
}

}  // namespace

int fan_in(FcnSpec const& spec, int l) { return l == 0 ? spec.inputs : spec.width; }

int fan_out(FcnSpec const& spec, int l) { return is_last(spec, l) ? spec.classes : spec.width; }

std::size_t layer_offset(FcnSpec const& spec, int l) {
    std::size_t offset = 0;
    for (int k = 0; k < l; ++k)
        offset +=
            static_cast<std::size_t>(fan_in(spec, k)) * static_cast<std::size_t>(fan_out(spec, k));
    return offset;
}

std::size_t parameter_count(FcnSpec const& spec) { return layer_offset(spec, spec.depth); }

double layer_multiplier(FcnSpec const& spec, int l) {
    Parameterization const p = spec.parameterization;
    require(p != Parameterization::mup || spec.output_exponent == 0,
            "oracle: mup has no output_exponent");
    double const carried =
        p == Parameterization::standard ? 1 : std::sqrt(natural_variance(spec, l));
    if (!is_last(spec, l)) return carried;
    double const exponent = p == Parameterization::mup ? 0.5 : spec.output_exponent;
    return carried * spec.output_scale / std::pow(spec.width, exponent);
}

double init_variance(FcnSpec const& spec, int l) {
    bool const standard = spec.parameterization == Parameterization::standard;
    double const natural = standard ? natural_variance(spec, l) : 1;
    if (!is_last(spec, l) || spec.last_layer == LastLayer::standard) return natural;
    if (spec.last_layer == LastLayer::zero) return 0;
    require(standard, "oracle: a scaled last layer belongs to the standard parameterisation");
    return natural / fan_in(spec, l);
}

std::vector<detail::Shape> detail::shapes(FcnSpec const& spec) {
    std::vector<Shape> out;
    for (int l = 0; l < spec.depth; ++l)
        out.push_back({static_cast<std::size_t>(fan_in(spec, l)),
                       static_cast<std::size_t>(fan_out(spec, l)), layer_offset(spec, l),
                       layer_multiplier(spec, l)});
    return out;
}

void detail::check(Net const& net, Examples const& examples) {
    auto const count = static_cast<std::size_t>(examples.count);
    require(net.spec.depth >= 1, "oracle: a network needs at least one layer");
    require(net.theta.size() == parameter_count(net.spec), "oracle: theta does not fit the spec");
    require(examples.count >= 1, "oracle: no examples");
    require(examples.inputs == net.spec.inputs && examples.classes == net.spec.classes,
            "oracle: examples and network differ in inputs or classes");
    require(examples.x.size() == count * static_cast<std::size_t>(examples.inputs) &&
                examples.label.size() == count,
            "oracle: x or label does not fit the number of examples");
    for (int const label : examples.label)
        require(label >= 0 && label < examples.classes, "oracle: a label is out of range");
}

Vec outputs(Net const& net, Examples const& examples) {
    detail::check(net, examples);
    detail::Backprop<double> pass(net.spec, net.theta);
    Vec out;
    for (int b = 0; b < examples.count; ++b) {
        Vec const& o = pass.forward(row(examples, b));
        out.insert(out.end(), o.begin(), o.end());
    }
    return out;
}

double loss(Net const& net, Examples const& examples, Loss kind) {
    Vec const o = outputs(net, examples);
    int const classes = examples.classes;
    double sum = 0;
    for (int b = 0; b < examples.count; ++b) {
        double const* const ob = o.data() + static_cast<std::ptrdiff_t>(b) * classes;
        sum += kind == Loss::mse ? squared_error(ob, classes, label_of(examples, b))
                                 : minus_log_softmax(ob, classes, label_of(examples, b));
    }
    return sum / examples.count;
}

double accuracy(Net const& net, Examples const& examples) {
    Vec const o = outputs(net, examples);
    int right = 0;
    for (int b = 0; b < examples.count; ++b) {
        double const* const ob = o.data() + static_cast<std::ptrdiff_t>(b) * examples.classes;
        // max_element returns the first of equals.
        right += std::max_element(ob, ob + examples.classes) - ob == label_of(examples, b);
    }
    return static_cast<double>(right) / examples.count;
}

Vec gradient(Net const& net, Examples const& examples, Loss kind) {
    detail::check(net, examples);
    return detail::gradient_of(net.spec, net.theta, examples, kind);
}

std::vector<char> sign_pattern(Net const& net, Examples const& examples) {
    detail::check(net, examples);
    detail::Backprop<double> pass(net.spec, net.theta);
    auto const hidden = static_cast<std::size_t>(net.spec.depth - 1);
    auto const width = static_cast<std::size_t>(net.spec.width);
    auto const count = static_cast<std::size_t>(examples.count);
    std::vector<char> out(hidden * count * width);
    for (std::size_t b = 0; b < count; ++b) {
        pass.forward(row(examples, static_cast<int>(b)));
        for (std::size_t l = 0; l < hidden; ++l)
            for (std::size_t j = 0; j < width; ++j)
                out[(l * count + b) * width + j] = pass.preactivation(l)[j] > 0;
    }
    return out;
}

std::vector<Vec> train(Net const& start, std::span<Examples const> batches, Loss kind,
                       double learning_rate, double momentum) {
    Net net = start;
    Vec m(net.theta.size());
    std::vector<Vec> trajectory{net.theta};
    for (Examples const& batch : batches) {
        Vec const g = gradient(net, batch, kind);
        for (std::size_t p = 0; p < m.size(); ++p) {
            m[p] = momentum * m[p] + g[p];
            net.theta[p] -= learning_rate * m[p];
        }
        trajectory.push_back(net.theta);
    }
    return trajectory;
}

Net random_net(FcnSpec const& spec, std::uint64_t seed) {
    Net net{spec, Random(seed).normals(parameter_count(spec))};
    for (int l = 0; l < spec.depth; ++l) {
        double const deviation = std::sqrt(init_variance(spec, l));
        for (std::size_t p = layer_offset(spec, l); p < layer_offset(spec, l + 1); ++p)
            net.theta[p] *= deviation;
    }
    return net;
}

Examples random_examples(int count, int inputs, int classes, std::uint64_t seed) {
    Random random(seed);
    Examples out{count, inputs, classes, {}, {}};
    out.x = random.normals(static_cast<std::size_t>(count) * static_cast<std::size_t>(inputs));
    for (int b = 0; b < count; ++b) out.label.push_back(random.below(classes));
    return out;
}

}  // namespace sg::oracle
