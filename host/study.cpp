// SPDX-License-Identifier: MIT
#include "host/study.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cuda/exec/error.hpp"

namespace sg {

bool SpectrumSpec::at(int step) const {
    return std::binary_search(steps.begin(), steps.end(), step);
}

bool Study::measured_at(int step) const {
    SG_EXPECT(step >= 0);
    SG_EXPECT(sharpness.every >= (search ? 0 : 1));
    SG_EXPECT(std::is_sorted(sharpness.at.begin(), sharpness.at.end()));
    if (step == 0) return true;
    if (!sharpness.at.empty())
        return std::binary_search(sharpness.at.begin(), sharpness.at.end(), step);
    return sharpness.every > 0 && step % sharpness.every == 0;
}

int Study::measurements(int step) const {
    auto const& s = sharpness;
    if (search) return step;
    if (s.at.empty()) return step / s.every;
    auto const up_to = [&](int t) { return std::upper_bound(s.at.begin(), s.at.end(), t); };
    return static_cast<int>(up_to(step) - up_to(0));
}

std::int64_t Study::loss_examples(std::int64_t X) const {
    return published() ? X : sharpness.examples;
}

std::int64_t Study::sharpness_0_examples(std::int64_t X) const {
    return published() ? std::min<std::int64_t>(X, sharpness.examples) : sharpness.examples;
}

std::string Study::measured_on(std::int64_t X) const {
    if (!published())
        return fmt::format("loss and sharpness: the same {} examples at every step",
                           sharpness.examples);
    return fmt::format(
        "loss: the whole training set, {} examples; sharpness_0: {} of them; sharpness at later "
        "steps: the mini-batch after the one that trained, which trains nothing",
        X, sharpness_0_examples(X));
}

int Study::variant_of(std::vector<double> const& values) const {
    for (std::size_t v = 0; v < variants.size(); ++v)
        if (variants[v].swept == values) return static_cast<int>(v);
    throw InternalError("a network belongs to no variant of the study");
}

double Study::margin(int variant) const {
    if (sharpness.c_sharp_margin >= 0) return sharpness.c_sharp_margin;
    auto const& v = variants.at(static_cast<std::size_t>(variant));
    return v.last_layer == LastLayer::zero ? 0.05 : 0;
}

}  // namespace sg
