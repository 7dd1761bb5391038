// SPDX-License-Identifier: MIT
// Chosen images of a data set where an Exec can read them.
#pragma once

#include <numeric>
#include <vector>

#include "cuda/exec/buffer.hpp"
#include "cuda/nets/batch.hpp"
#include "cuda/ops/gather.hpp"
#include "host/dataset.hpp"
#include "tests/support/reference_file.hpp"

namespace sg::replay {

// R rows of a data set, in the order given; a row may come more than once.
class ChosenImages {
public:
    ChosenImages(Exec const& exec, Dataset const& from, std::vector<int> const& rows);

    ExampleData const& data() const { return data_; }
    std::int64_t count() const { return label_.size(); }

private:
    Buffer<std::uint8_t> pixels_;              // (R, D)
    Buffer<double> mean_, inverse_deviation_;  // (R)
    Buffer<std::int32_t> label_;               // (R)
    ExampleData data_;
};

// The images of the file's batches in such an order that a slice, which draws its batches from a
// permutation of its data set, reads them as the file has them: the engine trains as it always
// does.
std::vector<int> rows_in_batch_order(oracle::Reference const& given);

// The measurement examples as the matrix that the networks read, made by the engine's gather.
template <class T>
class MeasuredExamples {
public:
    MeasuredExamples(Exec const& exec, ChosenImages const& images, std::int64_t inputs)
        : index_(exec, identity(images.count())),
          label_(exec, images.count()),
          x_(exec, images.count() * inputs) {
        auto const M = images.count();
        batch_.x = View<T, 3>::dense(x_.data(), 1, M, inputs);
        batch_.labels = {View<std::int32_t, 2>::dense(label_.data(), 1, M), nullptr};
        gather(exec, images.data(), View<std::int32_t const, 2>::dense(index_.data(), 1, M),
               View<T, 3>::dense(x_.data(), 1, M, inputs),
               View<std::int32_t, 2>::dense(label_.data(), 1, M));
        exec.wait();
    }

    Batch<T> const& batch() const { return batch_; }

private:
    static std::vector<std::int32_t> identity(std::int64_t count) {
        std::vector<std::int32_t> index(static_cast<std::size_t>(count));
        std::iota(index.begin(), index.end(), 0);
        return index;
    }

    Buffer<std::int32_t> index_, label_;
    Buffer<T> x_;
    Batch<T> batch_;
};

}  // namespace sg::replay
