// SPDX-License-Identifier: MIT
#include "cuda/ops/activation.hpp"

#include "cuda/exec/each.hpp"

namespace sg {

// z ← φ(z)
template <class T, class F>
struct Activate {
    View<T, 2> z;
    SG_FN void operator()(int n, std::int64_t i) const { z(n, i) = F::value(z(n, i)); }
};

// u ← φ'(z) u
template <class T, class F>
struct MultiplyBySlope {
    View<T const, 2> a;
    View<T, 2> u;
    SG_FN void operator()(int n, std::int64_t i) const { u(n, i) *= F::slope(a(n, i)); }
};

// bend ← −2 a Rz;   Rz ← (1 − a²) Rz.   tanh alone: φ''/φ' = −2a
template <class T>
struct TanhTangent {
    View<T const, 2> a;
    View<T, 2> Rz, bend;
    SG_FN void operator()(int n, std::int64_t i) const
    {
        T const r = Rz(n, i);
        bend(n, i) = Tanh::bend(a(n, i)) * r;
        Rz(n, i) = Tanh::slope(a(n, i)) * r;
    }
};

// Rδ = φ'(z) Ru + bend δ
template <class T>
struct TanhSlopeTangent {
    View<T const, 2> a, delta, bend;
    View<T, 2> Ru;
    SG_FN void operator()(int n, std::int64_t i) const
    {
        Ru(n, i) = Tanh::slope(a(n, i)) * Ru(n, i) + bend(n, i) * delta(n, i);
    }
};

namespace {

template <class T>
std::int64_t size(View<T, 3> const& v)
{
    return v.extent[1] * v.extent[2];
}

}  // namespace

template <class T>
void activate(Exec const& exec, Nets nets, Activation f, View<T, 3> const& z)
{
    auto const v = flat(z);
    if (f == Activation::relu) each(exec, "relu", nets, size(z), Activate<T, Relu>{v});
    if (f == Activation::tanh) each(exec, "tanh", nets, size(z), Activate<T, Tanh>{v});
}

template <class T>
void multiply_by_slope(Exec const& exec, Nets nets, Activation f, View<T const, 3> const& a,
                       View<T, 3> const& u)
{
    SG_EXPECT(size(a) == size(u));
    auto const n = size(u);
    if (f == Activation::relu)
        each(exec, "relu_slope", nets, n, MultiplyBySlope<T, Relu>{flat(a), flat(u)});
    if (f == Activation::tanh)
        each(exec, "tanh_slope", nets, n, MultiplyBySlope<T, Tanh>{flat(a), flat(u)});
}

template <class T>
void activate_tangent(Exec const& exec, Nets nets, Activation f, View<T const, 3> const& a,
                      View<T, 3> const& Rz, View<T, 3> const& bend)
{
    if (!has_curvature(f)) return multiply_by_slope(exec, nets, f, a, Rz);
    SG_EXPECT(bend && size(bend) >= size(Rz));
    each(exec, "tanh_tangent", nets, size(Rz), TanhTangent<T>{flat(a), flat(Rz), flat(bend)});
}

template <class T>
void slope_tangent(Exec const& exec, Nets nets, Activation f, View<T const, 3> const& a,
                   View<T const, 3> const& delta, View<T const, 3> const& bend, View<T, 3> const& Ru)
{
    if (!has_curvature(f)) return multiply_by_slope(exec, nets, f, a, Ru);
    each(exec, "tanh_slope_tangent", nets, size(Ru),
         TanhSlopeTangent<T>{flat(a), flat(delta), flat(bend), flat(Ru)});
}

#define SG_INSTANTIATE(T)                                                                          \
    template void activate(Exec const&, Nets, Activation, View<T, 3> const&);                      \
    template void multiply_by_slope(Exec const&, Nets, Activation, View<T const, 3> const&,        \
                                    View<T, 3> const&);                                            \
    template void activate_tangent(Exec const&, Nets, Activation, View<T const, 3> const&,         \
                                   View<T, 3> const&, View<T, 3> const&);                          \
    template void slope_tangent(Exec const&, Nets, Activation, View<T const, 3> const&,            \
                                View<T const, 3> const&, View<T const, 3> const&,                  \
                                View<T, 3> const&);
SG_INSTANTIATE(float)
SG_INSTANTIATE(double)

}  // namespace sg
