// SPDX-License-Identifier: MIT
// A cohort with a Spectrum of its own, and Hessians whose spectrum is known by hand.
#pragma once

#include <cmath>

#include "cuda/sharpness/spectrum.hpp"
#include "tests/support/cohort.hpp"

namespace sg::test {

template <class T>
struct SpectrumRun {
    SpectrumRun(Exec const& exec, Loss loss, oracle::Examples const& examples,
                std::vector<oracle::Net> const& nets, SpectrumOptions const& options)
        : cohort(exec, loss, examples, nets), spectrum(exec, cohort.model, cohort.count, options) {
        cohort.linearise();
    }
    std::vector<NetSpectrum> measure(int step = 0) {
        return spectrum->measure(*cohort.op, cohort.nets(), cohort.seed.data(), step);
    }

    Cohort<T> cohort;
    Planned<Spectrum<T>> spectrum;
};

// One linear layer with one output: H = Xᵀ X / B. With example i = √(B values_i) e_i, H = diag(values).
inline FcnSpec diagonal_spec(std::size_t size) {
    return fcn(1, 1, static_cast<int>(size), 1, Activation::linear);
}
inline oracle::Examples diagonal_examples(Vec const& values) {
    auto const P = values.size();
    oracle::Examples e{static_cast<int>(P), static_cast<int>(P), 1, Vec(P * P), std::vector<int>(P)};
    for (std::size_t i = 0; i < P; ++i) e.x[i * P + i] = std::sqrt(static_cast<double>(P) * values[i]);
    return e;
}

}  // namespace sg::test
