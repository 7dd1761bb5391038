// SPDX-License-Identifier: MIT
// The loss along the straight line from θ_0 to θ_T: whether a barrier lies between them, and how high it is.
#include <algorithm>
#include <cmath>
#include <limits>

#include "host/slice_run.hpp"

namespace sg {

namespace {

constexpr int intervals = 100;

// The largest loss of one network on the line, as far as it is known.
struct Peak {
    double start = missing;  // loss at θ_0
    double loss = -1;
    double position = 0;
    double reach = 1.0 / intervals;  // half the interval about `position` that is searched
    bool settled = false;

    void look_at(double s, double value)
    {
        double const finite = std::isnan(value) ? std::numeric_limits<double>::infinity() : value;
        if (finite > loss) {
            loss = finite;
            position = s;
        }
    }
};

}  // namespace

// Loss of each network at its position on the line.   positions: (nets.count)
template <class T>
std::vector<double> SliceRun<T>::losses_on_line(Nets nets, std::vector<double> const& positions)
{
    exec_.copy_in(position_.data, positions.data(), positions.size() * sizeof(double));
    slice_.line(nets, position_.data);
    of_loss().evaluate(nets, slice_.grad());
    score_.fetch(of_loss().score().data, std::int64_t{3} * nets.count);
    exec_.wait();
    std::vector<double> losses;
    for (std::size_t s = 0; s < positions.size(); ++s) losses.push_back(score_[3 * s]);
    return losses;
}

// 101 points of the line; then the interval about the largest is halved until that changes the height
// above the start by less than 1e-3 of it. Each network by its own rule, so neighbours change nothing.
template <class T>
void SliceRun<T>::measure_barriers()
{
    int const count = slice_.active();
    std::vector<Peak> peaks(static_cast<std::size_t>(count));
    bool any = false;
    for (int s = 0; s < count; ++s) {
        auto const slot = static_cast<std::size_t>(s);
        bool const chosen = !dead_[slot] && wanted_[row_index(s)].barrier;
        skip_measurement_[slot] = !chosen;
        peaks[slot].settled = !chosen;
        any |= chosen;
    }
    if (!any) return;
    exec_.copy_in(not_measured_.data, skip_measurement_.data(), static_cast<std::size_t>(count));
    Nets const nets{count, not_measured_.data};
    std::vector<double> at(peaks.size());
    for (int i = 0; i <= intervals; ++i) {
        std::fill(at.begin(), at.end(), static_cast<double>(i) / intervals);
        auto const losses = losses_on_line(nets, at);
        for (std::size_t k = 0; k < peaks.size(); ++k) {
            if (i == 0) peaks[k].start = losses[k];
            peaks[k].look_at(at[k], losses[k]);
        }
    }
    for (int round = 0; round < 12; ++round) {
        auto const before = peaks;
        if (std::all_of(peaks.begin(), peaks.end(), [](Peak const& p) { return p.settled; })) break;
        for (double const side : {-0.5, 0.5}) {
            for (std::size_t k = 0; k < peaks.size(); ++k)
                at[k] = std::clamp(before[k].position + side * before[k].reach, 0.0, 1.0);
            auto const losses = losses_on_line(nets, at);
            for (std::size_t k = 0; k < peaks.size(); ++k)
                if (!peaks[k].settled) peaks[k].look_at(at[k], losses[k]);
        }
        for (std::size_t k = 0; k < peaks.size(); ++k) {
            double const gain = peaks[k].loss - before[k].loss;
            peaks[k].reach /= 2;
            peaks[k].settled |= !(gain > 1e-3 * (peaks[k].loss - peaks[k].start)) && round > 0;
        }
    }
    for (int s = 0; s < count; ++s) {
        auto const slot = static_cast<std::size_t>(s);
        if (!skip_measurement_[slot]) row_of(s).barrier_ratio = peaks[slot].loss / peaks[slot].start;
    }
}

template class SliceRun<float>;
template class SliceRun<double>;

}  // namespace sg
