// SPDX-License-Identifier: MIT
// A Krylov space of the Hessian of each network from a block of b vectors: band Lanczos (Ruhe 1979) with full
// reorthogonalisation. From one vector this is Lanczos; from b vectors it finds b copies of an eigenvalue.
#pragma once

#include "cuda/exec/graph.hpp"
#include "cuda/sharpness/basis.hpp"
#include "cuda/sharpness/hessian.hpp"
#include "cuda/sharpness/result.hpp"

namespace sg {

// Everything that a decision about the space reads and writes; (N, ...) each, M vectors at most.
struct KrylovScalars : BasisScalars {
    View<double, 3> projected;  // (N, M, M) T_ij = ±V_i · H V_j
    double* size;               // (N) the largest |H V_j| so far: a lower bound of |H|
    unsigned char* done;        // (N) skip bytes of what follows
    EigenResult* result;        // (N) products and status
};

template <class T>
class Krylov {
public:
    // Bases of at most `vectors` vectors.
    Krylov(Exec const& exec, Arena& arena, Model const& model, int nets, int vectors);

    // An empty basis, at the θ at which `hessian` was linearised. A collapsed network is done at once.
    // sign: of H in T; `purpose` and `step` key the random vectors, seed: (N).
    void begin(HessianOperator<T> const& hessian, Nets nets, std::uint64_t const* seed, int sign,
               Purpose purpose, int step);
    // V_k ← random signs, made orthonormal.
    void start(int k, int vector);
    // The product of V_j, column j of T, and V_{j+b} out of what is left of it, where the basis has room for
    // that: 0 where it is rounding, and then no_refill(n) = 0 and T = 0 there.
    void push(int j, int b);
    // Where nothing was left, V_k ← random signs.
    void refill(int k, int vector) { sg::refill(exec_, count_, V, k, scalars(), random(), vector); }
    // V_k ← V_from, made orthonormal to the ones before k once more: after a rotation.
    void take(int k, int from);
    // T ← diag(kept eigenvalues), 0 elsewhere.   values: (N, ≥ kept)
    void reset(Nets nets, View<double const, 2> const& values, int kept);
    // Whether all networks are done; waits.
    bool finished() { return not_done(exec_, done_on_host_, done_.data, count_) == 0; }

    Nets active() const { return {count_, done_.data}; }
    KrylovScalars scalars() const;
    int vectors() const { return static_cast<int>(V.extent[1]); }
    int count() const { return count_; }
    HessianOperator<T> const& hessian() const { return *hessian_; }
    // Numbers below this share of |H| are rounding.
    static double rounding();

    View<T, 3> V, spare;  // (N, M, P), (N, 2, P)

private:
    void multiply(int j, int b);
    RandomSource random() const { return {seed_, key_.data}; }

    Exec exec_;
    View<double, 3> projected_;
    View<double, 2> dots_, a_, b_, one_, size_;
    View<unsigned char, 1> done_, no_refill_;
    View<EigenResult, 1> results_;
    View<RandomKey, 1> key_;  // (1)
    Pinned<unsigned char> done_on_host_;
    Graphs graphs_;
    HessianOperator<T> const* hessian_ = nullptr;  // of the last begin
    std::uint64_t const* seed_ = nullptr;
    int count_ = 0, sign_ = 1;
};

}  // namespace sg
