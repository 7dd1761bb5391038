// SPDX-License-Identifier: MIT
// Largest algebraic eigenvalue of the Hessian of each network by Rayleigh-Ritz on a growing subspace with
// full reorthogonalisation and thick restart (Wu and Simon 2000). The subspace begins with the leading Ritz
// vector of the step before, or with random signs, and grows by the residual: this is Lanczos.
#pragma once

#include "cuda/exec/graph.hpp"
#include "cuda/sharpness/basis.hpp"
#include "cuda/sharpness/hessian.hpp"
#include "cuda/sharpness/result.hpp"
#include "cuda/sharpness/ritz.hpp"

namespace sg {

// When one measurement stops. Cold, from random signs: residual ≤ tolerance·|θ| and the last product raised θ
// by less than gain·|θ|; λ = θ, a lower bound. Warm, from the leading Ritz vector of the last run that kept it: the
// estimate of what is left, |r|² / (θ − θ₂), ≤ error·|θ|; λ is the bordered value (DESIGN, Mathematics).
struct LanczosRule {
    double tolerance = 1e-4;
    double gain = 2e-4;
    double error = 5e-4;
    int min_products = 2;
    int max_products = 400;
    bool warm = false;
    bool keep = true;       // keep the two leading Ritz vectors for the next warm run
    bool smallest = false;  // the smallest eigenvalue instead
    double second_ratio = 0.6;  // warm: from both Ritz vectors in a catapult, or where θ₂ was above this · θ ...
    bool look_around = false;   // ... or in any case
    int catapult_products = 5;  // warm: least products where the first quotient is 30 % off the last λ
    int cluster_products = 8;   // least products while the second Ritz value is above cluster_ratio · θ
    double cluster_ratio = 0.93;
    Purpose purpose = Purpose::start;
    int step = 0;           // keys the random vectors
    // warm: products in TF32, on a GPU and of floats; at the end one in full, which gives λ and the residual.
    bool tf32 = false;

    // From step to step, the ordinal-th time. One time in 16 it looks around: an eigenvector of which the last subspaces had
    // no part may have passed the first, and nothing of it is in a residual of two products.
    static LanczosRule warm_start(int step, int ordinal);
    // λ₀, on which every c rests, and the audit, which is stricter than what it audits.
    static LanczosRule initial();
    static LanczosRule audit();
};

struct LanczosScalars;

template <class T>
class Lanczos {
public:
    Lanczos(Exec const& exec, Arena& arena, Model const& model, int nets);

    // Krylov dimension m: 24, or 12 above two million parameters (memory: (2m + 3) P per network).
    static int dimension(std::int64_t params);

    // One eigenvalue for each network of `nets`, at the θ at which `hessian` was linearised.
    // seed: (N). score: of the operator; a collapsed network gets λ = 0 without a product.
    void run(HessianOperator<T> const& hessian, Nets nets, std::uint64_t const* seed,
             LanczosRule const& rule);

    EigenResult const* results() const { return results_.data; }  // (N), in the space of the Exec
    View<T, 3> start() const { return start_; }                     // (N, 2, P) for the next warm run
    View<double, 2> last() const { return last_; }  // (N, 2) the leading Ritz values of the last run that kept

private:
    Nets active(int count) const { return {count, done_.data}; }
    Nets refills(int count) const { return {count, no_refill_.data}; }
    void begin(HessianOperator<T> const& hessian, Nets nets, std::uint64_t const* seed);
    void first_product(HessianOperator<T> const& hessian, int count);
    void gather(HessianOperator<T> const& hessian, int count, int active);
    int grow(HessianOperator<T> const& hessian, int count, int k, std::uint64_t const* seed);
    int after(int k) const { return (k == m_ ? ritz_pairs : k) + 1; }
    void admit(int count, int k, std::uint64_t const* seed);
    void push(HessianOperator<T> const& hessian, int count, int k);
    void judge(int count, int k);
    void restart(int count, int k);
    void take_second(int count, std::uint64_t const* seed);
    void expand(int count, int k, std::uint64_t const* seed);
    void upload_rule(int count);
    LanczosScalars scalars() const;
    void keep_start(Nets nets, int k);
    void judge_in_full(HessianOperator<T> const& hessian, int count);

    Exec exec_;
    std::int64_t params_;
    int m_;
    LanczosRule rule_;
    View<T, 3> V_, HV_;                   // (N, m + 1, P), (N, m, P)
    View<T, 3> start_;                    // (N, 2, P)
    View<double, 3> projected_, y_;       // (N, m, m), (N, 4, m)
    View<double, 2> theta_, before_;      // (N, 4), (N, 1)
    View<double, 2> dots_, a_, b_, one_;  // (N, m + 2), (N, m + 1), (N, m + 1), (N, 1)
    View<double, 2> last_;                // (N, 2)
    View<int, 1> used_, least_, second_;  // (N) vectors at the end; least products; whether from two vectors
    View<unsigned char, 1> done_, no_refill_, no_second_;
    View<int, 1> list_;                   // (N) the networks whose products are computed, where held_ > 0
    int held_ = 0;                        // how many those are; 0: all
    View<EigenResult, 1> results_;
    View<double, 2> minus_;               // (N, 1) −1
    View<LanczosRule, 1> rule_there_;     // (1)
    View<RandomKey, 1> keys_;             // (2) of the rule's vectors and of the admixture
    Pinned<unsigned char> done_on_host_;
    Graphs graphs_;
};

}  // namespace sg
