// SPDX-License-Identifier: MIT
// A slice at the start of a reference file: one network for each c.
#pragma once

#include <vector>

#include "cuda/train/slice.hpp"
#include "tests/replay/examples.hpp"

namespace sg::replay {

template <class T>
std::vector<T> cast(oracle::Vec const& from) {
    return {from.begin(), from.end()};
}

inline TrainOptions train_options(oracle::Reference const& given) {
    return {given.loss_kind, given.momentum, given.batch_size};
}

// The weights of step 0 and the learning rate of each run.
template <class T>
void begin(Exec const& exec, oracle::Reference const& given, Slice<T>& slice) {
    std::vector<Member> members;
    for (double const rate : given.learning_rate) members.push_back({0, rate});
    slice.begin(members);
    std::vector<T> const start = cast<T>(given.init_weights);
    for (int n = 0; n < given.runs; ++n) from_host(exec, start, networks(slice.theta(), n, 1).data);
}

}  // namespace sg::replay
