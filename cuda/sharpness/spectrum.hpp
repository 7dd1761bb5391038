// SPDX-License-Identifier: MIT
// More of the spectrum of each network of a slice than its largest eigenvalue, measured at a step.
#pragma once

#include <optional>
#include <vector>

#include "cuda/sharpness/density.hpp"
#include "cuda/sharpness/extremes.hpp"

namespace sg {

struct SpectrumOptions {
    int top = 0;            // the largest eigenvalues
    bool smallest = false;  // the smallest one
    int probes = 0;         // of the density; 0: none
    int order = 0;          // products for each probe
};

// Of one network.
struct NetSpectrum {
    std::vector<double> top, top_residual;  // descending
    double smallest = 0, smallest_residual = 0;
    std::vector<Quadrature> probes;
    int products = 0;
    EigenStatus status = EigenStatus::skipped;  // converged: all of it
};

template <class T>
class Spectrum {
public:
    Spectrum(Exec const& exec, Arena& arena, Model const& model, int nets, SpectrumOptions const& options);

    // At the θ at which `hessian` was linearised. Random vectors follow from (seed, step, probe).   seed: (N)
    std::vector<NetSpectrum> measure(HessianOperator<T> const& hessian, Nets nets,
                                     std::uint64_t const* seed, int step);

private:
    Exec exec_;
    SpectrumOptions options_;
    Krylov<T> krylov_;
    std::optional<Extremes<T>> extremes_;
    std::optional<Density<T>> density_;
};

}  // namespace sg
