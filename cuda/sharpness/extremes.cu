// SPDX-License-Identifier: MIT
#include "cuda/sharpness/extremes.hpp"

#include <algorithm>
#include <cmath>

#include "cuda/exec/each.hpp"
#include "cuda/ops/vectors.hpp"

namespace sg {

// What a run reads and writes beside the space; (N, ...) each.
struct ExtremesScalars : KrylovScalars {
    View<double, 3> y;              // (N, r, m)
    View<double, 2> theta, before;  // (N, r)
    View<double, 2> values, residuals;
    int* used;
    unsigned char* unusable;
};

// before, λ and |r| of a network without a product: −∞, 0, 0.   (N, k)
struct BeginExtremes {
    ExtremesScalars s;
    int k;
    SG_FN void operator()(int n, std::int64_t) const
    {
        s.used[n] = 0;
        for (int i = 0; i < k; ++i) {
            s.before(n, i) = -INFINITY;
            s.values(n, i) = s.residuals(n, i) = 0;
        }
    }
};

// |r_i| of Ritz pair i = |T_rj y_ij| over the rows r of T behind the `held` vectors.   (N, k)
struct EstimateResiduals {
    ExtremesScalars s;
    int held, last;  // T has rows below `last`
    SG_FN void operator()(int n, std::int64_t i) const
    {
        double square = 0;
        for (int r = held; r < last; ++r) {
            double entry = 0;
            for (int j = 0; j < held; ++j) entry += s.projected(n, r, j) * s.y(n, i, j);
            square += entry * entry;
        }
        s.residuals(n, i) = sqrt(square);
    }
};

// done(n) ← |r_i| ≤ tolerance · size_i, and θ_i rose less than gain · tolerance · size_i, for all i < k.
struct JudgeExtremes {
    ExtremesScalars s;
    ExtremesRule rule;
    int k, held;
    bool whole;
    SG_FN void operator()(int n, std::int64_t) const
    {
        bool converged = true, finite = s.size[n] < INFINITY;
        for (int i = 0; i < k; ++i) {
            double const theta = s.theta(n, i);
            double const limit = rule.tolerance * fmax(fabs(theta), rule.floor * s.size[n]) + 1e-30;
            bool const small = s.residuals(n, i) <= limit;
            bool const level = theta - s.before(n, i) <= rule.gain * limit;
            converged = converged && small && level;
            finite = finite && fabs(theta) < INFINITY;
            s.before(n, i) = theta;
        }
        auto& result = s.result[n];
        bool const good = finite && (converged || whole);
        result.status = good ? EigenStatus::converged : EigenStatus::not_converged;
        s.used[n] = held;
        s.done[n] = good || !finite || result.products >= rule.max_products;
        if (s.done[n]) s.no_refill[n] = 1;
    }
};

// unusable(n) ← 1 where there is no space, or one that is not finite: there λ = |r| = NaN.   (N, k)
struct MarkUnusable {
    ExtremesScalars s;
    int k;
    SG_FN void operator()(int n, std::int64_t) const
    {
        s.unusable[n] = s.used[n] == 0;
        if (s.used[n] == 0) return;
        bool finite = s.size[n] < INFINITY;
        for (int i = 0; i < k; ++i) finite = finite && fabs(s.theta(n, i)) < INFINITY;
        if (finite) return;
        s.unusable[n] = 1;
        for (int i = 0; i < k; ++i) s.values(n, i) = s.residuals(n, i) = NAN;
    }
};

// a ← row i of y.   (N, m)
struct VectorOfPair {
    ExtremesScalars s;
    int i;
    SG_FN void operator()(int n, std::int64_t j) const { s.a(n, j) = s.y(n, i, j); }
};

// λ_i = ±θ_i, and the coefficients of r = H x − λ x.
struct ValueOfPair {
    ExtremesScalars s;
    int i;
    double sign;
    SG_FN void operator()(int n, std::int64_t) const
    {
        s.values(n, i) = sign * s.theta(n, i);
        s.one(n, 0) = 1;
        s.a(n, 0) = -s.values(n, i);
        s.result[n].products += 1;
    }
};

// residual_i = |r|
struct ResidualOfPair {
    ExtremesScalars s;
    int i;
    SG_FN void operator()(int n, std::int64_t) const { s.residuals(n, i) = sqrt(s.dots(n, 0)); }
};

template <class T>
typename Extremes<T>::Shape Extremes<T>::shape(std::int64_t params, int k)
{
    SG_EXPECT(k >= 1 && k <= most_extremes);
    int const block = std::max(k, 2), kept = (k + 3) / 4 * 4;
    if (params <= ritz_limit - most_extremes + k) {
        int const P = static_cast<int>(params);
        return {k, P, kept, P, true};
    }
    auto const room = std::min<std::int64_t>(ritz_limit - most_extremes + k, params - block);
    return {k, block, kept, static_cast<int>(room), false};
}

template <class T>
int Extremes<T>::vectors(std::int64_t params, int k)
{
    auto const s = shape(params, k);
    return s.whole ? s.dimension : s.dimension + s.block;
}

template <class T>
Extremes<T>::Extremes(Exec const& exec, Arena& arena, Model const& model, int nets, int most,
                      Krylov<T>& krylov)
    : exec_(exec), params_(model.params()), krylov_(krylov)
{
    if (most > params_)
        throw UserError("sharpness.spectrum.top = " + std::to_string(most) + ", but a network has " +
                        std::to_string(params_) + " parameters. Ask for at most as many eigenvalues.");
    SG_EXPECT(krylov.vectors() >= vectors(params_, most));
    y_ = arena.take<double, 3>(nets, most_extremes, ritz_limit);
    theta_ = arena.take<double, 2>(nets, most_extremes);
    before_ = arena.take<double, 2>(nets, most_extremes);
    values_ = arena.take<double, 2>(nets, most);
    residuals_ = arena.take<double, 2>(nets, most);
    used_ = arena.take<int, 1>(nets);
    unusable_ = arena.take<unsigned char, 1>(nets);
}

// The whole space of a small network, by unit vectors: T is the Hessian.
template <class T>
void Extremes<T>::span_everything()
{
    int const P = static_cast<int>(params_);
    for (int j = 0; j < P; ++j)
        unit_vector<T>(exec_, krylov_.active(), j, member(krylov_.V, j));
    for (int j = 0; j < P; ++j) krylov_.push(j, P);
}

template <class T>
void Extremes<T>::judge(Shape const& shape, int held, ExtremesRule const& rule)
{
    auto const s = scalars(shape);
    auto const nets = krylov_.active();
    solve_projected(exec_, nets, s.projected, held, s.theta, s.y);
    int const last = shape.whole ? held : held + shape.block;
    each(exec_, "estimate_residuals", nets, shape.k, EstimateResiduals{s, held, last});
    each(exec_, "judge_extremes", nets, 1, JudgeExtremes{s, rule, shape.k, held, shape.whole});
}

// Keeps the leading Ritz vectors, and behind them the block that the products left.
template <class T>
void Extremes<T>::restart(Shape const& shape)
{
    auto const s = scalars(shape);
    rotate<T>(exec_, krylov_.active(), krylov_.V, s.y, shape.dimension);
    krylov_.reset(krylov_.active(), s.theta, shape.kept);
    for (int l = 0; l < shape.block; ++l)
        krylov_.take(shape.kept + l, shape.dimension + l);
}

template <class T>
void Extremes<T>::search(Shape const& shape, ExtremesRule const& rule)
{
    int vector = 0;  // names the random ones
    for (int i = 0; i < shape.block; ++i) {
        krylov_.start(i, vector++);
        krylov_.refill(i, vector++);
    }
    for (int held = 0, kept = 0; !krylov_.finished();) {
        int const end = std::min(held + shape.block, shape.dimension);
        for (; held < end; ++held) {
            krylov_.push(held, shape.block);
            krylov_.refill(held + shape.block, vector++);
        }
        // Before that T does not have all rows.
        if (held >= kept + shape.block) judge(shape, held, rule);
        if (held < shape.dimension) continue;
        restart(shape);
        held = kept = shape.kept;
    }
}

// x = Σ_j y_ij V_j and r = H x − λ x, by one more product for each pair.
template <class T>
void Extremes<T>::find_residuals(Shape const& shape, int sign)
{
    auto const s = scalars(shape);
    each(exec_, "mark_unusable", Nets{krylov_.count()}, 1, MarkUnusable{s, shape.k});
    Nets const nets{krylov_.count(), s.unusable};
    auto const x = member(krylov_.spare, 0), Hx = member(krylov_.spare, 1);
    auto const set = as_set<T const>(x);
    for (int i = 0; i < shape.k; ++i) {
        each(exec_, "vector_of_pair", nets, shape.dimension, VectorOfPair{s, i});
        combine<T>(exec_, nets, x, krylov_.V, {}, {{}, s.a, {}, s.used}, shape.dimension);
        krylov_.hessian().apply(nets, x, Hx);
        each(exec_, "value_of_pair", nets, 1, ValueOfPair{s, i, static_cast<double>(sign)});
        combine<T>(exec_, nets, Hx, set, {}, {s.one, s.a, {}, nullptr}, 1);
        dots<T>(exec_, nets, set, 0, Hx, true, s.dots);
        each(exec_, "residual_of_pair", nets, 1, ResidualOfPair{s, i});
    }
}

template <class T>
ExtremesScalars Extremes<T>::scalars(Shape const& shape) const
{
    ExtremesScalars s{krylov_.scalars(), y_, theta_, before_, values_, residuals_, used_.data,
                      unusable_.data};
    s.y.extent[1] = s.theta.extent[1] = shape.kept;
    return s;
}

template <class T>
void Extremes<T>::run(HessianOperator<T> const& hessian, Nets nets, std::uint64_t const* seed, int k,
                      bool smallest, int step, ExtremesRule const& rule)
{
    SG_EXPECT(k >= 1 && k <= values_.extent[1]);
    auto const shape = this->shape(params_, k);
    int const sign = smallest ? -1 : 1;
    krylov_.begin(hessian, nets, seed, sign, Purpose::block, step);
    each(exec_, "begin_extremes", Nets{nets.count}, 1, BeginExtremes{scalars(shape), k});
    if (shape.whole) {
        span_everything();
        judge(shape, shape.dimension, rule);
    } else {
        search(shape, rule);
    }
    find_residuals(shape, sign);
}

template class Extremes<float>;
template class Extremes<double>;

}  // namespace sg
