// SPDX-License-Identifier: MIT
// Forward and backward pass of one example, written once for double and for Dual. Private to the
// oracle's sources; tests use oracle.hpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "tests/support/dual.hpp"
#include "tests/support/oracle.hpp"

namespace sg::oracle::detail {

struct Shape {
    std::size_t in, out, offset;
    double multiplier;
};
std::vector<Shape> shapes(FcnSpec const& spec);

void check(Net const& net, Examples const& examples);  // throws std::invalid_argument

// z = multiplier · a W.   a: (in), W: (in, out), z: (out). The network's input stays plain double.
template <class A, class S>
void weigh(Shape const& layer, A const* a, S const* weight, std::vector<S>& z) {
    std::fill(z.begin(), z.end(), S{});
    for (std::size_t i = 0; i < layer.in; ++i)
        for (std::size_t j = 0; j < layer.out; ++j) z[j] += a[i] * weight[i * layer.out + j];
    for (S& v : z) v = layer.multiplier * v;
}

// W̄ += aᵀ δ.   a: (in), δ: (out), W̄: (in, out)
template <class A, class S>
void add_outer(Shape const& layer, A const* a, std::vector<S> const& delta, S* weight_gradient) {
    for (std::size_t i = 0; i < layer.in; ++i)
        for (std::size_t j = 0; j < layer.out; ++j)
            weight_gradient[i * layer.out + j] += a[i] * delta[j];
}

// max(z, 0) must let nan through, so the comparison asks for what becomes zero.
template <class S>
S activate(Activation kind, S z) {
    using std::tanh;
    if (kind == Activation::relu) return value(z) <= 0 ? S{} : z;
    return kind == Activation::tanh ? tanh(z) : z;
}

// φ'(z) · g, with φ' of tanh from a = φ(z).
template <class S>
S activation_backward(Activation kind, S z, S a, S g) {
    if (kind == Activation::relu) return value(z) > 0 ? g : S{};
    return kind == Activation::tanh ? (1.0 - a * a) * g : g;
}

// softmax(o) with the largest output taken out first; the shift cancels, so it has no tangent.
template <class S>
std::vector<S> softmax(std::vector<S> const& o) {
    using std::exp;
    double top = value(o[0]);
    for (S const& v : o) top = std::max(top, value(v));
    std::vector<S> p;
    S sum{};
    for (S const& v : o) {
        p.push_back(exp(v - top));
        sum += p.back();
    }
    for (S& v : p) v = v / sum;
    return p;
}

// ∂(mean loss)/∂o for one of `count` examples.   o: (K)
template <class S>
std::vector<S> output_error(std::vector<S> const& o, int label, int count, Loss kind) {
    bool const mse = kind == Loss::mse;
    std::vector<S> error = mse ? o : softmax(o);
    double const share = 1 / (count * (mse ? static_cast<double>(o.size()) : 1.0));
    for (std::size_t k = 0; k < error.size(); ++k)
        error[k] = share * (error[k] - (static_cast<int>(k) == label ? 1.0 : 0.0));
    return error;
}

// One example at a time through one network; keeps what the backward pass needs.
template <class S>
class Backprop {
public:
    Backprop(FcnSpec const& spec, std::vector<S> const& theta)
        : kind_(spec.activation), theta_(theta), layers_(shapes(spec)) {
        for (Shape const& layer : layers_) {
            z_.emplace_back(layer.out);
            a_.emplace_back(layer.out);
        }
    }

    // x: (D) → outputs (K), which carry no activation.
    std::vector<S> const& forward(double const* x) {
        for (std::size_t l = 0; l < layers_.size(); ++l) {
            S const* const weight = theta_.data() + layers_[l].offset;
            if (l == 0)
                weigh(layers_[l], x, weight, z_[l]);
            else
                weigh(layers_[l], a_[l - 1].data(), weight, z_[l]);
            for (std::size_t j = 0; j < z_[l].size(); ++j) a_[l][j] = activate(kind_, z_[l][j]);
        }
        return z_.back();
    }

    // Adds ∂/∂θ (error · outputs) of the last forward pass.   error: (K), gradient: (P)
    void backward(double const* x, std::vector<S> error, std::vector<S>& gradient) const {
        for (std::size_t l = layers_.size(); l-- > 0;) {
            Shape const& layer = layers_[l];
            for (S& e : error) e = layer.multiplier * e;
            S* const out = gradient.data() + layer.offset;
            if (l == 0) return add_outer(layer, x, error, out);
            add_outer(layer, a_[l - 1].data(), error, out);
            error = propagate(l, error);
        }
    }

    std::vector<S> const& preactivation(std::size_t l) const { return z_[l]; }

private:
    // δ of the layer below: φ'(z) · (W δ).
    std::vector<S> propagate(std::size_t l, std::vector<S> const& delta) const {
        S const* const weight = theta_.data() + layers_[l].offset;
        std::vector<S> below(layers_[l].in);
        for (std::size_t i = 0; i < below.size(); ++i) {
            S sum{};
            for (std::size_t j = 0; j < delta.size(); ++j)
                sum += weight[i * delta.size() + j] * delta[j];
            below[i] = activation_backward(kind_, z_[l - 1][i], a_[l - 1][i], sum);
        }
        return below;
    }

    Activation kind_;
    std::vector<S> const& theta_;
    std::vector<Shape> layers_;
    std::vector<std::vector<S>> z_, a_;  // (L, out) before and after the activation
};

template <class S>
std::vector<S> gradient_of(FcnSpec const& spec, std::vector<S> const& theta,
                           Examples const& examples, Loss kind) {
    Backprop<S> pass(spec, theta);
    std::vector<S> gradient(theta.size());
    for (int b = 0; b < examples.count; ++b) {
        double const* const x =
            examples.x.data() + static_cast<std::ptrdiff_t>(b) * examples.inputs;
        std::vector<S> const& o = pass.forward(x);
        pass.backward(
            x, output_error(o, examples.label[static_cast<std::size_t>(b)], examples.count, kind),
            gradient);
    }
    return gradient;
}

}  // namespace sg::oracle::detail
