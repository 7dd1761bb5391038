// SPDX-License-Identifier: MIT
// The training images of Fashion-MNIST in double for the oracle, from the files of the Debian
// package dataset-fashion-mnist. A second reader on purpose: the engine's loader is under test.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "tests/support/oracle.hpp"

namespace sg::oracle {

class FashionMnist {
public:
    // Missing files give nullopt (the test then skips visibly); damaged ones std::runtime_error.
    static std::optional<FashionMnist> open();

    // Images by their row in the file, each standardised by its own mean and population deviation.
    Examples rows(std::span<int const> indices) const;

private:
    std::vector<unsigned char> pixels_;  // (60000, 784)
    std::vector<unsigned char> labels_;  // (60000)
};

}  // namespace sg::oracle
