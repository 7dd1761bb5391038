// SPDX-License-Identifier: MIT
// What one network did: the row that is written to the output file and read back by the analysis.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

namespace sg {

enum class RunStatus : std::int8_t { pending, finished, diverged, collapsed, stopped };
inline constexpr std::array<std::string_view, 5> run_status_names{"pending", "finished", "diverged",
                                                                  "collapsed", "stopped"};

enum class SharpnessStatus : std::int8_t {
    converged,
    not_converged,
    bound_only,  // by power iteration: λ is at least that, up to rounding
    collapsed,
    not_measured
};
inline constexpr std::array<std::string_view, 5> sharpness_status_names{
    "converged", "not_converged", "bound_only", "collapsed", "not_measured"};

inline constexpr double missing = std::numeric_limits<double>::quiet_NaN();

// One network. The vectors have steps + 1 entries; entry t describes the weights before update t.
struct Trajectory {
    int depth = 0;
    int width = 0;
    std::uint64_t seed = 0;
    double c = missing;
    double learning_rate = missing;  // c / λ₀
    double sharpness_0 = missing;
    double sharpness_0_residual = missing;
    std::vector<double> swept;  // one per Study::swept: the number, or the code of the word
    RunStatus status = RunStatus::pending;
    int diverged_step = -1;          // first step whose loss is not finite or above 1e5; -1: none
    double barrier_ratio = missing;  // largest loss on the line θ_0 → θ_T over the loss at step 0

    std::vector<double> loss;        // on the measurement examples
    std::vector<double> train_loss;  // on batch t, before update t; missing in the last entry
    std::vector<double> accuracy;    // on the measurement examples; missing with one class
    std::vector<double> sharpness;   // λ
    std::vector<double> sharpness_residual;  // |H v − λ v|, |v| = 1
    std::vector<std::int32_t> sharpness_products;
    std::vector<SharpnessStatus> sharpness_status;

    // At the steps of SpectrumSpec, one behind the other; empty where it does not ask for them. Missing where
    // not reached, and behind the nodes of a probe whose Krylov space ended.
    std::vector<double> top_eigenvalue, top_eigenvalue_residual;            // (steps, top) descending
    std::vector<double> smallest_eigenvalue, smallest_eigenvalue_residual;  // (steps)
    std::vector<double> density_node, density_weight;                       // (steps, probes, order)
    std::vector<std::int32_t> spectrum_products;                            // (steps)
    std::vector<SharpnessStatus> spectrum_status;                           // (steps) of all of it
};

// Of the sharpness audit, over the whole study.
struct AuditTally {
    std::int64_t measurements = 0;
    std::int64_t misses = 0;
    double worst = 0;  // largest (audit − λ) / audit

    void add(AuditTally const& other) {
        measurements += other.measurements;
        misses += other.misses;
        if (other.worst > worst) worst = other.worst;
    }
};

}  // namespace sg
