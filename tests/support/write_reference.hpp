// SPDX-License-Identifier: MIT
// Reference files made by the oracle, for networks that tests/reference has none of, and damaged
// copies of files. Every failure is a std::runtime_error that names the file.
#pragma once

#include <string>

#include "tests/support/fashion_mnist.hpp"
#include "tests/support/reference_file.hpp"

namespace sg::oracle {

// What a made file is about. The oracle is slow: a few examples and steps take a second.
struct MadeCase {
    FcnSpec spec;
    Loss loss = Loss::mse;
    double momentum = 0;
    Vec c{1, 3};
    int steps = 3, batch_size = 24, measure_examples = 40, power_iterations = 20,
        interp_points = 11;
    std::uint64_t seed = 1;
};

// The recipe of tests/reference/README.md. There is no second implementation to check it by: the
// cross checks are set to what rounding makes of a network that does not amplify it.
Reference make_reference(MadeCase const& made, FashionMnist const& images);

void write_reference(std::string const& path, Reference const& reference);

// Replaces the values of a dataset of doubles in a file that exists.
void overwrite(std::string const& path, std::string const& dataset, Vec const& values);

}  // namespace sg::oracle
