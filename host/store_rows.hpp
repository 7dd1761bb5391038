// SPDX-License-Identifier: MIT
// The rows of a study while it runs, by point: a commit finds the constants of what changed alone.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "host/store_stream.hpp"
#include "host/trajectory.hpp"

namespace sg {

class RowsByPoint {
public:
    // Points are numbered as they come; of sorted rows that is their order.
    void add(std::vector<Trajectory>&& rows, std::vector<double> const& margins);

    // The points whose rows changed since the last call.
    std::vector<PlacedPoint> take_changed();

    // All rows with their margins, sorted by depth, width, seed, swept keys and c; none is left
    // here. No network may be there twice.
    std::pair<std::vector<Trajectory>, std::vector<double>> take_sorted();

private:
    using Key = std::tuple<int, int, std::uint64_t, std::vector<double>>;
    struct Rows {
        std::uint64_t index;
        std::vector<Trajectory> rows;
        std::vector<double> margins;
    };

    std::map<Key, Rows> points_;
    std::set<Key> changed_;
};

}  // namespace sg
