// SPDX-License-Identifier: MIT
#include "cuda/ops/loss.hpp"

#include <cmath>

#include "cuda/exec/each.hpp"
#include "cuda/exec/rows.hpp"

namespace sg {

// k = 0: ½ Σ_k (f − y)² / (B K);   k = 1: whether the example is classified right, / B
template <class T>
struct MseScore {
    View<T const, 3> f;
    Labels labels;
    double scale, share;
    SG_FN double operator()(int n, std::int64_t b, int which) const
    {
        int const label = labels(n, b);
        if (which == 1) return largest_output(&f(n, b, 0), f.extent[2]) == label ? share : 0.0;
        double sum = 0;
        for (int k = 0; k < f.extent[2]; ++k) {
            double const error = static_cast<double>(f(n, b, k)) - (k == label ? 1.0 : 0.0);
            sum += error * error;
        }
        return sum * scale;
    }
};

// k = 0: − log softmax(f)[label] / B;   k = 1: whether the example is classified right, / B
template <class T>
struct CrossEntropyScore {
    View<T const, 3> f;
    Labels labels;
    double share;
    SG_FN double operator()(int n, std::int64_t b, int which) const
    {
        int const label = labels(n, b), best = largest_output(&f(n, b, 0), f.extent[2]);
        if (which == 1) return best == label ? share : 0.0;
        double const top = f(n, b, best);
        double sum = 0;
        for (int k = 0; k < f.extent[2]; ++k) sum += exp(static_cast<double>(f(n, b, k)) - top);
        return (top + log(sum) - static_cast<double>(f(n, b, label))) * share;
    }
};

// δ(n, b, ·) = (f − y) / (total K)
template <class T>
struct MseGradient {
    View<T const, 3> f;
    Labels labels;
    View<T, 3> delta;
    T scale;
    SG_FN void operator()(int n, std::int64_t b) const
    {
        int const label = labels(n, b);
        for (int k = 0; k < f.extent[2]; ++k)
            delta(n, b, k) = (f(n, b, k) - (k == label ? T(1) : T(0))) * scale;
    }
};

// δ(n, b, ·) = (softmax(f) − y) / total
template <class T>
struct CrossEntropyGradient {
    View<T const, 3> f;
    Labels labels;
    View<T, 3> delta;
    T scale;
    SG_FN void operator()(int n, std::int64_t b) const
    {
        int const label = labels(n, b);
        T const top = f(n, b, largest_output(&f(n, b, 0), f.extent[2]));
        T sum = 0;
        for (int k = 0; k < f.extent[2]; ++k) sum += delta(n, b, k) = exp(f(n, b, k) - top);
        T const normalise = scale / sum;
        for (int k = 0; k < f.extent[2]; ++k)
            delta(n, b, k) = delta(n, b, k) * normalise - (k == label ? scale : T(0));
    }
};

// Rf ← Rf / (total K)
template <class T>
struct MseTangent {
    View<T, 2> Rf;
    T scale;
    SG_FN void operator()(int n, std::int64_t i) const { Rf(n, i) *= scale; }
};

// Rf ← p (Rf − Σ p Rf) / total,   p = softmax(f)
template <class T>
struct CrossEntropyTangent {
    View<T const, 3> f;
    View<T, 3> Rf;
    T scale;
    SG_FN void operator()(int n, std::int64_t b) const
    {
        softmax_tangent(&f(n, b, 0), &Rf(n, b, 0), static_cast<int>(f.extent[2]), scale);
    }
};

template <class T>
void loss_and_accuracy(Exec const& exec, Nets nets, Loss loss, View<T const, 3> const& f,
                       Labels const& labels, View<double, 2> const& score)
{
    double const share = 1.0 / static_cast<double>(f.extent[1]);
    double const scale = 0.5 * share / static_cast<double>(f.extent[2]);
    if (loss == Loss::mse)
        rows(exec, "mse", nets, f.extent[1], 2, MseScore<T>{f, labels, scale, share}, score);
    else
        rows(exec, "cross_entropy", nets, f.extent[1], 2, CrossEntropyScore<T>{f, labels, share},
             score);
}

template <class T>
void loss_gradient(Exec const& exec, Nets nets, Loss loss, std::int64_t total,
                   View<T const, 3> const& f, Labels const& labels, View<T, 3> const& delta)
{
    T const share = static_cast<T>(1.0 / static_cast<double>(total));
    T const scale = static_cast<T>(1.0 / static_cast<double>(total * f.extent[2]));
    if (loss == Loss::mse)
        each(exec, "mse_gradient", nets, f.extent[1], MseGradient<T>{f, labels, delta, scale});
    else
        each(exec, "cross_entropy_gradient", nets, f.extent[1],
             CrossEntropyGradient<T>{f, labels, delta, share});
}

template <class T>
void loss_gradient_tangent(Exec const& exec, Nets nets, Loss loss, std::int64_t total,
                           View<T const, 3> const& f, View<T, 3> const& Rf)
{
    T const share = static_cast<T>(1.0 / static_cast<double>(total));
    T const scale = static_cast<T>(1.0 / static_cast<double>(total * f.extent[2]));
    if (loss == Loss::mse)
        each(exec, "mse_tangent", nets, f.extent[1] * f.extent[2], MseTangent<T>{flat(Rf), scale});
    else
        each(exec, "cross_entropy_tangent", nets, f.extent[1], CrossEntropyTangent<T>{f, Rf, share});
}

#define SG_INSTANTIATE(T)                                                                          \
    template void loss_and_accuracy(Exec const&, Nets, Loss, View<T const, 3> const&,              \
                                    Labels const&, View<double, 2> const&);                        \
    template void loss_gradient(Exec const&, Nets, Loss, std::int64_t, View<T const, 3> const&,    \
                                Labels const&, View<T, 3> const&);                                 \
    template void loss_gradient_tangent(Exec const&, Nets, Loss, std::int64_t,                     \
                                        View<T const, 3> const&, View<T, 3> const&);
SG_INSTANTIATE(float)
SG_INSTANTIATE(double)

}  // namespace sg
