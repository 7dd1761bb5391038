// SPDX-License-Identifier: MIT
#include "cuda/sharpness/spectrum.hpp"

#include <algorithm>

namespace sg {

namespace {

// What is reported of several measurements of one network: the worst.
void add(NetSpectrum& to, int products, EigenStatus status)
{
    bool const first = to.status == EigenStatus::skipped, worse = status == EigenStatus::not_converged;
    to.products += products;
    if (first || worse) to.status = status;
}

int vectors_for(std::int64_t params, SpectrumOptions const& o)
{
    std::int64_t vectors = std::min<std::int64_t>(std::max(o.order, 1), params);
    for (int const k : {o.top, o.smallest ? 1 : 0})
        if (k > 0) vectors = std::max<std::int64_t>(vectors, Extremes<float>::vectors(params, k));
    return static_cast<int>(vectors);
}

}  // namespace

template <class T>
Spectrum<T>::Spectrum(Exec const& exec, Arena& arena, Model const& model, int nets,
                      SpectrumOptions const& options)
    : exec_(exec), options_(options), krylov_(exec, arena, model, nets, vectors_for(model.params(), options))
{
    int const most = std::max(options.top, options.smallest ? 1 : 0);
    if (most > 0) extremes_.emplace(exec, arena, model, nets, most, krylov_);
    if (options.probes > 0) density_.emplace(exec, arena, model, nets, options.order, krylov_);
}

template <class T>
std::vector<NetSpectrum> Spectrum<T>::measure(HessianOperator<T> const& hessian, Nets nets,
                                              std::uint64_t const* seed, int step)
{
    std::vector<NetSpectrum> found(static_cast<std::size_t>(nets.count));
    if (found.empty()) return found;
    auto const run = [&](int k, bool smallest, auto const& store) {
        extremes_->run(hessian, nets, seed, k, smallest, step);
        auto const results = to_host(exec_, krylov_.scalars().result, nets.count);
        auto const most = extremes_->values().extent[1];
        auto const values = to_host(exec_, extremes_->values().data, nets.count * most);
        auto const residuals = to_host(exec_, extremes_->residuals().data, nets.count * most);
        for (std::ptrdiff_t n = 0; n < nets.count; ++n) {
            auto& net = found[static_cast<std::size_t>(n)];
            auto const& result = results[static_cast<std::size_t>(n)];
            add(net, result.products, result.status);
            auto const at = n * most;
            store(net, std::vector(values.begin() + at, values.begin() + at + k),
                  std::vector(residuals.begin() + at, residuals.begin() + at + k));
        }
    };
    if (options_.top > 0)
        run(options_.top, false, [](NetSpectrum& net, auto values, auto residuals) {
            net.top = std::move(values);
            net.top_residual = std::move(residuals);
        });
    if (options_.smallest)
        run(1, true, [](NetSpectrum& net, auto const& values, auto const& residuals) {
            net.smallest = values[0];
            net.smallest_residual = residuals[0];
        });
    for (int probe = 0; probe < options_.probes; ++probe) {
        auto quadratures = density_->run(hessian, nets, seed, probe, step);
        for (std::size_t n = 0; n < found.size(); ++n) {
            add(found[n], quadratures[n].products, quadratures[n].status);
            found[n].probes.push_back(std::move(quadratures[n]));
        }
    }
    return found;
}

template class Spectrum<float>;
template class Spectrum<double>;

}  // namespace sg
