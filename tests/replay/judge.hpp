// SPDX-License-Identifier: MIT
// Compares what was computed with a reference file, by the rules of tests/reference/README.md.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "tests/support/reference_file.hpp"

namespace sg::replay {

inline constexpr double nowhere = std::numeric_limits<double>::quiet_NaN();

// One number against its reference.
struct Comparison {
    double difference = 0;  // inf where the result, or it alone of the two, is not finite
    double tolerance = 0;
    double c = nowhere;  // nan: the quantity does not depend on it
    int step = -1;       // the second entry of "at"; -1: none
    int layer = -1;
    bool exceeds() const { return !(difference <= tolerance); }
};

// The comparisons of one quantity.
struct Quantity {
    std::string name;
    Comparison worst;  // of the largest difference / tolerance
    std::int64_t compared = 0;
    std::int64_t above_strict = 0;  // float only: between the two tolerances
    bool passes() const { return !worst.exceeds(); }
};

enum class Precision { single, twofold };

// In single precision an entry is compared where the file's cross checks are at most `steady`:
// there rounding is not amplified. It may differ by float_strict, and by float_loose in a share of
// at most float_share of the entries, because rounding may change the sign of a relu unit.
inline constexpr double steady = 1e-14;
inline constexpr double float_strict = 1e-4, float_loose = 1e-3, float_share = 0.01;

std::vector<Quantity> judge(oracle::Reference const& reference, oracle::Reference const& result,
                            Precision precision);

}  // namespace sg::replay
