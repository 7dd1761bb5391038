// SPDX-License-Identifier: MIT
#include "cuda/sharpness/power.hpp"

#include <cmath>

#include "cuda/exec/each.hpp"
#include "cuda/ops/vectors.hpp"

namespace sg {

// factor(n) = 1 / |u|; a vector of norm zero stays as it is
struct UnitFactor {
    View<double const, 2> square;
    View<double, 2> factor;
    SG_FN void operator()(int n, std::int64_t) const
    {
        factor(n, 0) = square(n, 0) > 0 ? 1 / sqrt(square(n, 0)) : 1;
    }
};

// λ = u·Hu, and the coefficients of r = H u − λ u.   dot, one, minus: (N, 1)
struct RayleighQuotient {
    View<double const, 2> dot;
    int products;
    EigenResult* result;
    View<double, 2> one, minus;
    SG_FN void operator()(int n, std::int64_t) const
    {
        double const lambda = dot(n, 0);
        one(n, 0) = 1;
        minus(n, 0) = -lambda;
        result[n] = {lambda, 0, products,
                     fabs(lambda) < INFINITY ? EigenStatus::bound_only : EigenStatus::not_converged};
    }
};

// residual = |r|.   square: (N, 1)
struct QuotientResidual {
    View<double const, 2> square;
    EigenResult* result;
    SG_FN void operator()(int n, std::int64_t) const { result[n].residual = sqrt(square(n, 0)); }
};

template <class T>
PowerIteration<T>::PowerIteration(Exec const& exec, Arena& arena, Model const& model, int nets)
    : exec_(exec)
{
    start_ = arena.take_rows<T, 2>(1, model.params());
    u_ = arena.take_rows<T, 2>(nets, model.params());
    Hu_ = arena.take_rows<T, 2>(nets, model.params());
    dots_ = arena.take<double, 2>(nets, 2);
    factor_ = arena.take<double, 2>(nets, 1);
    minus_ = arena.take<double, 2>(nets, 1);
    done_ = arena.take<unsigned char, 1>(nets);
    results_ = arena.take<EigenResult, 1>(nets);
    clear(exec, u_);  // a matmul reads the vectors of networks that are skipped, too
}

template <class T>
void PowerIteration<T>::set_random_start()
{
    Buffer<std::uint64_t> const seed(exec_, std::vector<std::uint64_t>{0});
    Buffer<RandomKey> const key(exec_, std::vector<RandomKey>{{0, Purpose::start, 0, 0}});
    random_signs<T>(exec_, Nets{1}, false, 1, seed.data(), key.data(), 0, start_);
    exec_.wait();
}

template <class T>
void PowerIteration<T>::normalise(Nets nets)
{
    dots<T>(exec_, nets, as_set<T const>(u_), 0, u_, true, dots_);
    each(exec_, "unit_factor", nets, 1, UnitFactor{dots_, factor_});
    scale<T>(exec_, nets, u_, factor_);
}

template <class T>
void PowerIteration<T>::run(HessianOperator<T> const& hessian, Nets nets, int iterations)
{
    begin_measurement(exec_, nets, hessian.score(), done_.data, results_.data);
    Nets const some{nets.count, done_.data};
    auto fixed = start_;
    fixed.stride[0] = 0;
    copy<T>(exec_, some, u_, fixed);
    for (int i = 0; i < iterations; ++i) {
        normalise(some);
        hessian.apply(some, u_, Hu_);
        copy<T>(exec_, some, u_, Hu_);
    }
    normalise(some);
    hessian.apply(some, u_, Hu_);
    auto const u = as_set<T const>(u_);
    dots<T>(exec_, some, u, 1, Hu_, false, dots_);
    each(exec_, "rayleigh_quotient", some, 1,
         RayleighQuotient{dots_, iterations + 1, results_.data, factor_, minus_});
    combine<T>(exec_, some, Hu_, u, {}, {factor_, minus_, {}, nullptr}, 1);
    dots<T>(exec_, some, u, 0, Hu_, true, dots_);
    each(exec_, "quotient_residual", some, 1, QuotientResidual{dots_, results_.data});
}

template class PowerIteration<float>;
template class PowerIteration<double>;

}  // namespace sg
