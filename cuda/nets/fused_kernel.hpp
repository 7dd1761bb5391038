// SPDX-License-Identifier: MIT
// The kernel of nets/fused.hpp. Layers count from 0; W_l, V_l: weights and direction of layer l ≥ 1, (in, out).
#pragma once

#include "cuda/exec/team.hpp"
#include "cuda/nets/fused.hpp"
#include "cuda/ops/activation.hpp"
#include "cuda/ops/loss.hpp"
#include "cuda/ops/squares.hpp"

namespace sg {

template <class T>
struct FusedLayer {
    T const* a;      // (N, B, out) of the chunk, its networks a_step apart
    T const* delta;  // (N, B, out)
    std::int64_t a_step, delta_step;
    std::int64_t offset;  // of W in θ and v
    int in, out;
    T multiplier;
};

// Rz_0 (N, B, w) → Rδ_0, and the parts of Hv of all later layers: for each block, and slice of its tiles' examples,
// s (a_{l−1}ᵀ Rδ_l + Ra_{l−1}ᵀ δ_l).   F: φ of the hidden layers
template <class T, class F>
struct FusedTangent {
    static constexpr int most_threads = 256, least_blocks = 2;
    static constexpr int rows = FusedShape::examples, groups = rows / side;

    FusedLayer<T> layer[FusedShape::most_layers];
    int layers, row, slices, share;  // share: tiles of a block
    int count;                       // B
    bool softmax;                    // cross_entropy
    T scale;                         // of Rf
    View<T const, 2> theta, v;       // (N, P)
    View<T, 3> R;                    // (N, B, w)
    View<T, 3> sums;                 // (N, blocks · slices, P of the later layers)

    // Rows of a tile, of which the first `count` are examples; rows beyond are zero.
    struct Tile {
        int net, first, count;
    };

    SG_FN void operator()(Team const& team, int net, int block) const
    {
        int const begin = block * share * rows, end = begin + share * rows < count ? begin + share * rows : count;
        for (int first = begin; first < end; first += rows) {
            Tile const t{net, first, end - first < rows ? end - first : rows};
            begin_tile(team, t);
            for (int l = 1; l < layers; ++l) go_forward(team, t, l);
            if (softmax) apply_softmax(team, t);
            for (int l = layers - 1; l > 0; --l) go_back(team, t, l, block, first > begin);
        }
    }

private:
    // Scratch: for each layer Ra_l, which becomes Rδ_l; two arrays that hold a_l in turn, and δ_l beside a_{l−1} on the
    // way back; W_l and V_l; for curved φ −2 a_l Rz_l of each hidden layer.
    SG_FN int array() const { return rows * row; }
    SG_FN T* kept(Team const& team, int l) const { return team.scratch<T>() + l * array(); }
    SG_FN T* stage(Team const& team, int l) const { return kept(team, layers + l % 2); }
    SG_FN T* weights(Team const& team) const { return kept(team, layers + 2); }
    SG_FN T* direction(Team const& team) const { return weights(team) + widest_in() * row; }
    SG_FN T* bend(Team const& team, int l) const { return direction(team) + widest_in() * row + l * array(); }
    SG_FN int widest_in() const { return to_side(layer[0].out); }

    SG_FN static int quads(int n) { return (n + side - 1) / side; }

    // Numbers j ... j + 3 of example b of an array (N, B, width); beyond the chunk 0.
    SG_FN static Quad<T> read(T const* data, std::int64_t step, int width, Tile const& t, int b, int j)
    {
        if (b >= t.count) return {};
        return read_quad(data + t.net * step + std::int64_t{t.first + b} * width, j, width);
    }
    SG_FN Quad<T> read_a(Tile const& t, int l, int b, int j) const
    {
        return read(layer[l].a, layer[l].a_step, layer[l].out, t, b, j);
    }
    SG_FN Quad<T> read_delta(Tile const& t, int l, int b, int j) const
    {
        return read(layer[l].delta, layer[l].delta_step, layer[l].out, t, b, j);
    }

    // Ra_l of four units of example b from their Rz; and a_l, for the next layer.
    SG_FN void activate(Team const& team, Tile const& t, int l, int b, int j, Quad<T> const& z) const
    {
        Quad<T> const a = read_a(t, l, b, j);
        Quad<T> Ra, curl;
        for (int y = 0; y < side; ++y) {
            Ra.x[y] = F::slope(a.x[y]) * z.x[y];
            if constexpr (F::curved) curl.x[y] = F::bend(a.x[y]) * z.x[y];
        }
        int const at = b * row + j;
        quad(kept(team, l) + at) = Ra;
        quad(stage(team, l) + at) = a;
        if constexpr (F::curved) quad(bend(team, l) + at) = curl;
    }

    SG_FN void begin_tile(Team const& team, Tile const& t) const
    {
        int const width = layer[0].out, q = quads(width);
        team.phase(rows * q, [&](int e) {
            int const b = e / q, j = e % q * side;
            activate(team, t, 0, b, j, read(R.data, R.stride[0], width, t, b, j));
        });
    }

    SG_FN void load_weights(Team const& team, int net, int l, int e) const
    {
        FusedLayer<T> const& d = layer[l];
        int const q = quads(d.out), i = e / q, j = e % q * side, at = i * row + j;
        auto const from = d.offset + std::int64_t{i} * d.out;
        bool const inside = i < d.in;
        quad(weights(team) + at) = inside ? read_quad(&theta(net, from), j, d.out) : Quad<T>{};
        quad(direction(team) + at) = inside ? read_quad(&v(net, from), j, d.out) : Quad<T>{};
    }

