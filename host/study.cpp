// SPDX-License-Identifier: MIT
#include "host/study.hpp"

#include <algorithm>

#include "cuda/exec/error.hpp"

namespace sg {

bool Study::measured_at(int step) const {
    SG_EXPECT(step >= 0);
    SG_EXPECT(sharpness.every >= (search ? 0 : 1));
    SG_EXPECT(std::is_sorted(sharpness.at.begin(), sharpness.at.end()));
    if (step == 0) return true;
    if (!sharpness.at.empty())
        return std::binary_search(sharpness.at.begin(), sharpness.at.end(), step);
    return sharpness.every > 0 && step % sharpness.every == 0;
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
