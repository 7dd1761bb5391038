// SPDX-License-Identifier: MIT
// What a measurement of one eigenvalue returns, whatever the method.
#pragma once

#include <cstdint>

#include "cuda/exec/buffer.hpp"
#include "cuda/exec/exec.hpp"
#include "cuda/exec/view.hpp"

namespace sg {

// bound_only: a Rayleigh quotient that nothing was asked of, so that the eigenvalue is above it or, up to
// rounding, there.
enum class EigenStatus : std::int32_t { converged, not_converged, bound_only, collapsed, skipped };

// Without padding: it is copied to the host as it lies.
struct EigenResult {
    double lambda = 0;
    double residual = 0;  // |H v − λ v|, |v| = 1
    std::int32_t products = 0;
    EigenStatus status = EigenStatus::skipped;
};
static_assert(sizeof(EigenResult) == 24);

// Clears the results; done(n) ← skipped or collapsed, for which λ = 0 without a product.
// score: (N, 3) of HessianOperator; done: (N), the skip bytes of what follows
void begin_measurement(Exec const& exec, Nets nets, View<double const, 2> const& score,
                       unsigned char* done, EigenResult* result);

// How many of the first `count` are not done; waits.   done: (N), on_host: for as many, which it fills
int not_done(Exec const& exec, Pinned<unsigned char>& on_host, unsigned char const* done, int count);

}  // namespace sg
