// SPDX-License-Identifier: MIT
// The numbers of one quantity against their references.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace sg::replay {

inline constexpr double nowhere = std::numeric_limits<double>::quiet_NaN();

// One number against its reference.
struct Comparison {
    double difference = 0;  // inf where the result, or it alone of the two, is not finite
    double tolerance = 0;
    double c = nowhere;  // nan: the quantity does not depend on it
    int step = -1;       // the second entry of "at"; -1: none
    int layer = -1;
    bool crossed = false;  // float only: excused by a unit that changed sign by rounding
    bool exceeds() const { return !(difference <= tolerance); }
};

// The comparisons of one quantity.
struct Quantity {
    std::string name;
    Comparison worst;  // of the largest difference / tolerance
    std::int64_t compared = 0;
    std::int64_t above_strict = 0;  // float only: not crossed, between the two tolerances
    std::int64_t crossed = 0;
    bool passes() const;
};

enum class Precision { single, twofold };

// In single precision an entry may differ by float_strict, and by float_loose in a share of at most
// float_share of the entries that are not crossed.
inline constexpr double float_strict = 1e-4, float_loose = 1e-3, float_share = 0.01;

// Of crossed entries. One unit more or less gives one of B examples another gradient through it: of
// the order of 1 / B of the gradient, 2e-3 at B = 512, and the steps after it may enlarge that a
// few times. Seen: 3e-3 in sharpness and 2e-4 in loss four steps on (relu_d4_w64 at c = 4, a unit
// at 8e-8 of the largest). More than one in `crossed_one_in` entries of a quantity may not be
// crossed: the excuse is for single runs, never for a file.
inline constexpr double float_crossed = 1e-2;
inline constexpr std::int64_t crossed_one_in = 3;

// The tolerance that `comparisons` come with is that of their precision; crossed entries and
// strays are given theirs here.
Quantity summarise(std::string name, std::vector<Comparison> comparisons, Precision precision);

}  // namespace sg::replay
