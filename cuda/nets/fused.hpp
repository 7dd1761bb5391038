// SPDX-License-Identifier: MIT
// The tangent pass of narrow networks in one launch between the two matmuls of the first layer: blocks keep the
// tangents of 64 examples in scratch from the first layer to the last and back. N networks, B examples of a chunk.
#pragma once

#include <optional>
#include <string_view>

#include "cuda/nets/model.hpp"

namespace sg {

// What depends on shapes alone.
struct FusedShape {
    static constexpr int examples = 64;     // of a tile
    static constexpr int widest = 64;       // a layer
    static constexpr int most_layers = 16;  // weight matrices
    static constexpr int most_blocks = 16;  // of a network, for one chunk
    static constexpr int most_slices = 8;

    int layers = 0;
    int width = 0;    // of the hidden layers, made up to a multiple of 4
    int row = 0;      // numbers of a row of scratch
    int slices = 1;   // of a tile's examples, whose weight gradients are summed apart: all threads have work then
    int threads = 0;  // of a block
    bool curved = false;

    // Nothing for a model that is deeper or wider, or has one layer.
    static std::optional<FusedShape> of(Model const& model);

    std::size_t scratch(std::size_t element) const;  // bytes of a block
    // Of a chunk: tiles of a block, one after the other; blocks of a network; sums of weight gradients, the most that
    // a chunk of at most so many examples has.
    static int tiles_of_block(std::int64_t count);
    static int blocks(std::int64_t count);
    int most_sums(std::int64_t count) const;
};

// Whether products of a model in numbers of `element` bytes are fused on a device with this driver name: the table of
// nets/fused_table.hpp. A decision by timing would change the bits from run to run.
bool fused_by_table(std::string_view device, Model const& model, std::size_t element);

// Scratch of fused products for chunks of B examples.
template <class T>
struct FusedTape {
    View<T, 3> R;     // (N, B, w) Rz of the first layer, then Rδ
    View<T, 3> sums;  // (N, sums, P − P of the first layer) parts of Hv

    static FusedTape take(Arena& arena, Model const& model, int nets, std::int64_t examples);
};

// As `tangent`. The order of every sum depends on shapes alone.
template <class T>
void fused_tangent(Exec const& exec, Nets nets, Model const& model, Loss loss, std::int64_t total,
                   View<T const, 2> const& theta, Batch<T> const& batch, Tape<T> const& tape,
                   FusedTape<T> const& scratch, View<T const, 2> const& v, View<T, 2> const& Hv, bool accumulate);

}  // namespace sg
