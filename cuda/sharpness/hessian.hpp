// SPDX-License-Identifier: MIT
// The Hessian of the loss on the measurement examples as an operator (Pearlmutter 1994). The primal pass
// is computed once per measurement and kept; a product then costs the tangent passes alone, in the coordinates of
// nets/rotation.hpp where the batch has them.
#pragma once

#include <memory>
#include <vector>

#include "cuda/nets/fused.hpp"
#include "cuda/nets/model.hpp"

namespace sg {

// How products are computed: layer by layer, in one launch (nets/fused.hpp) where that fits the device, or whichever the
// table says; or not at all, by an operator that only evaluates.
enum class Path { by_table, layers, fused, none };

// Of a product of all networks, so that one of a part is worth its copies and a wait: an H200 takes some 100 µs for it.
inline constexpr double least_part_flops = 2e9;

template <class T>
class HessianOperator {
public:
    // N networks, the M examples of `batch`: its groups, or one that all share. Memory comes from `arena`. With
    // `recompute` activations and gradients are kept for one chunk of examples and made again for each
    // product: less memory, half as many flops again, the same bits.
    HessianOperator(Exec const& exec, Arena& arena, Model const& model, Loss loss, int nets,
                    Batch<T> const& batch, bool recompute = false, Path path = Path::by_table);

    // Forward pass at θ: score() is filled.   theta: (N, P), must stay alive
    void evaluate(Nets nets, View<T const, 2> const& theta);

    // The θ of an evaluation that a graph replayed: nothing of it is called on the host then.
    void set_theta(View<T const, 2> const& theta) { theta_ = theta; }

    // (N, 3): loss, accuracy, and the number of active units of the last hidden layer over all examples
    // (relu; 1 otherwise). It is zero when any hidden layer is: there is no bias.
    View<double const, 2> score() const { return score_; }

    // Backward pass at the θ of evaluate. Needed before apply.
    void linearise(Nets nets);

    // Hv ← ∇²L(θ) v.   v, Hv: (N, P') in coordinates(), or, where those are fewer, (N, P) of the parameters
    // `arithmetic`: of the tangent passes.
    void apply(Nets nets, View<T const, 2> const& v, View<T, 2> const& Hv,
               Arithmetic arithmetic = Arithmetic::pedantic) const;

    // A part: some of the networks alone. On a GPU a product costs as much for those that are skipped, as a matmul computes
    // them all. Takes memory for half of them, on a GPU; without it part_for() says that nothing is gained. Of products of
    // fewer flops there is nothing to gain, either: the launches take the time. Not of a batch in groups.
    void allow_parts(Arena& arena, double least_flops = least_part_flops);
    // How many networks a part holds for `active` of the `held` that products compute now; `held`: nothing is gained.
    int part_for(int active, int held) const;
    // The part takes over networks `list` (ops/row_moves.hpp), at the θ at which they were linearised.
    void gather(int const* list, int count) const;
    // As apply, for the networks of the last gather; bits are the same.   v, Hv: (N, P') in coordinates()
    void apply_to_part(int const* list, int count, View<T const, 2> const& v, View<T, 2> const& Hv,
                       Arithmetic arithmetic = Arithmetic::pedantic) const;

    // grad ← ∇L(θ).   (N, P). Includes linearise.
    void gradient(Nets nets, View<T, 2> const& grad);

    View<T const, 2> theta() const { return theta_; }  // of evaluate
    Model const& model() const { return model_; }
    Model const& coordinates() const { return coordinates_; }  // model() where the batch is not rotated
    Exec const& exec() const { return exec_; }
    bool fused() const { return fused_; }
    std::int64_t examples() const { return batch_.examples(); }

    HessianOperator(HessianOperator const&) = delete;  // holds pointers into itself
    HessianOperator& operator=(HessianOperator const&) = delete;

private:
    struct Part;
    struct Chunk {
        Batch<T> batch;
        Tape<T> tape;
        // What a product in coordinates() reads: the columns of L that are not zero, and as many rows of W'.
        Batch<T> rotated;
        Model model;
    };

    Chunk make_chunk(Tape<T> const& tape, std::int64_t first, std::int64_t count) const;
    void run_forward(Nets nets, Chunk const& c) const;
    void run_backward(Nets nets, Chunk const& c, View<T, 2> const& grad, bool accumulate) const;
    void pack_weights(Nets nets);

    Exec exec_;
    Model const& model_;
    Model coordinates_;
    Loss loss_;
    Batch<T> batch_;
    bool recompute_, fused_;
    std::vector<Group> group_;
    View<T, 3> outputs_;  // (N, M, K)
    std::vector<Chunk> chunks_;
    TangentTape<T> scratch_;     // of one path or the other
    FusedTape<T> fused_scratch_;
    mutable std::vector<PackedLayer<T>> packed_;  // of linearise, and of the product that is computed
    bool stale_ = true;                           // its weights are not those of theta_
    View<double, 2> score_, active_, part_;  // (N, 3), (N, 1), (N, 1)
    View<T const, 2> theta_;

    int nets_;
    std::unique_ptr<Part> gathered_;
};

// Memory of a part of n networks: what a product reads of them and writes.
template <class T>
struct HessianOperator<T>::Part {
    double least_flops;
    HessianOperator op;
    View<T, 2> theta, v, Hv;  // (n, P), (n, P')
};

}  // namespace sg
