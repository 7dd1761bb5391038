// SPDX-License-Identifier: MIT
// A model is a table of tensors and a sequence of layers; the passes run over the layers in turn.
#pragma once

#include <variant>
#include <vector>

#include "cuda/exec/buffer.hpp"
#include "cuda/nets/batch.hpp"
#include "cuda/nets/dense.hpp"
#include "cuda/nets/spec.hpp"
#include "cuda/nets/tensors.hpp"

namespace sg {

using Layer = std::variant<Dense>;

struct Model {
    TensorTable tensors;
    std::vector<Layer> layers;
    std::int64_t inputs = 0, classes = 0;
    bool relu = false;  // networks can collapse (DESIGN, section 6)
    UvStart start;      // of the solvable model alone

    std::int64_t params() const { return tensors.size(); }
    // Units of the output of layer l.
    std::int64_t units(std::size_t l) const;
    std::int64_t units() const;  // of all layers together
};

// Multipliers and variances of the parameterisations (DESIGN, section 4). UserError for a combination
// that is not defined (scaled last layer or output exponent where they have no meaning).
Model build_fcn(FcnSpec const& spec);

// Flops of one network: forward pass, gradient, and one Hessian-vector product with the primal pass kept
// (6 matmuls per hidden layer, 2 for the first).
double forward_flops(Model const& model, std::int64_t examples);
double gradient_flops(Model const& model, std::int64_t examples);
double linearise_flops(Model const& model, std::int64_t examples);  // the backward pass without the gradient
double product_flops(Model const& model, std::int64_t examples);
// The same in the coordinates of nets/rotation.hpp, of `inputs` numbers, as the CPU computes it; and how many columns of L it
// reads of an example, in the mean.
double rotated_columns(std::int64_t examples, std::int64_t inputs);
double rotated_flops(Model const& model, std::int64_t examples, std::int64_t inputs);
inline constexpr std::int64_t rotated_chunk = 128;  // examples

// Examples of one chunk: activations and tangents of a layer then stay in the second-level cache (cpu). It
// depends on the shapes and the kind of device only, because it fixes the order of sums. `rotated`: short chunks
// read less of L (nets/rotation.hpp).
std::int64_t chunk_examples(Model const& model, Space space, std::int64_t examples, bool rotated = false);

// Activations and gradients of each layer for B examples.
template <class T>
struct Tape {
    std::vector<View<T, 3>> a;      // (N, B, units) output of each layer; the last is f
    std::vector<View<T, 3>> delta;  // (N, B, units) ∂L/∂z

    static Tape take(Arena& arena, Model const& model, int nets, std::int64_t examples);
    Tape chunk(std::int64_t first, std::int64_t count) const;
};

// Scratch of the tangent passes for one chunk of B examples.
template <class T>
struct TangentTape {
    std::vector<View<T, 3>> Ra;    // (N, B, units)
    std::vector<View<T, 3>> bend;  // (N, B, units) where φ'' ≠ 0, else null
    View<T, 3> Ru[2];              // (N, B, largest units), used in turn

    static TangentTape take(Arena& arena, Model const& model, int nets, std::int64_t examples);
};

// Memory for the copies of all layers, and the copies of `params`, (N, P), as the weights or as the direction.
template <class T>
std::vector<PackedLayer<T>> take_packed(Exec const& exec, Arena& arena, Model const& model, int nets);
template <class T>
void pack(Exec const& exec, Nets nets, Model const& model, View<T const, 2> const& params,
          PackedWeights<T> PackedLayer<T>::*which, std::vector<PackedLayer<T>>& to);

// tape.a from the examples of `batch`.
template <class T>
void forward(Exec const& exec, Nets nets, Model const& model, View<T const, 2> const& theta,
             Batch<T> const& batch, Tape<T> const& tape);

// tape.delta from tape.a; `total` examples in the mean of the loss. grad (+)= gradient, unless null.
template <class T>
void backward(Exec const& exec, Nets nets, Model const& model, Loss loss, std::int64_t total,
              View<T const, 2> const& theta, Batch<T> const& batch, Tape<T> const& tape,
              View<T, 2> const& grad, bool accumulate);

// Hv (+)= ∇²L(θ) v on the examples of `batch` (Pearlmutter 1994), from a tape that holds a and delta.   packed: of θ and v
template <class T>
void tangent(Exec const& exec, Nets nets, Model const& model, Loss loss, std::int64_t total,
             View<T const, 2> const& theta, Batch<T> const& batch, Tape<T> const& tape,
             TangentTape<T> const& scratch, std::vector<PackedLayer<T>> const& packed,
             View<T const, 2> const& v, View<T, 2> const& Hv, bool accumulate);

// Examples [first, first + count) of every group.
template <class T>
Batch<T> chunk(Batch<T> batch, std::int64_t first, std::int64_t count);

}  // namespace sg
