// SPDX-License-Identifier: MIT
// What a network is, in words: closed lists and their names, and the shape of one model. No device code.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace sg {

enum class Activation : std::uint8_t { relu, tanh, linear };
enum class Loss : std::uint8_t { mse, cross_entropy };
enum class LastLayer : std::uint8_t { standard, zero, scaled };
enum class Parameterization : std::uint8_t { standard, ntk, mup };

// The names of the configuration file and of the output file, in the order of the enumerators.
inline constexpr std::array<std::string_view, 3> activation_names{"relu", "tanh", "linear"};
inline constexpr std::array<std::string_view, 2> loss_names{"mse", "cross_entropy"};
inline constexpr std::array<std::string_view, 3> last_layer_names{"standard", "zero", "scaled"};
inline constexpr std::array<std::string_view, 3> parameterization_names{"standard", "ntk", "mup"};

// A fully connected network of `depth` weight matrices without bias:
// inputs → width → ... → width → classes.
struct FcnSpec {
    int depth = 2;
    int width = 16;
    int inputs = 784;
    int classes = 10;
    Activation activation = Activation::relu;
    LastLayer last_layer = LastLayer::standard;
    Parameterization parameterization = Parameterization::standard;
    double output_scale = 1;     // α: the output is multiplied by it
    double output_exponent = 0;  // s: the output is divided by width^s (standard and ntk)
};

// What the weights u, v of the solvable model (nets/uv.hpp) begin with; kappa 0: as they were drawn.
struct UvStart {
    double kappa = 0;  // κ₀ = (‖u‖² + ‖v‖²) / n
    double r = 0;      // f₀² / (n κ₀²), at most 1/4
};

}  // namespace sg
