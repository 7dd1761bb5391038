// SPDX-License-Identifier: MIT
// The sharpness of the networks of a slice by one of the methods, and what passes from step to step.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "cuda/sharpness/exact.hpp"
#include "cuda/sharpness/lanczos.hpp"
#include "cuda/sharpness/power.hpp"

namespace sg {

enum class Method : std::uint8_t { lanczos, power, exact };

struct MeterOptions {
    Method method = Method::lanczos;
    double tolerance = 5e-4;  // lanczos: LanczosRule::error
    int iterations = 20;      // power
    bool tf32 = false;        // lanczos: LanczosRule::tf32 of the later steps
};

// What the next measurement starts from.
template <class T>
struct Start {
    std::vector<T> vectors;         // the leading Ritz vectors: 2 P, empty unless lanczos
    double lambda = 0, second = 0;  // and values
};

// skip(n) ← 1 where the skip byte of `nets` is set.   skip: (N), in the space of the Exec
void skip_dead_too(Exec const& exec, Nets nets, unsigned char* skip);

template <class T>
class SharpnessMeter {
public:
    SharpnessMeter(Exec const& exec, Arena& arena, Model const& model, int nets, MeterOptions options);

    // λ₀: strict, from a random start.
    void measure_initial(HessianOperator<T> const& op, Nets nets, std::uint64_t const* seed);
    // λ at a later step, from the vectors that the last measurement left; `ordinal`: how many there were, with this one.
    void measure(HessianOperator<T> const& op, Nets nets, std::uint64_t const* seed, int step, int ordinal);
    // At every step.
    void measure(HessianOperator<T> const& op, Nets nets, std::uint64_t const* seed, int step)
    {
        measure(op, nets, seed, step, step);
    }
    // The audit of the networks of `nets` whose byte in `skip` is 0: cold, strict, and without a trace in
    // what the next step starts from. lanczos only.   skip: (N), in the space of the Exec
    void audit(HessianOperator<T> const& op, Nets nets, unsigned char* skip, std::uint64_t const* seed,
               int step);
    // Smallest algebraic eigenvalue to `tolerance`, cold; leaves no trace either. lanczos only.
    void measure_smallest(HessianOperator<T> const& op, Nets nets, std::uint64_t const* seed,
                          double tolerance);
    // Largest algebraic eigenvalue to `tolerance`, cold.
    void measure_largest(HessianOperator<T> const& op, Nets nets, std::uint64_t const* seed,
                         double tolerance);

    // (N) of the last measurement, in the space of the Exec.
    EigenResult const* results() const;

    // Of slot n; set for slots [first, first + count) at once. The two Ritz values alone: 0 unless lanczos.
    Start<T> start(int n) const;
    std::array<double, 2> ritz_values(int n) const;
    void set_start(int first, int count, Start<T> const& start);

    // Slot s takes over slot keep[s] ≥ s.   keep: (count), ascending, in the space of the Exec
    void compact(int const* keep, int count);

private:
    Exec exec_;
    MeterOptions options_;
    std::optional<Lanczos<T>> lanczos_;
    std::optional<PowerIteration<T>> power_;
    std::optional<ExactSpectrum<T>> exact_;
};

}  // namespace sg
