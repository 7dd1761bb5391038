// SPDX-License-Identifier: MIT
#include "cuda/nets/dense.hpp"

#include "cuda/ops/activation.hpp"
#include "cuda/ops/matmul.hpp"

namespace sg {

bool Dense::bends() const { return has_curvature(activation); }

namespace {

// c (+)= s · x · w for every network, where x may be shared by groups.
template <class T>
void times(Exec const& exec, Nets nets, double s, LayerInput<T> const& x, View<T const, 3> const& w,
           double keep, View<T, 3> const& c)
{
    for_each_group(nets, x, [&](Nets some, int first, View<T const, 3> const& shared) {
        matmul(exec, some, s, shared, Op::none, networks(w, first, some.count), Op::none, keep,
               networks(c, first, some.count));
    });
}

// g (+)= s · xᵀ · δ for every network, where x may be shared by groups.
template <class T>
void transposed_times(Exec const& exec, Nets nets, double s, LayerInput<T> const& x,
                      View<T const, 3> const& delta, bool accumulate, View<T, 3> const& g)
{
    for_each_group(nets, x, [&](Nets some, int first, View<T const, 3> const& shared) {
        matmul(exec, some, s, shared, Op::transpose, networks(delta, first, some.count), Op::none,
               accumulate ? 1.0 : 0.0, networks(g, first, some.count));
    });
}

// c (+)= s · a · op(w) for every network, by the copy of s op(w) where there is one.
template <class T>
void times_factor(Exec const& exec, Nets nets, double s, View<T const, 3> const& a, View<T const, 3> const& w, Op op,
                  PackedFactor<T> const& packed, double keep, View<T, 3> const& c)
{
    if (packed)
        matmul(exec, nets, a, packed, keep, c);
    else
        matmul(exec, nets, s, a, Op::none, w, op, keep, c);
}

}  // namespace

template <class T>
void Dense::forward(Exec const& exec, Nets nets, View<T const, 2> const& theta,
                    LayerInput<T> const& x, View<T, 3> const& a) const
{
    times(exec, nets, multiplier, x, matrix(theta, offset, in, out), 0, a);
    activate(exec, nets, activation, a);
}

template <class T>
void Dense::backward(Exec const& exec, Nets nets, View<T const, 2> const& theta,
                     LayerInput<T> const& x, View<T const, 3> const& a, View<T, 3> const& u,
                     View<T, 2> const& grad, bool accumulate, View<T, 3> const& u_in) const
{
    multiply_by_slope(exec, nets, activation, a, u);
    if (grad) {
        transposed_times<T>(exec, nets, multiplier, x, u, accumulate, matrix(grad, offset, in, out));
    }
    if (u_in) {
        matmul<T>(exec, nets, multiplier, u, Op::none, matrix(theta, offset, in, out), Op::transpose,
                  0, u_in);
    }
}

template <class T>
PackedLayer<T> Dense::take_packed(Exec const& exec, Arena& arena, int nets, bool first) const
{
    auto const plain = [&] { return PackedFactor<T>::take(exec, arena, nets, in, out); };
    auto const transposed = [&] { return PackedFactor<T>::take(exec, arena, nets, out, in); };
    if (first) return {{}, {plain(), {}}};
    return {{plain(), transposed()}, {plain(), transposed()}};
}

template <class T>
void Dense::pack(Exec const& exec, Nets nets, View<T const, 2> const& params, PackedWeights<T>& to) const
{
    auto const W = matrix(params, offset, in, out);
    if (to.plain) sg::pack(exec, nets, multiplier, W, Op::none, to.plain);
    if (to.transposed) sg::pack(exec, nets, multiplier, W, Op::transpose, to.transposed);
}

template <class T>
void Dense::forward_tangent(Exec const& exec, Nets nets, View<T const, 2> const& theta,
                            View<T const, 2> const& v, PackedLayer<T> const& packed, LayerInput<T> const& x,
                            View<T const, 3> const& Rx, View<T const, 3> const& a,
                            View<T, 3> const& Ra, View<T, 3> const& bend) const
{
    if (packed.V.plain)
        for_each_group(nets, x, [&](Nets some, int first, View<T const, 3> const& shared) {
            matmul(exec, some, shared, networks(packed.V.plain, first, some.count), 0, networks(Ra, first, some.count));
        });
    else
        times(exec, nets, multiplier, x, matrix(v, offset, in, out), 0, Ra);
    if (Rx) times_factor(exec, nets, multiplier, Rx, matrix(theta, offset, in, out), Op::none, packed.W.plain, 1, Ra);
    activate_tangent(exec, nets, activation, a, Ra, bend);
}

template <class T>
void Dense::backward_tangent(Exec const& exec, Nets nets, View<T const, 2> const& theta,
                             View<T const, 2> const& v, PackedLayer<T> const& packed, LayerInput<T> const& x,
                             View<T const, 3> const& Rx, View<T const, 3> const& a,
                             View<T const, 3> const& delta, View<T const, 3> const& bend,
                             View<T, 3> const& Ru, View<T, 2> const& Hv, bool accumulate,
                             View<T, 3> const& Ru_in) const
{
    slope_tangent(exec, nets, activation, a, delta, bend, Ru);
    auto const Hw = matrix(Hv, offset, in, out);
    transposed_times<T>(exec, nets, multiplier, x, Ru, accumulate, Hw);
    if (Rx) matmul<T>(exec, nets, multiplier, Rx, Op::transpose, delta, Op::none, 1, Hw);
    if (!Ru_in) return;
    times_factor<T>(exec, nets, multiplier, Ru, matrix(theta, offset, in, out), Op::transpose, packed.W.transposed, 0, Ru_in);
    times_factor<T>(exec, nets, multiplier, delta, matrix(v, offset, in, out), Op::transpose, packed.V.transposed, 1, Ru_in);
}

#define SG_INSTANTIATE(T)                                                                           \
    template void Dense::forward(Exec const&, Nets, View<T const, 2> const&, LayerInput<T> const&,  \
                                 View<T, 3> const&) const;                                          \
    template void Dense::backward(Exec const&, Nets, View<T const, 2> const&, LayerInput<T> const&, \
                                  View<T const, 3> const&, View<T, 3> const&, View<T, 2> const&,    \
                                  bool, View<T, 3> const&) const;                                   \
    template void Dense::forward_tangent(Exec const&, Nets, View<T const, 2> const&,                \
                                         View<T const, 2> const&, PackedLayer<T> const&,            \
                                         LayerInput<T> const&, View<T const, 3> const&,             \
                                         View<T const, 3> const&, View<T, 3> const&,                \
                                         View<T, 3> const&) const;                                  \
    template void Dense::backward_tangent(                                                          \
        Exec const&, Nets, View<T const, 2> const&, View<T const, 2> const&, PackedLayer<T> const&, \
        LayerInput<T> const&, View<T const, 3> const&, View<T const, 3> const&,                     \
        View<T const, 3> const&, View<T const, 3> const&, View<T, 3> const&, View<T, 2> const&,     \
        bool, View<T, 3> const&) const;                                                             \
    template PackedLayer<T> Dense::take_packed(Exec const&, Arena&, int, bool) const;               \
    template void Dense::pack(Exec const&, Nets, View<T const, 2> const&, PackedWeights<T>&) const;
SG_INSTANTIATE(float)
SG_INSTANTIATE(double)

}  // namespace sg
