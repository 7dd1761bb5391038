// SPDX-License-Identifier: MIT
// What networks read: examples shared by groups of networks, or the activations of the layer below.
#pragma once

#include <vector>

#include "cuda/exec/exec.hpp"
#include "cuda/exec/view.hpp"
#include "cuda/ops/loss.hpp"
#include "cuda/ops/matmul.hpp"

namespace sg {

// Examples for a slice. Networks of one group stand together, so that a batch is a shared operand.
template <class T>
struct Batch {
    View<T const, 3> x;                          // (G, B, D)
    Labels labels;                               // (G, B)
    std::vector<Group> const* groups = nullptr;  // cover the networks of the slice, in order
    View<T const, 3> rotated{};                  // (G, B, r) L of nets/rotation.hpp; r = 0: there is none

    std::int64_t examples() const { return x.extent[1]; }
};

// The input of a layer: either per network, or the groups of a batch (chunked in step with it).
template <class T>
struct LayerInput {
    View<T const, 3> x;                            // (N, B, in), or (G, B, in) with groups
    std::vector<Group> const* groups = nullptr;
};

}  // namespace sg
