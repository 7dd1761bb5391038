// SPDX-License-Identifier: MIT
#include "cuda/nets/dense.hpp"

#include "cuda/ops/activation.hpp"
#include "cuda/ops/matmul.hpp"

namespace sg {

bool Dense::bends() const { return has_curvature(activation); }

namespace {

// c (+)= s · op(x) · w for every network, where x may be shared by groups.
template <class T>
void times(Exec const& exec, Nets nets, double s, LayerInput<T> const& x, Op op, View<T const, 3> const& w, double keep,
           View<T, 3> const& c)
{
    if (x.groups)
        grouped_matmul(exec, nets, *x.groups, s, x.x, op, w, Op::none, keep, c);
    else
        matmul(exec, nets, s, x.x, op, w, Op::none, keep, c);
}

// c = x · w of a copy of s w.
template <class T>
void times_packed(Exec const& exec, Nets nets, LayerInput<T> const& x, PackedFactor<T> const& w, View<T, 3> const& c)
{
    if (!x.groups) return matmul(exec, nets, x.x, w, 0, c);
    for (auto const& g : *x.groups) {
        auto const some = members(g, nets);
        if (some.count > 0)
            matmul(exec, some, left_of(g, x.x), networks(w, g.first, some.count), 0, networks(c, g.first, some.count));
    }
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
    times<T>(exec, nets, multiplier, x, Op::none, matrix(theta, offset, in, out), 0, a);
    activate(exec, nets, activation, a);
}

template <class T>
void Dense::backward(Exec const& exec, Nets nets, View<T const, 2> const& theta,
                     LayerInput<T> const& x, View<T const, 3> const& a, View<T, 3> const& u,
                     View<T, 2> const& grad, bool accumulate, View<T, 3> const& u_in) const
{
    multiply_by_slope(exec, nets, activation, a, u);
    if (grad) {
        times<T>(exec, nets, multiplier, x, Op::transpose, u, accumulate ? 1 : 0, matrix(grad, offset, in, out));
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
    auto const V = matrix(v, offset, in, out), W = matrix(theta, offset, in, out);
    if (packed.V.plain)
        times_packed(exec, nets, x, packed.V.plain, Ra);
    else
        times<T>(exec, nets, multiplier, x, Op::none, V, 0, Ra);
    if (Rx) times_factor<T>(exec, nets, multiplier, Rx, W, Op::none, packed.W.plain, 1, Ra);
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
    times<T>(exec, nets, multiplier, x, Op::transpose, Ru, accumulate ? 1 : 0, Hw);
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
