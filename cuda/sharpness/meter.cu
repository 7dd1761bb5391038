// SPDX-License-Identifier: MIT
#include "cuda/sharpness/meter.hpp"

#include "cuda/exec/each.hpp"
#include "cuda/ops/row_moves.hpp"
#include "cuda/ops/vectors.hpp"

namespace sg {

// skip(n) ← skip(n) or dead(n).   skip, dead: (N)
struct SkipDeadToo {
    unsigned char const* dead;
    unsigned char* skip;
    SG_FN void operator()(int n, std::int64_t) const { skip[n] |= dead[n]; }
};

void skip_dead_too(Exec const& exec, Nets nets, unsigned char* skip)
{
    if (nets.skip) each(exec, "skip_dead_too", Nets{nets.count}, 1, SkipDeadToo{nets.skip, skip});
}

template <class T>
SharpnessMeter<T>::SharpnessMeter(Exec const& exec, Arena& arena, Model const& model, int nets,
                                  MeterOptions options)
    : exec_(exec), options_(options)
{
    if (options.method == Method::lanczos) lanczos_.emplace(exec, arena, model, nets);
    if (options.method == Method::exact) exact_.emplace(exec, arena, model, nets);
    if (options.method == Method::power) {
        power_.emplace(exec, arena, model, nets);
        if (!arena.measuring()) power_->set_random_start();
    }
}

template <class T>
void SharpnessMeter<T>::measure_initial(HessianOperator<T> const& op, Nets nets,
                                        std::uint64_t const* seed)
{
    if (lanczos_) return lanczos_->run(op, nets, seed, LanczosRule::initial());
    measure(op, nets, seed, 0);
}

template <class T>
void SharpnessMeter<T>::measure(HessianOperator<T> const& op, Nets nets, std::uint64_t const* seed,
                                int step, int ordinal)
{
    if (power_) return power_->run(op, nets, options_.iterations);
    if (exact_) return exact_->run(op, nets);
    auto rule = LanczosRule::warm_start(step, ordinal);
    rule.error = options_.tolerance;
    rule.tf32 = options_.tf32;
    lanczos_->run(op, nets, seed, rule);
}

template <class T>
void SharpnessMeter<T>::audit(HessianOperator<T> const& op, Nets nets, unsigned char* skip,
                              std::uint64_t const* seed, int step)
{
    SG_EXPECT(lanczos_.has_value());
    skip_dead_too(exec_, nets, skip);
    auto rule = LanczosRule::audit();
    rule.step = step;
    lanczos_->run(op, Nets{nets.count, skip}, seed, rule);
}

// Cold and much stricter than λ₀; for checks.
static LanczosRule strict(double tolerance)
{
    auto rule = LanczosRule::audit();
    rule.tolerance = tolerance;
    rule.gain = tolerance * 1e-2;
    rule.min_products = 40;
    rule.max_products = 4000;
    return rule;
}

template <class T>
void SharpnessMeter<T>::measure_smallest(HessianOperator<T> const& op, Nets nets,
                                         std::uint64_t const* seed, double tolerance)
{
    SG_EXPECT(lanczos_.has_value());
    auto rule = strict(tolerance);
    rule.smallest = true;
    lanczos_->run(op, nets, seed, rule);
}

template <class T>
void SharpnessMeter<T>::measure_largest(HessianOperator<T> const& op, Nets nets,
                                        std::uint64_t const* seed, double tolerance)
{
    SG_EXPECT(lanczos_.has_value());
    lanczos_->run(op, nets, seed, strict(tolerance));
}

template <class T>
EigenResult const* SharpnessMeter<T>::results() const
{
    return power_ ? power_->results() : exact_ ? exact_->results() : lanczos_->results();
}

template <class T>
Start<T> SharpnessMeter<T>::start(int n) const
{
    if (!lanczos_) return {};
    auto const [lambda, second] = ritz_values(n);
    return {to_host(exec_, vectors_of(lanczos_->start(), n)), lambda, second};
}

template <class T>
std::array<double, 2> SharpnessMeter<T>::ritz_values(int n) const
{
    if (!lanczos_) return {};
    auto const values = to_host(exec_, networks(lanczos_->last(), n, 1));
    return {values[0], values[1]};
}

template <class T>
void SharpnessMeter<T>::set_start(int first, int count, Start<T> const& start)
{
    if (!lanczos_) return;
    auto const vectors = lanczos_->start();
    from_host(exec_, start.vectors, vectors_of(vectors, first));
    for (int j = 0; j < 2 && count > 1; ++j) {
        auto shared = networks(member(vectors, j), first, count - 1);
        shared.stride[0] = 0;
        copy<T>(exec_, Nets{count - 1}, networks(member(vectors, j), first + 1, count - 1), shared);
    }
    std::vector<double> ritz;
    for (int n = 0; n < count; ++n) ritz.insert(ritz.end(), {start.lambda, start.second});
    from_host(exec_, ritz, lanczos_->last().data + 2 * first);
}

template <class T>
void SharpnessMeter<T>::compact(int const* keep, int count)
{
    if (!lanczos_) return;
    for (int j = 0; j < 2; ++j) move_rows(exec_, keep, count, member(lanczos_->start(), j));
    move_rows(exec_, keep, count, lanczos_->last());
}

template class SharpnessMeter<float>;
template class SharpnessMeter<double>;

}  // namespace sg
