// SPDX-License-Identifier: MIT
#include "host/synthetic.hpp"

#include <Random123/philox.h>

#include <array>
#include <cmath>
#include <numbers>

#include "cuda/exec/error.hpp"

namespace sg {
namespace {

enum class Purpose : std::uint32_t { inputs = 1, teacher = 2 };

// Uniform in (0, 1), never at an end.
double uniform(std::uint32_t high, std::uint32_t low) {
    std::uint64_t const bits = (std::uint64_t{high} << 32U | low) >> 11U;
    return (static_cast<double>(bits) + 0.5) * 0x1p-53;
}

// Normals 2·pair and 2·pair + 1 of the stream of (seed, purpose), by Box and Muller.
std::array<double, 2> normal_pair(std::uint64_t seed, Purpose purpose, std::uint64_t pair) {
    auto low = [](std::uint64_t x) { return static_cast<std::uint32_t>(x); };
    auto high = [](std::uint64_t x) { return static_cast<std::uint32_t>(x >> 32U); };
    r123::Philox4x32::ctr_type const counter{
        {low(pair), high(pair), static_cast<std::uint32_t>(purpose), 0}};
    r123::Philox4x32::key_type const key{{low(seed), high(seed)}};
    auto const bits = r123::Philox4x32{}(counter, key);
    double const radius = std::sqrt(-2 * std::log(uniform(bits[0], bits[1])));
    double const angle = 2 * std::numbers::pi * uniform(bits[2], bits[3]);
    return {radius * std::cos(angle), radius * std::sin(angle)};
}

std::vector<float> normals(std::uint64_t seed, Purpose purpose, std::size_t count) {
    std::vector<float> values(count);
    for (std::size_t i = 0; i < count; i += 2) {
        auto const pair = normal_pair(seed, purpose, i / 2);
        values[i] = static_cast<float>(pair[0]);
        if (i + 1 < count) values[i + 1] = static_cast<float>(pair[1]);
    }
    return values;
}

// argmax over the classes, the lowest of equals.   x: (D), teacher: (K, D)
std::int32_t label(float const* x, std::vector<float> const& teacher, int inputs, int classes) {
    std::int32_t best = 0;
    double best_score = 0;
    for (int k = 0; k < classes; ++k) {
        float const* const row = teacher.data() + static_cast<std::ptrdiff_t>(k) * inputs;
        double score = 0;
        for (int j = 0; j < inputs; ++j) score += double{x[j]} * double{row[j]};
        if (k == 0 || score > best_score) {
            best = k;
            best_score = score;
        }
    }
    return best;
}

}  // namespace

Dataset make_synthetic(DataSpec const& spec) {
    SG_EXPECT(spec.examples > 0 && spec.inputs > 0 && spec.classes > 0);
    Dataset data;
    data.name = spec.set;
    data.examples = spec.examples;
    data.inputs = spec.inputs;
    data.classes = spec.classes;
    auto const examples = static_cast<std::size_t>(spec.examples);
    auto const inputs = static_cast<std::size_t>(spec.inputs);
    data.values = normals(spec.seed, Purpose::inputs, examples * inputs);
    auto const teacher =
        normals(spec.seed, Purpose::teacher, inputs * static_cast<std::size_t>(spec.classes));
    data.labels.resize(examples);
    for (std::size_t i = 0; i < examples; ++i)
        data.labels[i] = label(data.values.data() + i * inputs, teacher, spec.inputs, spec.classes);
    return data;
}

}  // namespace sg
