// SPDX-License-Identifier: MIT
#include "cuda/train/sgd.hpp"

#include "cuda/exec/each.hpp"

namespace sg {

// θ_i ← θ_i − η g_i for one network
template <class T>
struct SgdInner {
    T* theta;
    T const* grad;
    T eta;
    SG_FN void operator()(std::int64_t i) const { theta[i] -= eta * grad[i]; }
};

// θ ← θ − η g.   theta, grad: (N, P)
template <class T>
struct SgdStep {
    View<T, 2> theta;
    View<T const, 2> grad;
    double const* eta;
    SG_FN SgdInner<T> bind(int n) const
    {
        return {&theta(n, 0), &grad(n, 0), static_cast<T>(eta[n])};
    }
};

// v_i ← β v_i + g_i, θ_i ← θ_i − η v_i for one network
template <class T>
struct MomentumInner {
    T *theta, *velocity;
    T const* grad;
    T eta, beta;
    SG_FN void operator()(std::int64_t i) const
    {
        velocity[i] = beta * velocity[i] + grad[i];
        theta[i] -= eta * velocity[i];
    }
};

// v ← β v + g, θ ← θ − η v.   theta, velocity, grad: (N, P)
template <class T>
struct MomentumStep {
    View<T, 2> theta, velocity;
    View<T const, 2> grad;
    double const* eta;
    T beta;
    SG_FN MomentumInner<T> bind(int n) const
    {
        return {&theta(n, 0), &velocity(n, 0), &grad(n, 0), static_cast<T>(eta[n]), beta};
    }
};

// point_i ← (1 − s) a_i + s b_i for one network
template <class T>
struct LineInner {
    T const *a, *b;
    T* point;
    T rest, s;
    SG_FN void operator()(std::int64_t i) const { point[i] = rest * a[i] + s * b[i]; }
};

// point ← (1 − s) a + s b.   a, b, point: (N, P)
template <class T>
struct LinePoint {
    View<T const, 2> a, b;
    View<T, 2> point;
    double const* s;
    SG_FN LineInner<T> bind(int n) const
    {
        return {&a(n, 0), &b(n, 0), &point(n, 0), static_cast<T>(1 - s[n]), static_cast<T>(s[n])};
    }
};

// dead(n) ← 1 unless score(n, 0) ≤ threshold; a NaN is not
struct MarkDiverged {
    View<double const, 2> score;
    unsigned char* dead;
    SG_FN void operator()(int n, std::int64_t) const
    {
        if (!(score(n, 0) <= divergence_threshold)) dead[n] = 1;
    }
};

template <class T>
void sgd_step(Exec const& exec, Nets nets, double const* eta, View<T const, 2> const& grad,
              View<T, 2> const& theta)
{
    SG_EXPECT(grad.extent[1] == theta.extent[1]);
    each(exec, "sgd_step", nets, theta.extent[1], SgdStep<T>{theta, grad, eta});
}

template <class T>
void momentum_step(Exec const& exec, Nets nets, double const* eta, double beta,
                   View<T const, 2> const& grad, View<T, 2> const& velocity, View<T, 2> const& theta)
{
    SG_EXPECT(grad.extent[1] == theta.extent[1] && velocity.extent[1] == theta.extent[1]);
    each(exec, "momentum_step", nets, theta.extent[1],
         MomentumStep<T>{theta, velocity, grad, eta, static_cast<T>(beta)});
}

template <class T>
void line_point(Exec const& exec, Nets nets, double const* s, View<T const, 2> const& a,
                View<T const, 2> const& b, View<T, 2> const& point)
{
    SG_EXPECT(a.extent[1] == point.extent[1] && b.extent[1] == point.extent[1]);
    each(exec, "line_point", nets, point.extent[1], LinePoint<T>{a, b, point, s});
}

void mark_diverged(Exec const& exec, Nets nets, View<double const, 2> const& score,
                   unsigned char* dead)
{
    each(exec, "mark_diverged", nets, 1, MarkDiverged{score, dead});
}

#define SG_INSTANTIATE(T)                                                                          \
    template void sgd_step(Exec const&, Nets, double const*, View<T const, 2> const&,              \
                           View<T, 2> const&);                                                     \
    template void momentum_step(Exec const&, Nets, double const*, double, View<T const, 2> const&, \
                                View<T, 2> const&, View<T, 2> const&);                             \
    template void line_point(Exec const&, Nets, double const*, View<T const, 2> const&,            \
                             View<T const, 2> const&, View<T, 2> const&);
SG_INSTANTIATE(float)
SG_INSTANTIATE(double)

}  // namespace sg
