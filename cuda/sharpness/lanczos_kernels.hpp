// SPDX-License-Identifier: MIT
// The scalar decisions of Lanczos, one thread per network: they stay on the device.
#pragma once

#include <cmath>

#include "cuda/sharpness/lanczos.hpp"

namespace sg {

// Everything that a decision reads and writes; (N, ...) each.
struct LanczosScalars : BasisScalars {
    View<double, 3> projected, y;
    View<double, 2> theta, before, last;
    int *used, *least;
    unsigned char* done;
    int* second;
    unsigned char* no_second;
    EigenResult* result;
    LanczosRule const* rule;  // (1), so that a replayed graph follows the rule of its day
};

// The scalars of a run at its start: θ before = −∞, no vectors.   (N, ...)
struct BeginLanczos {
    LanczosScalars s;
    SG_FN void operator()(int n, std::int64_t) const
    {
        s.no_refill[n] = 1;
        s.used[n] = 0;
        s.second[n] = 0;
        s.no_second[n] = 1;
        s.least[n] = s.rule->min_products;
        s.before(n, 0) = -INFINITY;
        s.one(n, 0) = 1;
    }
};

// Column k of the projected matrix, and the same row, from V_j · H v_k.
struct StoreColumn {
    LanczosScalars s;
    int k;
    SG_FN void operator()(int n, std::int64_t) const
    {
        for (int j = 0; j <= k; ++j) s.projected(n, j, k) = s.projected(n, k, j) = s.dots(n, j);
        s.result[n].products += 1;
    }
};

// Coefficients of the residual r = Σ_j y_j (H V_j − θ V_j).
struct ResidualCoefficients {
    LanczosScalars s;
    int k;
    SG_FN void operator()(int n, std::int64_t) const
    {
        for (int j = 0; j < k; ++j) {
            s.a(n, j) = -s.theta(n, 0) * s.y(n, 0, j);
            s.b(n, j) = s.y(n, 0, j);
        }
    }
};

// A first Rayleigh quotient θ with |θ − λ| > 0.3 |λ|, λ the last: a catapult; more products are asked for, and
// the second start vector: another eigenvalue may have passed the first.
struct ExpectCatapult {
    LanczosScalars s;
    SG_FN void operator()(int n, std::int64_t) const
    {
        int const products = s.rule->catapult_products;
        double const quotient = s.projected(n, 0, 0), last = s.last(n, 0);
        if (fabs(quotient - last) <= 0.3 * fabs(last)) return;
        s.least[n] = products > s.least[n] ? products : s.least[n];
        s.second[n] = 1;
    }
};

// A residual below this share of the largest quotient is the rounding of TF32: its unit, 2⁻¹¹. A product was seen to be off by half
// of that (DESIGN, Mathematics).
inline constexpr double tf32_rounding = 1.0 / 2048;

// The larger Ritz value of the span of x and r, were the quotient of r 0: a lower bound of λ as long as it is no
// less.   θ = x · Hx, square = r · r
SG_FN inline double bordered(double theta, double square)
{
    double const half = theta / 2;
    return half > 0 ? half + sqrt(half * half + square) : theta;
}

// λ − θ to second order, |r|² / (θ − θ₂).
SG_FN inline double missing_of(double theta, double second, double square)
{
    return square / fmax(theta - second, 0.02 * fabs(theta) + 1e-30);
}

// The rules of LanczosRule. dots: V_j · r for j < k, then r · r.
struct Judge {
    LanczosScalars s;
    int k;
    bool complete;   // the subspace is the whole space
    double rounding; // of the scalar type, times a margin
    SG_FN void operator()(int n, std::int64_t) const
    {
        auto const& rule = *s.rule;
        auto& result = s.result[n];
        double const theta = s.theta(n, 0), square = s.dots(n, k);
        // The smallest eigenvalue may be 0 where others are not: measured by the largest quotient.
        double const size = rule.smallest ? fmax(fabs(theta), largest_quotient(n)) : fabs(theta);
        double const residual = sqrt(square > 0 ? square : 0);
        bool const finite = fabs(theta) < INFINITY && square < INFINITY;  // false for NaN
        bool const small = residual <= rule.tolerance * size + 1e-30;
        bool const level = theta - s.before(n, 0) <= rule.gain * size + 1e-30;
        bool const settled = rule.warm ? what_is_left(n, square) <= rule.error * size + 1e-30 : small && level;
        s.before(n, 0) = theta;
        result.lambda = rule.smallest ? -theta : rule.warm && !complete ? bordered(theta, square) : theta;
        result.residual = residual;
        bool const cluster = k > 1 && s.theta(n, 1) > rule.cluster_ratio * size;
        int const least = cluster ? rule.cluster_products : 0;
        double const rest = rest_of(n, square), noise = rounding * largest_quotient(n);
        bool const close = settled || (rule.tf32 && residual <= noise);
        bool const enough = result.products >= (s.least[n] > least ? s.least[n] : least);
        bool const converged = finite && ((close && enough) || complete);
        bool const stop = converged || !finite || result.products >= rule.max_products;
        result.status = converged ? EigenStatus::converged : EigenStatus::not_converged;
        s.used[n] = k;
        s.done[n] = stop;
        prepare_expansion(n, rest, rest > noise * noise && rest > 0.25 * square);
    }
    // With θ₂ from here or from the last run.
    SG_FN double what_is_left(int n, double square) const
    {
        double const theta = s.theta(n, 0);
        double const second = k > 1 ? fmax(s.theta(n, 1), s.last(n, 1)) : s.last(n, 1);
        return missing_of(theta, second, square);
    }
    SG_FN double largest_quotient(int n) const
    {
        double largest = 0;
        for (int j = 0; j < k; ++j) largest = fmax(largest, fabs(s.projected(n, j, j)));
        return largest;
    }
    // |r − Σ g_j V_j|² = |r|² − Σ g²
    SG_FN double rest_of(int n, double square) const
    {
        double rest = square;
        for (int j = 0; j < k; ++j) rest -= s.dots(n, j) * s.dots(n, j);
        return rest;
    }
    // r − Σ g_j V_j, normalised, unless rounding is all that is left of r.
    SG_FN void prepare_expansion(int n, double rest, bool usable) const
    {
        double const factor = usable ? 1 / sqrt(rest) : 0;
        s.one(n, 0) = factor;
        for (int j = 0; j < k; ++j) s.a(n, j) = -s.dots(n, j) * factor;
        s.no_refill[n] = usable || s.done[n];
    }
};

// λ, the residual and the last word on the status from one product in full, by |r|² = |Hx|² − θ² for |x| = 1. What is missing
// may be twice what the iteration, which saw a rounded residual, was to leave.   dots: x · Hx, Hx · Hx; one: x · x
struct JudgeInFull {
    LanczosScalars s;
    SG_FN void operator()(int n, std::int64_t) const
    {
        auto& result = s.result[n];
        double const norm = s.one(n, 0), theta = s.dots(n, 0) / norm, whole = s.dots(n, 1) / norm;
        double const square = fmax(whole - theta * theta, 0.0);
        bool const finite = fabs(theta) < INFINITY && whole < INFINITY;  // false for NaN
        double const missing = missing_of(theta, s.last(n, 1), square);
        result.products += 1;
        result.lambda = finite ? bordered(theta, square) : theta;
        result.residual = sqrt(square);
        if (!finite || missing > 2 * s.rule->error * fabs(theta) + 1e-30) result.status = EigenStatus::not_converged;
    }
};

// After a restart the projected matrix is diag(θ).   projected: (N, m, m)
struct RestartProjected {
    LanczosScalars s;
    SG_FN void operator()(int n, std::int64_t) const
    {
        for (int i = 0; i < ritz_pairs; ++i)
            for (int j = 0; j < ritz_pairs; ++j) s.projected(n, i, j) = i == j ? s.theta(n, i) : 0;
    }
};

// a ← row `pair` of y, for the Ritz vectors that are kept.
struct RitzCoefficients {
    LanczosScalars s;
    int pair, k;
    SG_FN void operator()(int n, std::int64_t) const
    {
        for (int j = 0; j < k; ++j) s.a(n, j) = s.y(n, pair, j);
        s.last(n, pair) = s.theta(n, pair);
    }
};

// Whether the second start vector takes the place of the residual.   (N)
struct ChooseSecond {
    LanczosScalars s;
    SG_FN void operator()(int n, std::int64_t) const
    {
        s.second[n] |= s.rule->look_around || s.last(n, 1) > s.rule->second_ratio * s.theta(n, 0);
        s.no_second[n] = !s.second[n];
        if (s.second[n]) s.no_refill[n] = 1;
    }
};

// Whether the second Ritz vector is kept: it was looked for, or is above the one that is there.   (N)
struct ChooseKept {
    LanczosScalars s;
    SG_FN void operator()(int n, std::int64_t) const
    {
        s.no_second[n] = 1;
        if (s.no_refill[n] || s.used[n] < 2) return;
        double const carried = fmin(s.last(n, 1), s.theta(n, 0));
        if (!s.rule->warm || s.second[n] || s.theta(n, 1) > carried)
            s.no_second[n] = 0;
        else
            s.last(n, 1) = carried;
    }
};

// skip ← not converged: only these keep new start vectors.
struct SkipUnfinished {
    LanczosScalars s;
    SG_FN void operator()(int n, std::int64_t) const
    {
        double const lambda = s.result[n].lambda;
        bool const usable = s.used[n] > 0 && fabs(lambda) < INFINITY;
        s.no_refill[n] = !usable;
    }
};

}  // namespace sg
