// SPDX-License-Identifier: MIT
// The oracle: networks, losses, gradients and Hessians in double with plain loops, one example at a
// time. It shares no code with the engine (of which it takes the enumerators alone), so an error
// must be made twice, in two different ways, to pass a comparison.
//
// B examples, D inputs, K classes, P parameters, L = depth weight matrices. Arithmetic is IEEE: an
// overflow gives inf or nan, never an error. Operands of wrong size throw std::invalid_argument.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "cuda/nets/spec.hpp"
#include "tests/support/eigen.hpp"

namespace sg::oracle {

using Vec = std::vector<double>;

struct Net {
    FcnSpec spec;
    Vec theta;  // (P) the matrices (fan_in, fan_out), row-major, layer 0 first
};

struct Examples {
    int count = 0, inputs = 0, classes = 0;
    Vec x;                   // (B, D)
    std::vector<int> label;  // (B) in [0, K)
};

// Shape of layer l in [0, L). With depth 1 the only matrix, inputs → classes, is the last layer.
int fan_in(FcnSpec const& spec, int l);
int fan_out(FcnSpec const& spec, int l);
std::size_t layer_offset(FcnSpec const& spec, int l);  // of its first weight in theta; P for l = L
std::size_t parameter_count(FcnSpec const& spec);

// DESIGN, section 4: layer l computes multiplier · (a W) and W starts as N(0, variance). All that
// scales the output (output_scale, output_exponent, the 1/√w of mup) is in the last multiplier.
// Combinations that the design excludes throw: `scaled` in ntk or mup, output_exponent in mup.
double layer_multiplier(FcnSpec const& spec, int l);
double init_variance(FcnSpec const& spec, int l);

Vec outputs(Net const& net, Examples const& examples);  // (B, K)
double loss(Net const& net, Examples const& examples, Loss kind);
double accuracy(Net const& net, Examples const& examples);          // the lowest index wins a tie
Vec gradient(Net const& net, Examples const& examples, Loss kind);  // (P)

// Is the argument of each hidden unit positive?   (L - 1, B, w)
// Finite differences of a relu network mean nothing across a change of it.
std::vector<char> sign_pattern(Net const& net, Examples const& examples);

// H v by central differences of the gradient, extrapolated from steps h and h/2 (Richardson); the
// error is O(h⁴). h = difference_step(net, v) moves the weights by 1e-3 of their norm.
double difference_step(Net const& net, Vec const& v);
Vec Hv(Net const& net, Examples const& examples, Loss kind, Vec const& v);
bool crosses_kink(Net const& net, Examples const& examples, Vec const& v);  // within ± that step

// H v by dual numbers through the gradient: no step, the piecewise second derivative of relu is 0.
Vec exact_Hv(Net const& net, Examples const& examples, Loss kind, Vec const& v);

struct DenseHessian {
    int n = 0;             // P
    Vec h;                 // (P, P) symmetrised
    double asymmetry = 0;  // largest |h(i, j) - h(j, i)| before that: rounding, if all is well
};
DenseHessian dense_hessian(Net const& net, Examples const& examples, Loss kind);
Spectrum hessian_spectrum(Net const& net, Examples const& examples, Loss kind);  // P up to ~600

// Sharpness of a network too large for that, by Lanczos on exact_Hv.
TopEigenpair top_eigenvalue(Net const& net, Examples const& examples, Loss kind,
                            LanczosLimits const& limits = {});

struct PowerResult {
    double sharpness = 0;  // Rayleigh quotient of `vector`; nan where H annihilates the start
    Vec vector;            // of norm one
};
// tests/reference/README.md, point 4: `iterations` times v = H (v/|v|), then one quotient.
PowerResult power(Net const& net, Examples const& examples, Loss kind, Vec const& start,
                  int iterations = 20);

// Heavy-ball SGD (m = momentum · m + g, θ = θ - η m), one step for each batch.   (steps + 1, P)
// Row t holds the weights before step t, the last row those after all of them.
std::vector<Vec> train(Net const& start, std::span<Examples const> batches, Loss kind,
                       double learning_rate, double momentum = 0);

Net random_net(FcnSpec const& spec, std::uint64_t seed);
Examples random_examples(int count, int inputs, int classes, std::uint64_t seed);  // x ~ N(0, 1)

}  // namespace sg::oracle
