// SPDX-License-Identifier: MIT
#include "cuda/sharpness/krylov.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "cuda/exec/each.hpp"
#include "cuda/ops/vectors.hpp"

namespace sg {

// size(n) ← 0, no_refill(n) ← 1.   (N)
struct BeginKrylov {
    KrylovScalars s;
    SG_FN void operator()(int n, std::int64_t) const
    {
        s.size[n] = 0;
        s.no_refill[n] = 1;
    }
};

// T_ij ← values_i for i = j < kept, else 0.   i = index / M, j = index % M
struct ResetProjected {
    View<double, 3> projected;
    View<double const, 2> values;
    int kept;
    SG_FN void operator()(int n, std::int64_t index) const
    {
        std::int64_t const M = projected.extent[1], i = index / M, j = index % M;
        projected(n, i, j) = i == j && i < kept ? values(n, i) : 0;
    }
};

// Column j of T, and the same row, from V_i · H V_j for i < count; size(n) from H V_j · H V_j = dots(n, count).
struct StoreBand {
    KrylovScalars s;
    int j, count;
    double sign;
    SG_FN void operator()(int n, std::int64_t) const
    {
        for (int i = 0; i < count; ++i)
            s.projected(n, i, j) = s.projected(n, j, i) = sign * s.dots(n, i);
        double const length = sqrt(s.dots(n, count));
        if (!(length <= s.size[n])) s.size[n] = length;  // also for NaN
        s.result[n].products += 1;
    }
};

// What is left of H V_j is w = V_k: T_kj = |w| and the factor 1 / |w|, or 0 where w is rounding.
struct ExtendBand {
    KrylovScalars s;
    int j, k;
    double sign, rounding;
    SG_FN void operator()(int n, std::int64_t) const
    {
        double const length = sqrt(s.dots(n, 0));
        bool const usable = length > rounding * s.size[n] && length < INFINITY;
        s.projected(n, k, j) = s.projected(n, j, k) = usable ? sign * length : 0;
        s.one(n, 0) = usable ? 1 / length : 0;
        s.no_refill[n] = usable;
    }
};

template <class T>
double Krylov<T>::rounding()
{
    return 64 * static_cast<double>(std::numeric_limits<T>::epsilon());
}

template <class T>
Krylov<T>::Krylov(Exec const& exec, Arena& arena, Model const& model, int nets, int vectors)
    : exec_(exec), graphs_(exec)
{
    SG_EXPECT(vectors >= 1 && vectors <= model.params());
    V = arena.take_rows<T, 3>(nets, vectors, model.params());
    spare = arena.take_rows<T, 3>(nets, 2, model.params());
    projected_ = arena.take<double, 3>(nets, vectors, vectors);
    dots_ = arena.take<double, 2>(nets, vectors + 1);
    a_ = arena.take<double, 2>(nets, vectors);
    b_ = arena.take<double, 2>(nets, 1);
    one_ = arena.take<double, 2>(nets, 1);
    size_ = arena.take<double, 2>(nets, 1);
    done_ = arena.take<unsigned char, 1>(nets);
    no_refill_ = arena.take<unsigned char, 1>(nets);
    results_ = arena.take<EigenResult, 1>(nets);
    key_ = arena.take<RandomKey, 1>(1);
    clear(exec, V);  // a matmul reads the vectors of networks that are skipped, too
    clear(exec, spare);
    if (!arena.measuring()) done_on_host_ = Pinned<unsigned char>(exec, nets);
}

template <class T>
KrylovScalars Krylov<T>::scalars() const
{
    return {{dots_, a_, b_, one_, no_refill_.data}, projected_, size_.data, done_.data, results_.data};
}

template <class T>
void Krylov<T>::begin(HessianOperator<T> const& hessian, Nets nets, std::uint64_t const* seed, int sign,
                      Purpose purpose, int step)
{
    SG_EXPECT(nets.count >= 1 && nets.count <= V.extent[0]);
    SG_EXPECT(sign == 1 || sign == -1);
    hessian_ = &hessian;
    seed_ = seed;
    count_ = nets.count;
    sign_ = sign;
    RandomKey const key{0, purpose, 0, static_cast<std::uint32_t>(step)};
    exec_.copy_in(key_.data, &key, sizeof key);
    begin_measurement(exec_, nets, hessian.score(), done_.data, results_.data);
    each(exec_, "begin_krylov", Nets{count_}, 1, BeginKrylov{scalars()});
    reset(Nets{count_}, {}, 0);
}

template <class T>
void Krylov<T>::reset(Nets nets, View<double const, 2> const& values, int kept)
{
    std::int64_t const M = vectors();
    each(exec_, "reset_projected", nets, M * M, ResetProjected{projected_, values, kept});
}

template <class T>
void Krylov<T>::start(int k, int vector)
{
    random_signs<T>(exec_, active(), false, 1, seed_, key_.data, vector, member(V, k));
    orthonormalise(exec_, active(), V, k, scalars());
}

template <class T>
void Krylov<T>::take(int k, int from)
{
    copy<T>(exec_, active(), member(V, k), member(V, from));
    orthonormalise(exec_, active(), V, k, scalars());
}

template <class T>
void Krylov<T>::multiply(int j, int b)
{
    auto const nets = active();
    int const k = j + b, held = std::min(k, vectors());
    bool const extend = k < vectors();
    // Not into V: a matmul on a GPU writes the products of networks that are done, whose vectors are still needed.
    auto const product = member(spare, 0), w = extend ? member(V, k) : product;
    hessian_->apply(nets, member(V, j), product);
    if (extend) copy<T>(exec_, nets, w, product);
    dots<T>(exec_, nets, V, held, w, true, dots_);
    each(exec_, "store_band", nets, 1, StoreBand{scalars(), j, held, double(sign_)});
    if (!extend) return;
    project_out(exec_, nets, V, k, scalars());
    each(exec_, "extend_band", nets, 1, ExtendBand{scalars(), j, k, double(sign_), rounding()});
    scale<T>(exec_, nets, w, one_);
}

template <class T>
void Krylov<T>::push(int j, int b)
{
    SG_EXPECT(j >= 0 && j < vectors() && b >= 1);
    graphs_.run({j, b, count_, sign_, Graphs::address(hessian_), Graphs::address(hessian_->theta().data)},
                [&] { multiply(j, b); });
}

template class Krylov<float>;
template class Krylov<double>;

}  // namespace sg
