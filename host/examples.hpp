// SPDX-License-Identifier: MIT
// The data set where an Exec can read it, and the measurement examples as a matrix. Shared by the workers
// of one device; on the CPU the pixels are not copied.
#pragma once

#include "cuda/exec/buffer.hpp"
#include "cuda/nets/batch.hpp"
#include "cuda/ops/gather.hpp"
#include "host/dataset.hpp"

namespace sg {

template <class T>
class Examples {
public:
    // `dataset` must stay alive. The `measured` measurement examples are chosen here; fewer would be the
    // first of them.
    Examples(Exec const& exec, Dataset const& dataset, std::int64_t measured);

    ExampleData const& data() const { return data_; }
    Batch<T> measurement() const;  // one group, rotated where that pays
    std::int64_t count() const { return count_; }

    static std::size_t measurement_bytes(std::int64_t measured, std::int64_t inputs);

private:
    std::int64_t count_;
    ExampleData data_;
    Buffer<std::uint8_t> pixels_;
    Buffer<float> values_;
    Buffer<double> mean_, inverse_deviation_;
    Buffer<std::int32_t> label_, index_, measured_label_;
    Buffer<T> x_, rotated_;
    View<T, 3> x_view_, rotated_view_;
    View<std::int32_t, 2> label_view_;
};

}  // namespace sg
