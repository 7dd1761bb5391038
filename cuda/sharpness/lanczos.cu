// SPDX-License-Identifier: MIT
#include "cuda/sharpness/lanczos.hpp"

#include <limits>

#include "cuda/exec/each.hpp"
#include "cuda/ops/vectors.hpp"
#include "cuda/sharpness/lanczos_kernels.hpp"

namespace sg {

LanczosRule LanczosRule::initial()
{
    LanczosRule rule;
    rule.tolerance = 1e-4;
    rule.min_products = 12;
    return rule;
}

LanczosRule LanczosRule::audit()
{
    LanczosRule rule;
    rule.tolerance = 1e-4;
    rule.min_products = 20;
    rule.keep = false;
    rule.purpose = Purpose::audit;
    return rule;
}

template <class T>
int Lanczos<T>::dimension(std::int64_t params)
{
    return static_cast<int>(std::min<std::int64_t>(params, params > 2'000'000 ? 12 : 24));
}

template <class T>
Lanczos<T>::Lanczos(Exec const& exec, Arena& arena, Model const& model, int nets)
    : exec_(exec), params_(model.params()), m_(dimension(model.params()))
{
    V_ = arena.take<T, 3>(nets, m_ + 1, params_);
    HV_ = arena.take<T, 3>(nets, m_, params_);
    start_ = arena.take<T, 3>(nets, 2, params_);
    projected_ = arena.take<double, 3>(nets, m_, m_);
    y_ = arena.take<double, 3>(nets, ritz_pairs, m_);
    theta_ = arena.take<double, 2>(nets, ritz_pairs);
    before_ = arena.take<double, 2>(nets, 1);
    dots_ = arena.take<double, 2>(nets, m_ + 2);
    a_ = arena.take<double, 2>(nets, m_ + 1);
    b_ = arena.take<double, 2>(nets, m_ + 1);
    one_ = arena.take<double, 2>(nets, 1);
    last_ = arena.take<double, 2>(nets, 1);
    used_ = arena.take<int, 1>(nets);
    least_ = arena.take<int, 1>(nets);
    done_ = arena.take<unsigned char, 1>(nets);
    no_refill_ = arena.take<unsigned char, 1>(nets);
    results_ = arena.take<EigenResult, 1>(nets);
    done_on_host_.resize(static_cast<std::size_t>(nets));
}

template <class T>
LanczosScalars Lanczos<T>::scalars() const
{
    return {projected_, y_,         theta_,      before_,    dots_,           a_,           b_,
            one_,       last_,      used_.data,  least_.data, done_.data, no_refill_.data, results_.data};
}

// w ← w − V Vᵀ w twice, then w ← w / |w|, for vector k of each network.
template <class T>
void Lanczos<T>::orthonormalise(Nets nets, int k)
{
    auto const w = member(V_, k);
    for (int pass = 0; pass < 2 && k > 0; ++pass) {
        dots<T>(exec_, nets, V_, k, w, pass == 0, dots_);
        each(exec_, "subtract_dots", nets, 1, SubtractDots{scalars(), k, pass == 0});
        combine<T>(exec_, nets, w, V_, {}, {one_, a_, {}, nullptr}, k);
    }
    dots<T>(exec_, nets, V_, 0, w, true, dots_);
    double const rounding = k > 0 ? 64 * static_cast<double>(std::numeric_limits<T>::epsilon()) : 0;
    each(exec_, "normalise", nets, 1, Normalise{scalars(), rounding});
    scale<T>(exec_, nets, w, one_);
    each(exec_, "flag_null", nets, 1, FlagNull{scalars()});
}

// Makes vector k orthonormal to the ones before; where nothing is left of it, a random one takes its place.
template <class T>
void Lanczos<T>::admit(int count, int k, std::uint64_t const* seed)
{
    orthonormalise(active(count), k);
    random_signs<T>(exec_, refills(count), false, 1, seed, rule_.purpose, 1024 * rule_.step + k + 1,
                    member(V_, k));
    orthonormalise(refills(count), k);
}

// H v_k and column k of the projected matrix: one product.
template <class T>
void Lanczos<T>::push(HessianOperator<T> const& hessian, int count, int k)
{
    auto const nets = active(count);
    auto const product = member(HV_, k);
    hessian.apply(nets, member(V_, k), product);
    if (rule_.smallest) {
        from_host(exec_, std::vector<double>(static_cast<std::size_t>(count), -1.0), one_.data);
        scale<T>(exec_, nets, product, one_);
    }
    dots<T>(exec_, nets, V_, k + 1, product, false, dots_);
    each(exec_, "store_column", nets, 1, StoreColumn{scalars(), k});
}

template <class T>
void Lanczos<T>::begin(HessianOperator<T> const& hessian, Nets nets, std::uint64_t const* seed)
{
    begin_measurement(exec_, nets, hessian.score(), done_.data, results_.data);
    each(exec_, "begin_lanczos", Nets{nets.count}, 1, BeginLanczos{scalars(), rule_.min_products});
    auto const some = active(nets.count);
    if (rule_.warm) {
        copy<T>(exec_, some, member(V_, 0), member(start_, 0));
    } else {
        random_signs<T>(exec_, some, false, 1, seed, rule_.purpose, 1024 * rule_.step, member(V_, 0));
    }
    admit(nets.count, 0, seed);
    push(hessian, nets.count, 0);
    if (!rule_.warm || params_ < 2) return;
    each(exec_, "expect_catapult", some, 1, ExpectCatapult{scalars(), rule_.catapult_products});
    // The admixture lets in an eigenvector that the last step's subspace had no part of.
    double const size = 0.05 / std::sqrt(static_cast<double>(params_));
    copy<T>(exec_, some, member(V_, 1), member(start_, 1));
    random_signs<T>(exec_, some, true, size, seed, Purpose::admixture, rule_.step, member(V_, 1));
    admit(nets.count, 1, seed);
    push(hessian, nets.count, 1);
}

// Into vector k, with its dot products: r = H x − θ x for the leading Ritz pair.
template <class T>
void Lanczos<T>::find_residual(int count, int k)
{
    auto const nets = active(count);
    solve_projected(exec_, nets, projected_, k, theta_, y_);
    each(exec_, "residual_coefficients", nets, 1, ResidualCoefficients{scalars(), k});
    auto const r = member(V_, k);
    combine<T>(exec_, nets, r, V_, HV_, {{}, a_, b_, nullptr}, k);
    dots<T>(exec_, nets, V_, k, r, true, dots_);
}

template <class T>
void Lanczos<T>::judge(int count, int k, bool complete)
{
    double const rounding = 16 * static_cast<double>(std::numeric_limits<T>::epsilon());
    each(exec_, "judge", active(count), 1, Judge{scalars(), rule_, k, complete, rounding});
}

// Keeps the leading Ritz vectors and their products, and the residual behind them.
template <class T>
void Lanczos<T>::restart(int count, int k)
{
    auto const nets = active(count);
    rotate<T>(exec_, nets, V_, y_, k);
    rotate<T>(exec_, nets, HV_, y_, k);
    copy<T>(exec_, nets, member(V_, ritz_pairs), member(V_, k));
    each(exec_, "restart_projected", nets, 1, RestartProjected{scalars()});
}

// Vector k: the residual, orthogonal and normalised; random where the residual is rounding.
template <class T>
void Lanczos<T>::expand(int count, int k, std::uint64_t const* seed)
{
    auto const nets = active(count);
    combine<T>(exec_, nets, member(V_, k), V_, {}, {one_, a_, {}, nullptr}, k);
    auto const refill = refills(count);
    random_signs<T>(exec_, refill, false, 1, seed, rule_.purpose, 1024 * rule_.step + k + 1,
                    member(V_, k));
    orthonormalise(refill, k);
}

// Whether every network is done. The device is asked at every second product only: one wait per two.
template <class T>
bool Lanczos<T>::finished(int count, int k)
{
    if (!exec_.on_cpu() && k % 2 == 0) return false;
    auto const size = static_cast<std::size_t>(count);
    exec_.copy_out(done_on_host_.data(), done_.data, size);
    return std::all_of(done_on_host_.begin(), done_on_host_.begin() + count,
                       [](auto d) { return d != 0; });
}

template <class T>
void Lanczos<T>::keep_start(Nets nets, int k)
{
    each(exec_, "skip_unfinished", nets, 1, SkipUnfinished{scalars()});
    auto const usable = refills(nets.count);
    for (int pair = 0; pair < 2 && pair < m_; ++pair) {
        each(exec_, "ritz_coefficients", usable, 1, RitzCoefficients{scalars(), pair, k});
        combine<T>(exec_, usable, member(start_, pair), V_, {}, {{}, a_, {}, used_.data}, k);
    }
}

template <class T>
void Lanczos<T>::run(HessianOperator<T> const& hessian, Nets nets, std::uint64_t const* seed,
                     LanczosRule const& rule)
{
    SG_EXPECT(nets.count <= V_.extent[0]);
    rule_ = rule;
    begin(hessian, nets, seed);
    int k = rule_.warm && params_ > 1 ? 2 : 1, most = k;
    for (int products = k;; ++products) {
        most = std::max(most, k);
        find_residual(nets.count, k);
        judge(nets.count, k, k == params_);
        if (k == params_ || products >= rule_.max_products || finished(nets.count, k)) break;
        if (k == m_) {
            restart(nets.count, k);
            k = ritz_pairs;
            // Near convergence the residual is orthogonal to the rotated vectors in theory only.
            admit(nets.count, k, seed);
        } else {
            expand(nets.count, k, seed);
        }
        push(hessian, nets.count, k);
        ++k;
    }
    if (rule_.keep) keep_start(nets, most);
}

template class Lanczos<float>;
template class Lanczos<double>;

}  // namespace sg
