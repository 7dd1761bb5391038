// SPDX-License-Identifier: MIT
#include "cuda/sharpness/density.hpp"

#include <lapacke.h>

#include <algorithm>
#include <cmath>

#include "cuda/exec/each.hpp"

namespace sg {

// done(n) ← 1 where nothing was left of the last product: the space is complete.
struct EndCompleted {
    KrylovScalars s;
    SG_FN void operator()(int n, std::int64_t) const { s.done[n] = !s.no_refill[n]; }
};

// band(n, j) = T_jj, band(n, m + j) = T_j+1,j or 0.   band: (N, 2m)
struct GatherBand {
    KrylovScalars s;
    View<double, 2> band;
    int m;
    SG_FN void operator()(int n, std::int64_t j) const
    {
        band(n, j) = s.projected(n, j, j);
        band(n, m + j) = j + 1 < m ? s.projected(n, j + 1, j) : 0;
    }
};

Quadrature quadrature_of(std::vector<double> alpha, std::vector<double> beta)
{
    auto const end = std::find(beta.begin(), beta.end(), 0.0);
    auto const m = std::min(alpha.size(), static_cast<std::size_t>(end - beta.begin()) + 1);
    alpha.resize(m);
    beta.resize(m);
    auto const finite = [](double x) { return std::isfinite(x); };
    bool const usable = std::all_of(alpha.begin(), alpha.end(), finite) &&
                        std::all_of(beta.begin(), beta.end() - 1, finite);
    Quadrature q;
    q.status = usable ? EigenStatus::converged : EigenStatus::not_converged;
    if (!usable) return q;
    auto const n = static_cast<int>(m);
    std::vector<double> vectors(m * m), work(2 * m);
    int const info = LAPACKE_dstev_work(LAPACK_COL_MAJOR, 'V', n, alpha.data(), beta.data(),
                                        vectors.data(), n, work.data());
    if (info != 0) throw InternalError("LAPACKE_dstev_work: info " + std::to_string(info));
    q.node = std::move(alpha);
    for (std::size_t i = 0; i < m; ++i) q.weight.push_back(vectors[i * m] * vectors[i * m]);
    return q;
}

template <class T>
Density<T>::Density(Exec const& exec, Arena& arena, Model const& model, int nets, int order,
                    Krylov<T>& krylov)
    : exec_(exec), order_(static_cast<int>(std::min<std::int64_t>(order, model.params()))), krylov_(krylov)
{
    SG_EXPECT(order >= 1 && krylov.vectors() >= order_);
    band_ = arena.take<double, 2>(nets, 2 * order_);
}

template <class T>
std::vector<Quadrature> Density<T>::run(HessianOperator<T> const& hessian, Nets nets,
                                        std::uint64_t const* seed, int probe, int step)
{
    krylov_.begin(hessian, nets, seed, 1, Purpose::density, step);
    krylov_.start(0, probe);
    for (int j = 0; j < order_; ++j) {
        krylov_.push(j, 1);
        each(exec_, "end_completed", krylov_.active(), 1, EndCompleted{krylov_.scalars()});
    }
    auto const N = static_cast<std::size_t>(nets.count), m = static_cast<std::size_t>(order_);
    each(exec_, "gather_band", Nets{nets.count}, order_, GatherBand{krylov_.scalars(), band_, order_});
    auto const band = to_host(exec_, band_.data, nets.count * std::int64_t{2} * order_);
    auto const results = to_host(exec_, krylov_.scalars().result, nets.count);
    std::vector<Quadrature> found(N);
    for (std::size_t n = 0; n < N; ++n) {
        found[n].status = results[n].status;
        bool const measured = results[n].products > 0;
        auto const at = band.begin() + static_cast<std::ptrdiff_t>(2 * n * m);
        if (measured) found[n] = quadrature_of({at, at + order_}, {at + order_, at + 2 * order_});
        if (results[n].status == EigenStatus::collapsed) {
            found[n].node = {0};
            found[n].weight = {1};
        }
        found[n].products = results[n].products;
    }
    return found;
}

template class Density<float>;
template class Density<double>;

}  // namespace sg
