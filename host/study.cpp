// SPDX-License-Identifier: MIT
#include "host/study.hpp"

#include <algorithm>

#include "cuda/exec/error.hpp"

namespace sg {

bool Study::measured_at(int step) const {
    SG_EXPECT(step >= 0);
    SG_EXPECT(sharpness.every >= 1);
    SG_EXPECT(std::is_sorted(sharpness.at.begin(), sharpness.at.end()));
    if (step == 0) return true;
    if (sharpness.at.empty()) return step % sharpness.every == 0;
    return std::binary_search(sharpness.at.begin(), sharpness.at.end(), step);
}

}  // namespace sg