    // Ra_l = φ'(z) · s (a_{l−1} V + Ra_{l−1} W)
    SG_FN void go_forward(Team const& team, Tile const& t, int l) const
    {
        FusedLayer<T> const& d = layer[l];
        int const in = to_side(d.in), q = quads(d.out);
        team.phase(in * q, [&](int e) { load_weights(team, t.net, l, e); });
        team.phase(groups * q, [&](int e) {
            int const g = e / q, j = e % q * side;
            T z[side][side] = {};
            add_product(stage(team, l - 1) + g * row, groups * row, direction(team) + j, row, in, z);
            add_product(kept(team, l - 1) + g * row, groups * row, weights(team) + j, row, in, z);
            T const s = l + 1 < layers || softmax ? d.multiplier : d.multiplier * scale;
            for (int x = 0; x < side; ++x) {
                int const b = g + x * groups;
                Quad<T> out;
                for (int y = 0; y < side; ++y) out.x[y] = s * z[x][y];
                if (l + 1 < layers)
                    activate(team, t, l, b, j, out);
                else
                    quad(kept(team, l) + b * row + j) = out;
            }
        });
    }

    SG_FN void apply_softmax(Team const& team, Tile const& t) const
    {
        FusedLayer<T> const& d = layer[layers - 1];
        team.phase(t.count, [&](int b) {
            softmax_tangent(d.a + t.net * d.a_step + std::int64_t{t.first + b} * d.out,
                            kept(team, layers - 1) + b * row, d.out, scale);
        });
    }

    // What the way back through layer l reads: δ_l, and, where the way forward has not just left them, a_{l−1}, W, V.
    SG_FN void load(Team const& team, Tile const& t, int l) const
    {
        FusedLayer<T> const& d = layer[l];
        int const q = quads(d.out), q_in = quads(d.in), deltas = rows * q, inputs = rows * q_in;
        int const all = deltas + inputs + q_in * side * q;
        team.phase(l + 1 < layers ? all : deltas, [&](int e) {
            if (e < deltas) {
                int const b = e / q, j = e % q * side;
                quad(stage(team, l) + b * row + j) = read_delta(t, l, b, j);
            } else if (e < deltas + inputs) {
                int const b = (e - deltas) / q_in, j = (e - deltas) % q_in * side;
                quad(stage(team, l - 1) + b * row + j) = read_a(t, l - 1, b, j);
            } else {
                load_weights(team, t.net, l, e - deltas - inputs);
            }
        });
    }

    SG_FN void go_back(Team const& team, Tile const& t, int l, int block, bool adds) const
    {
        FusedLayer<T> const& d = layer[l];
        int const q = quads(d.out), q_in = quads(d.in);
        load(team, t, l);
        team.phase(slices * q_in * q, [&](int e) {
            int const slice = e / (q_in * q), i = e / q % q_in * side, j = e % q * side;
            int const from = slice * (rows / slices) * row;
            T g[side][side] = {};
            add_product_by_columns(stage(team, l - 1) + from + i, kept(team, l) + from + j, row, rows / slices, g);
            add_product_by_columns(kept(team, l - 1) + from + i, stage(team, l) + from + j, row, rows / slices, g);
            T* const to = &sums(t.net, block * slices + slice, d.offset - layer[1].offset);
            for (int x = 0; x < side; ++x) {
                if (i + x >= d.in) continue;
                Quad<T> sum{};
                if (adds) sum = read_quad(to + (i + x) * d.out, j, d.out);
                for (int y = 0; y < side; ++y) sum.x[y] += d.multiplier * g[x][y];
                write_quad(to + (i + x) * d.out, j, d.out, sum);
            }
        });
        team.phase(groups * q_in, [&](int e) {
            int const g = e / q_in, c = e % q_in;
            T u[side][side] = {};
            add_product_by_rows(kept(team, l) + g * row, groups * row, weights(team) + c * row, q_in * row,
                                q * side, u);
            add_product_by_rows(stage(team, l) + g * row, groups * row, direction(team) + c * row, q_in * row,
                                q * side, u);
            SG_UNROLL
            for (int x = 0; x < side; ++x) {
                SG_UNROLL
                for (int y = 0; y < side; ++y)
                    slope_tangent(team, t, l - 1, g + x * groups, c + y * q_in, d.multiplier * u[x][y]);
            }
        });
    }

    // Rδ_l = φ'(z) Ru + bend δ of unit i of example b.
    SG_FN void slope_tangent(Team const& team, Tile const& t, int l, int b, int i, T Ru) const
    {
        FusedLayer<T> const& d = layer[l];
        int const at = b * row + i;
        bool const inside = b < t.count && i < d.out;
        T r = F::slope(stage(team, l)[at]) * Ru;
        if constexpr (F::curved) {
            if (inside)
                r += bend(team, l)[at] *
                     d.delta[t.net * d.delta_step + std::int64_t{t.first + b} * d.out + i];
        }
        if (l > 0)
            kept(team, l)[at] = r;
        else if (inside)
            R(t.net, t.first + b, i) = r;
    }
};

}  // namespace sg
