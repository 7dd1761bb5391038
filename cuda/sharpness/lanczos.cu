// SPDX-License-Identifier: MIT
#include "cuda/sharpness/lanczos.hpp"

#include <limits>

#include "cuda/exec/each.hpp"
#include "cuda/ops/vectors.hpp"
#include "cuda/sharpness/lanczos_kernels.hpp"

namespace sg {

LanczosRule LanczosRule::warm_start(int step, int ordinal)
{
    LanczosRule rule;
    rule.warm = true;
    rule.step = step;
    rule.look_around = ordinal % 16 == 0;
    if (rule.look_around) rule.min_products = 6;  // bench/RESULTS.md
    return rule;
}

LanczosRule LanczosRule::initial()
{
    LanczosRule rule;
    rule.min_products = 12;
    return rule;
}

LanczosRule LanczosRule::audit()
{
    LanczosRule rule;
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
    : exec_(exec), params_(model.params()), m_(dimension(model.params())), graphs_(exec)
{
    V_ = arena.take_rows<T, 3>(nets, m_ + 1, params_);
    HV_ = arena.take_rows<T, 3>(nets, m_, params_);
    start_ = arena.take_rows<T, 3>(nets, 2, params_);
    projected_ = arena.take<double, 3>(nets, m_, m_);
    y_ = arena.take<double, 3>(nets, ritz_pairs, m_);
    theta_ = arena.take<double, 2>(nets, ritz_pairs);
    before_ = arena.take<double, 2>(nets, 1);
    dots_ = arena.take<double, 2>(nets, m_ + 2);
    a_ = arena.take<double, 2>(nets, m_ + 1);
    b_ = arena.take<double, 2>(nets, m_ + 1);
    one_ = arena.take<double, 2>(nets, 1);
    last_ = arena.take<double, 2>(nets, 2);
    used_ = arena.take<int, 1>(nets);
    least_ = arena.take<int, 1>(nets);
    second_ = arena.take<int, 1>(nets);
    no_second_ = arena.take<unsigned char, 1>(nets);
    done_ = arena.take<unsigned char, 1>(nets);
    no_refill_ = arena.take<unsigned char, 1>(nets);
    list_ = arena.take<int, 1>(nets);
    results_ = arena.take<EigenResult, 1>(nets);
    minus_ = arena.take<double, 2>(nets, 1);
    rule_there_ = arena.take<LanczosRule, 1>(1);
    keys_ = arena.take<RandomKey, 1>(2);
    clear(exec, V_);  // a matmul reads the vectors of networks that are skipped, too
    clear(exec, start_);
    clear(exec, last_);
    if (!arena.measuring()) done_on_host_ = Pinned<unsigned char>(exec, nets);
}

template <class T>
LanczosScalars Lanczos<T>::scalars() const
{
    return {{dots_, a_, b_, one_, no_refill_.data}, projected_, y_,         theta_,
            before_, last_,      used_.data, least_.data,
            done_.data, second_.data, no_second_.data, results_.data, rule_there_.data};
}

// Makes vector k orthonormal to the ones before; where nothing is left of it, a random one takes its place.
template <class T>
void Lanczos<T>::admit(int count, int k, std::uint64_t const* seed)
{
    orthonormalise(exec_, active(count), V_, k, scalars());
    refill(exec_, count, V_, k, scalars(), {seed, keys_.data}, k + 1);
}

// H v_k and column k of the projected matrix: one product.
template <class T>
void Lanczos<T>::push(HessianOperator<T> const& hessian, int count, int k)
{
    auto const nets = active(count);
    auto const product = member(HV_, k);
    auto const arithmetic = rule_.tf32 ? Arithmetic::tf32 : Arithmetic::pedantic;
    if (held_ > 0)
        hessian.apply_to_part(list_.data, held_, member(V_, k), product, arithmetic);
    else
        hessian.apply(nets, member(V_, k), product, arithmetic);
    if (rule_.smallest) scale<T>(exec_, nets, product, minus_);
    dots<T>(exec_, nets, V_, k + 1, product, false, dots_);
    each(exec_, "store_column", nets, 1, StoreColumn{scalars(), k});
}

// The first vector.
template <class T>
void Lanczos<T>::begin(HessianOperator<T> const& hessian, Nets nets, std::uint64_t const* seed)
{
    begin_measurement(exec_, nets, hessian.score(), done_.data, results_.data);
    each(exec_, "begin_lanczos", Nets{nets.count}, 1, BeginLanczos{scalars()});
    auto const some = active(nets.count);
    if (rule_.warm) {
        copy<T>(exec_, some, member(V_, 0), member(start_, 0));
    } else {
        random_signs<T>(exec_, some, false, 1, seed, keys_.data, 0, member(V_, 0));
    }
    admit(nets.count, 0, seed);
}

// Its product, and the verdict.
template <class T>
void Lanczos<T>::first_product(HessianOperator<T> const& hessian, int count)
{
    push(hessian, count, 0);
    if (rule_.warm) each(exec_, "expect_catapult", active(count), 1, ExpectCatapult{scalars()});
    judge(count, 1);
}

// From here on the products of the `active` networks alone, if that is worth it; done_on_host_ says which they are.
template <class T>
void Lanczos<T>::gather(HessianOperator<T> const& hessian, int count, int active)
{
    int const held = held_ > 0 ? held_ : count, part = hessian.part_for(active, held);
    if (part == held) return;
    std::vector<int> list;
    for (int n = 0; n < count; ++n)
        if (!done_on_host_.data()[n]) list.push_back(n);
    list.resize(static_cast<std::size_t>(part), ~list.at(0));
    exec_.copy_in(list_.data, list.data(), list.size() * sizeof(int));
    hessian.gather(list_.data, part);
    held_ = part;
}

// The leading Ritz pair of k vectors, its residual r = H x − θ x into vector k, and what it decides.
template <class T>
void Lanczos<T>::judge(int count, int k)
{
    auto const nets = active(count);
    solve_projected(exec_, nets, projected_, k, theta_, y_);
    each(exec_, "residual_coefficients", nets, 1, ResidualCoefficients{scalars(), k});
    auto const r = member(V_, k);
    combine<T>(exec_, nets, r, V_, HV_, {{}, a_, b_, nullptr}, k);
    dots<T>(exec_, nets, V_, k, r, true, dots_);
    double const rounding = rule_.tf32 ? tf32_rounding : 16 * static_cast<double>(std::numeric_limits<T>::epsilon());
    each(exec_, "judge", nets, 1, Judge{scalars(), k, k == params_, rounding});
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
    refill(exec_, count, V_, k, scalars(), {seed, keys_.data}, k + 1);
}

// Vector 1: the second Ritz vector of the last run instead, where it may have become the first.
template <class T>
void Lanczos<T>::take_second(int count, std::uint64_t const* seed)
{
    each(exec_, "choose_second", active(count), 1, ChooseSecond{scalars()});
    Nets const some{count, no_second_.data};
    copy<T>(exec_, some, member(V_, 1), member(start_, 1));
    // The admixture lets in an eigenvector that the last step's subspace had no part of.
    double const size = 0.05 / std::sqrt(static_cast<double>(params_));
    random_signs<T>(exec_, some, true, size, seed, keys_.data + 1, 0, member(V_, 1));
    orthonormalise(exec_, some, V_, 1, scalars());
    refill(exec_, count, V_, 1, scalars(), {seed, keys_.data}, 2);
}

// One more vector, its product and the verdict; returns the new number of vectors.
template <class T>
int Lanczos<T>::grow(HessianOperator<T> const& hessian, int count, int k, std::uint64_t const* seed)
{
    if (k == m_) {
        restart(count, k);
        k = ritz_pairs;
        // Near convergence the residual is orthogonal to the rotated vectors in theory only.
        admit(count, k, seed);
    } else {
        expand(count, k, seed);
        if (k == 1 && rule_.warm) take_second(count, seed);
    }
    push(hessian, count, k);
    judge(count, k + 1);
    return k + 1;
}

template <class T>
void Lanczos<T>::keep_start(Nets nets, int k)
{
    each(exec_, "skip_unfinished", nets, 1, SkipUnfinished{scalars()});
    auto const usable = refills(nets.count);
    each(exec_, "ritz_coefficients", usable, 1, RitzCoefficients{scalars(), 0, k});
    combine<T>(exec_, usable, member(start_, 0), V_, {}, {{}, a_, {}, used_.data}, k);
    if (k < 2) return;
    each(exec_, "choose_kept", Nets{nets.count}, 1, ChooseKept{scalars()});
    Nets const some{nets.count, no_second_.data};
    each(exec_, "ritz_coefficients", some, 1, RitzCoefficients{scalars(), 1, k});
    combine<T>(exec_, some, member(start_, 1), V_, {}, {{}, a_, {}, used_.data}, k);
}

// The product of the first Ritz vector, which was kept, in full: what the rounding of TF32 left of it is in its residual.
template <class T>
void Lanczos<T>::judge_in_full(HessianOperator<T> const& hessian, int count)
{
    auto const nets = refills(count);  // those that kept theirs
    auto const x = member(start_, 0), Hx = member(V_, 0);
    hessian.apply(nets, x, Hx);
    dots<T>(exec_, nets, as_set<T const>(x), 0, x, true, one_);
    dots<T>(exec_, nets, as_set<T const>(x), 1, Hx, true, dots_);
    each(exec_, "judge_in_full", nets, 1, JudgeInFull{scalars()});
}

template <class T>
void Lanczos<T>::upload_rule(int count)
{
    auto const step = static_cast<std::uint32_t>(rule_.step);
    RandomKey const keys[] = {{0, rule_.purpose, 0, step}, {0, Purpose::admixture, 0, step}};
    exec_.copy_in(keys_.data, keys, sizeof keys);
    exec_.copy_in(rule_there_.data, &rule_, sizeof rule_);
    if (!rule_.smallest) return;
    from_host(exec_, std::vector<double>(static_cast<std::size_t>(count), -1.0), minus_.data);
}

template <class T>
void Lanczos<T>::run(HessianOperator<T> const& hessian, Nets nets, std::uint64_t const* seed,
                     LanczosRule const& rule)
{
    SG_EXPECT(nets.count <= V_.extent[0]);
    if (nets.count <= 0) return;
    rule_ = rule;
    upload_rule(nets.count);
    SG_EXPECT(!(rule.warm && rule.smallest));  // the bordered value is a bound from above there
    SG_EXPECT(!rule.tf32 || (rule.warm && rule.keep));
    auto const replay = [&](int what, int k, int steps, auto const& launches) {
        graphs_.run({what, k, steps, nets.count, held_, rule_.warm, rule_.smallest, rule_.tf32, Graphs::address(nets.skip),
                     Graphs::address(&hessian), Graphs::address(hessian.theta().data), Graphs::address(seed)},
                    launches);
    };
    int k = 1, products = 1, most = 1;
    held_ = 0;
    auto const finished = [&] {
        int const active = not_done(exec_, done_on_host_, done_.data, nets.count);
        gather(hessian, nets.count, active);
        return active == 0;
    };
    replay(0, 0, 0, [&] { begin(hessian, nets, seed); });
    // A search measures a third of the networks, an audit one of 64: asked for only where it saves more than a wait.
    if (hessian.part_for(1, nets.count) < nets.count) finished();
    replay(4, 0, 0, [&] { first_product(hessian, nets.count); });
    // A GPU is asked at every second product only, after the fewest: one wait of the host per two.
    int const unasked = exec_.on_cpu() ? 1 : 2;
    while (k != params_ && (products < rule_.min_products || !finished())) {
        int const from = k;
        int const ahead = std::max(unasked, rule_.min_products - products);
        int steps = 0;
        for (; steps < ahead && k != params_; ++steps, ++products) {
            k = after(k);
            most = std::max(most, k);
        }
        replay(1, from, steps, [&] {
            int at = from;
            for (int s = 0; s < steps; ++s) at = grow(hessian, nets.count, at, seed);
        });
    }
    held_ = 0;
    if (rule_.keep) replay(2, most, 0, [&] { keep_start(nets, most); });
    if (rule_.tf32) replay(3, 0, 0, [&] { judge_in_full(hessian, nets.count); });
}

template class Lanczos<float>;
template class Lanczos<double>;

}  // namespace sg
