// SPDX-License-Identifier: MIT
// The table of a model's tensors: offsets, shapes and initial variances are stated here and nowhere else.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cuda/exec/exec.hpp"
#include "cuda/exec/view.hpp"

namespace sg {

// One weight matrix (fan_in, fan_out), row-major, at `offset` of the parameter vector.
struct Tensor {
    std::string name;
    int layer;
    std::int64_t fan_in, fan_out;
    std::int64_t offset;
    double deviation;  // standard deviation of the initial weights; 0: zeros
    std::int64_t size() const { return fan_in * fan_out; }
};

class TensorTable {
public:
    // Appends a tensor and returns its index.
    int add(std::string name, int layer, std::int64_t fan_in, std::int64_t fan_out, double variance);
    std::int64_t size() const { return size_; }  // P
    std::vector<Tensor> const& all() const { return tensors_; }
    Tensor const& operator[](int i) const { return tensors_.at(static_cast<std::size_t>(i)); }

private:
    std::vector<Tensor> tensors_;
    std::int64_t size_ = 0;
};

// Initial weights of each network from Philox, keyed by its seed.   theta: (N, P), seed: (N)
template <class T>
void initialise(Exec const& exec, Nets nets, TensorTable const& table, std::uint64_t const* seed,
                View<T, 2> const& theta);

}  // namespace sg
