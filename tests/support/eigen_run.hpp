// SPDX-License-Identifier: MIT
// A cohort with a Lanczos of its own: one call gives the results on the host.
#pragma once

#include "cuda/sharpness/lanczos.hpp"
#include "tests/support/cohort.hpp"

namespace sg::test {

template <class T>
struct EigenRun {
    EigenRun(Exec const& exec, Loss loss, oracle::Examples const& examples,
             std::vector<oracle::Net> const& nets)
        : exec_(exec),
          cohort(exec, loss, examples, nets),
          lanczos(exec, cohort.model, cohort.count) {
        cohort.linearise();
    }
    std::vector<EigenResult> run(LanczosRule const& rule) {
        lanczos->run(*cohort.op, cohort.nets(), cohort.seed.data(), rule);
        return to_host(exec_, lanczos->results(), cohort.count);
    }
    // The leading Ritz vectors that the last run kept for network n, one after the other (2 P), and values (2).
    std::vector<T> start(int n) { return to_host(exec_, vectors_of(lanczos->start(), n)); }
    Vec last(int n) { return to_host(exec_, networks(lanczos->last(), n, 1)); }
    void set_start(int n, std::vector<T> const& vectors, Vec const& last) {
        from_host(exec_, vectors, vectors_of(lanczos->start(), n));
        from_host(exec_, last, networks(lanczos->last(), n, 1));
    }

private:
    Exec exec_;

public:
    Cohort<T> cohort;
    Planned<Lanczos<T>> lanczos;
};

// Warm, from the vectors of the run before.
inline LanczosRule warm(int step) {
    LanczosRule rule;
    rule.warm = true;
    rule.step = step;
    return rule;
}
// Cold, to a residual that leaves an error of its square.
inline LanczosRule strict(double tolerance) {
    auto rule = LanczosRule::initial();
    rule.tolerance = tolerance;
    rule.gain = 1e-2 * tolerance;
    return rule;
}

// |H x − λ x| / |x| with the oracle's H.
inline double residual_of(oracle::Net const& net, oracle::Examples const& examples, Loss loss,
                          Vec const& x, double lambda) {
    Vec const Hx = oracle::exact_Hv(net, examples, loss, x);
    double square = 0, size = 0;
    for (std::size_t p = 0; p < x.size(); ++p) {
        square += (Hx[p] - lambda * x[p]) * (Hx[p] - lambda * x[p]);
        size += x[p] * x[p];
    }
    return std::sqrt(square / size);
}

}  // namespace sg::test
