// SPDX-License-Identifier: MIT
// Reads a file of early-training trajectories, format and recipe as in tests/reference/README.md.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/support/oracle.hpp"

namespace sg::oracle {

// R runs (values of c), S steps, L layers, M measurement and B batch examples, P parameters.
// What the file holds per layer stands here as one vector, layer 0 first, as in Net::theta.
struct Reference {
    std::string name;  // of the file, without folder and extension
    FcnSpec spec;
    Loss loss_kind = Loss::mse;
    double momentum = 0, divergence_threshold = 0;
    int runs = 0, steps = 0, batch_size = 0, measure_examples = 0;
    int power_iterations = 0, interp_points = 0;

    Vec c, learning_rate;                   // (R)
    std::vector<int> measure_indices;       // (M) rows of the training file
    std::vector<int> batch_indices;         // (S, B)
    Vec init_weights, power_start;          // (P)
    Vec hvp_vector, hvp_result;             // (P) on the measurement examples at step 0
    Vec grad_step0, grad_layer_norm_step0;  // (P), (L)
    double grad_norm_step0 = 0;
    Vec loss, accuracy, sharpness;               // (R, S + 1)
    Vec train_batch_loss;                        // (R, S)
    Vec weight_layer_norm;                       // (R, S + 1, L)
    Vec top_eigenvalue;                          // (R, 2) at step 0 and after the last; may be nan
    Vec top_eigenvalue_largest_magnitude;        // (R, 2)
    Vec top_eigenvalue_residual;                 // (R, 2)
    Vec interp_loss;                             // (R, interp_points)
    std::vector<int> final_weight_sample_index;  // (F) positions in theta
    Vec final_weight_sample;                     // (R, F)
    std::vector<int> first_step_measure_loss_exceeds;             // (R), -1: never
    std::vector<int> first_step_train_loss_exceeds;               // (R)
    std::vector<int> first_step_train_loss_exceeds_ignoring_nan;  // (R)
    Vec loss_rel_diff, sharpness_rel_diff;  // (R, S + 1) cross_check/*; nan where not finite

    std::map<std::string, Vec> numbers;        // every numeric attribute of the root
    std::map<std::string, std::string> words;  // every text attribute of the root

    Net net() const { return {spec, init_weights}; }
    std::vector<int> batch(int step) const;                        // (B) the rows of that step
    double at_step(Vec const& per_step, int run, int step) const;  // of an (R, S + 1) array
    // Relative difference to be expected of another implementation (the README's last section).
    double tolerance(int run) const;
};

// Throws std::runtime_error with file and item: not HDF5, something missing, of wrong shape or
// kind.
Reference read_reference(std::string const& path);

}  // namespace sg::oracle
