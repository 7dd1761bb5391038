// SPDX-License-Identifier: MIT
// Which relu units have another sign in single than in double precision, and which entries of a
// trajectory that excuses.
//
// relu has a kink at zero. A unit whose input is zero within rounding may be active in one
// precision and not in the other: forward that changes nothing that counts, but its example then
// enters (or leaves) the gradient through that unit, and the two trajectories part by more than
// rounding. Which unit, and whether any, depends on the order in which a matrix product sums.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace sg::replay {

// What became of the units of a layer, or of a network; of several the last one that occurs counts.
enum class Change : std::uint8_t { none, by_rounding, other };

// Where a sign differs, the activation that is positive is at most |z_float - z_double|. Over the
// steps of the reference files where rounding is not amplified, before any sign changed on a batch,
// that was at most 1.5e-6 of the layer's largest activation (Cooperlake, Zen and Haswell kernels of
// OpenBLAS 0.3.21; 784 inputs, widths 16 to 64), so the share leaves a factor of 6 for wider sums.
// Inputs of 10 or 11 bits would make differences of 1e-4 and more, beyond it.
inline constexpr double rounding_share = 1e-5;

// One hidden layer of one network on all examples of a batch; active is a > 0.
// single, twofold: (B·w)
Change sign_change(std::span<float const> single, std::span<double const> twofold);

// R runs, S steps.
struct Signs {
    Signs(int run_count, int step_count);

    Change& on_batch(int run, int step);     // examples of the batch that step trains on, S steps
    Change& on_measured(int run, int step);  // the measurement examples, S + 1 steps
    Change on_batch(int run, int step) const;
    Change on_measured(int run, int step) const;

    int runs, steps;

private:
    std::vector<Change> batch_, measured_;  // (R, S + 1)
};

// Entries that a change of sign by rounding excuses. A change that is not by rounding ends the
// excuses of its run, its own step included: whatever it comes from may cause smaller ones as well.
class Crossings {
public:
    Crossings() = default;  // nothing is excused
    explicit Crossings(Signs const& signs);

    // Whether the weights of that step come after a change on a training batch.
    bool weights(int run, int step) const;
    // Whether the Hessian of that step is of such weights, or has a change of its own.
    bool hessian(int run, int step) const;

private:
    std::vector<int> first_;                   // (R) the step of the batch
    std::vector<std::vector<bool>> measured_;  // (R, S + 1)
};

}  // namespace sg::replay
