// SPDX-License-Identifier: MIT
// Networks of one shape with given weights on common examples: the engine's side of a comparison
// with the oracle. N networks, B examples, P parameters.
#pragma once

#include <vector>

#include "cuda/sharpness/hessian.hpp"
#include "tests/support/arrays.hpp"

namespace sg::test {

inline FcnSpec fcn(int depth, int width, int inputs, int classes,
                   Activation activation = Activation::relu) {
    FcnSpec spec;
    spec.depth = depth;
    spec.width = width;
    spec.inputs = inputs;
    spec.classes = classes;
    spec.activation = activation;
    return spec;
}

// N random networks and B random examples, in numbers that T can hold.
template <class T>
std::vector<oracle::Net> random_nets(FcnSpec const& spec, int count, std::uint64_t seed = 1) {
    std::vector<oracle::Net> nets;
    for (int n = 0; n < count; ++n) {
        nets.push_back(oracle::random_net(spec, seed + static_cast<std::uint64_t>(n)));
        nets.back().theta = rounded<T>(nets.back().theta);
    }
    return nets;
}
template <class T>
oracle::Examples random_examples(FcnSpec const& spec, int count, std::uint64_t seed = 1) {
    auto examples = oracle::random_examples(count, spec.inputs, spec.classes, 1000 + seed);
    examples.x = rounded<T>(examples.x);
    return examples;
}

// Examples as the engine reads them: one group, shared by all networks.
template <class T>
struct SharedBatch {
    SharedBatch(Exec const& exec, oracle::Examples const& examples)
        : x(exec, examples.x, 1, examples.count, examples.inputs),
          labels(exec, examples.label, 1, examples.count) {}
    Batch<T> batch() const { return {x.read(), {labels.read(), nullptr}, nullptr}; }

    Array<T, 3> x;
    Array<std::int32_t, 2> labels;
};

inline Vec weights(std::vector<oracle::Net> const& nets) {
    Vec all;
    for (auto const& net : nets) all.insert(all.end(), net.theta.begin(), net.theta.end());
    return all;
}

template <class T>
struct Cohort {
    Cohort(Exec const& exec, Loss loss, oracle::Examples const& examples,
           std::vector<oracle::Net> const& from, Path path = Path::layers)
        : model(build_fcn(from.at(0).spec)),
          count(static_cast<int>(from.size())),
          params(model.params()),
          data(exec, examples),
          skip(exec, std::vector<int>(from.size()), count),
          seed(exec, std::vector<int>(from.size(), 7), count),
          theta(exec, weights(from), count, params),
          op(exec, model, loss, count, data.batch(), false, path) {}
    Cohort(Cohort const&) = delete;
    Cohort& operator=(Cohort const&) = delete;

    Nets nets() const { return {count, skip.data()}; }
    void kill(int n) {
        auto bytes = skip.host();
        bytes.at(static_cast<std::size_t>(n)) = 1;
        skip.set(bytes);
    }
    void evaluate() { op->evaluate(nets(), theta.read()); }
    void linearise() {
        evaluate();
        op->linearise(nets());
    }

    Model model;
    int count;
    std::int64_t params;
    SharedBatch<T> data;
    Array<unsigned char, 1> skip;
    Array<std::uint64_t, 1> seed;
    Array<T, 2> theta;
    Planned<HessianOperator<T>> op;
};

}  // namespace sg::test
