// SPDX-License-Identifier: MIT
#include "tests/replay/examples.hpp"

#include "cuda/train/batches.hpp"

namespace sg::replay {

ChosenImages::ChosenImages(Exec const& exec, Dataset const& from, std::vector<int> const& rows) {
    std::vector<std::uint8_t> pixels;
    std::vector<double> mean, inverse_deviation;
    std::vector<std::int32_t> label;
    for (int const row : rows) {
        auto const i = static_cast<std::size_t>(row);
        SG_EXPECT(row >= 0 && row < from.examples);
        auto const first = from.pixels.begin() + static_cast<std::ptrdiff_t>(row) * from.inputs;
        pixels.insert(pixels.end(), first, first + from.inputs);
        mean.push_back(from.mean[i]);
        inverse_deviation.push_back(from.inverse_deviation[i]);
        label.push_back(from.labels[i]);
    }
    pixels_ = Buffer<std::uint8_t>(exec, pixels);
    mean_ = Buffer<double>(exec, mean);
    inverse_deviation_ = Buffer<double>(exec, inverse_deviation);
    label_ = Buffer<std::int32_t>(exec, label);
    data_.pixels = View<std::uint8_t const, 2>::dense(pixels_.data(), rows.size(), from.inputs);
    data_.mean = mean_.data();
    data_.inverse_deviation = inverse_deviation_.data();
    data_.label = label_.data();
}

std::vector<int> rows_in_batch_order(oracle::Reference const& given) {
    std::int64_t const B = given.batch_size, X = given.steps * B;
    std::vector<int> rows(static_cast<std::size_t>(X));
    BatchOrder order(0, X, B);  // of the seed that every network of the slice gets
    for (int t = 0; t < given.steps; ++t) {
        std::int32_t const* const place = order.batch(t);
        std::vector<int> const batch = given.batch(t);
        for (std::size_t b = 0; b < batch.size(); ++b)
            rows[static_cast<std::size_t>(place[b])] = batch[b];
    }
    return rows;
}

}  // namespace sg::replay
