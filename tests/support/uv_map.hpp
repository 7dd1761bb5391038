// SPDX-License-Identifier: MIT
// The solvable model in two numbers: what the engine must do with 2n weights. It shares no code with it.
#pragma once

#include <cmath>

namespace sg::test {

// f = u·v/√n and κ = (‖u‖² + ‖v‖²)/n under gradient descent on f²/2.
struct UvMap {
    int n = 64;
    double f = 0.8, kappa = 1;  // r = f²/(n κ²) = 0.01

    double loss() const { return f * f / 2; }
    double sharpness() const { return (kappa + std::sqrt(kappa * kappa + 12 * f * f / n)) / 2; }
    void step(double eta) {
        double const z = eta * kappa, g = eta * f * f / n;
        f *= 1 - z + eta * g;
        kappa += g * (z - 4);
    }
};

// What became of it at c within `steps`, as the critical constants ask.
struct UvFate {
    bool loss_rose = false, sharpness_rose = false, diverged = false;
    explicit UvFate(double c, int steps = 10) {
        UvMap const start;
        UvMap now = start;
        for (int t = 0; t < steps && !diverged; ++t) {
            now.step(c / start.sharpness());
            diverged = !(now.loss() <= 1e5);
            loss_rose |= now.loss() > start.loss();
            sharpness_rose |= now.sharpness() > start.sharpness();
        }
    }
};

}  // namespace sg::test
