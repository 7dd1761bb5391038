// SPDX-License-Identifier: MIT
#include "host/store_rows.hpp"

#include <algorithm>
#include <numeric>

#include "cuda/exec/error.hpp"
#include "host/analysis.hpp"

namespace sg {

void RowsByPoint::add(std::vector<Trajectory>&& rows, std::vector<double> const& margins) {
    SG_EXPECT(rows.size() == margins.size());
    for (std::size_t k = 0; k < rows.size(); ++k) {
        Trajectory& row = rows[k];
        Key key{row.depth, row.width, row.seed, row.swept};
        Rows& point = points_.try_emplace(key, Rows{points_.size(), {}, {}}).first->second;
        point.rows.push_back(std::move(row));
        point.margins.push_back(margins[k]);
        changed_.insert(std::move(key));
    }
}

std::vector<PlacedPoint> RowsByPoint::take_changed() {
    std::vector<PlacedPoint> placed;
    for (Key const& key : changed_) {
        Rows const& point = points_.at(key);
        auto const found = find_constants(point.rows, point.margins);
        SG_EXPECT(found.size() <= 1);
        if (!found.empty()) placed.push_back({point.index, found.front()});
    }
    changed_.clear();
    return placed;
}

std::pair<std::vector<Trajectory>, std::vector<double>> RowsByPoint::take_sorted() {
    std::vector<Trajectory> rows;
    std::vector<double> margins;
    for (auto& entry : points_) {
        Rows& point = entry.second;
        std::vector<std::size_t> order(point.rows.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::sort(order.begin(), order.end(),
                  [&](std::size_t a, std::size_t b) { return point.rows[a].c < point.rows[b].c; });
        for (std::size_t k = 0; k < order.size(); ++k) {
            // The same network twice would make the order of the rows a matter of chance.
            SG_EXPECT(k == 0 || rows.back().c < point.rows[order[k]].c);
            rows.push_back(std::move(point.rows[order[k]]));
            margins.push_back(point.margins[order[k]]);
        }
    }
    points_.clear();
    changed_.clear();
    return {std::move(rows), std::move(margins)};
}

}  // namespace sg
