// SPDX-License-Identifier: MIT
// Power iteration from a fixed vector and one Rayleigh quotient: the published method. It follows the
// eigenvalue of largest magnitude, and was seen 13 % low on ordinary networks; Lanczos is the default.
#pragma once

#include "cuda/exec/random.hpp"
#include "cuda/sharpness/hessian.hpp"
#include "cuda/sharpness/result.hpp"

namespace sg {

template <class T>
class PowerIteration {
public:
    PowerIteration(Exec const& exec, Arena& arena, Model const& model, int nets);

    // v ← H (v / |v|), `iterations` times from start(); then λ = u·H u with u = v / |v|: iterations + 1
    // products. A collapsed network gets λ = 0 without a product.
    void run(HessianOperator<T> const& hessian, Nets nets, int iterations);

    // The fixed start: the same random signs for every network and step, unless it is set.
    View<T, 2> start() const { return start_; }  // (1, P)
    void set_random_start();

    EigenResult const* results() const { return results_.data; }  // (N), in the space of the Exec

private:
    void normalise(Nets nets);

    Exec exec_;
    View<T, 2> start_, u_, Hu_;  // (1, P), (N, P), (N, P)
    View<double, 2> dots_, factor_, minus_;
    View<unsigned char, 1> done_;
    View<EigenResult, 1> results_;
};

}  // namespace sg
