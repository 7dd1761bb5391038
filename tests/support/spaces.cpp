// SPDX-License-Identifier: MIT
#include "tests/support/spaces.hpp"

namespace sg::test {

static char const* name(Where where) {
    if (where == Where::cpu) return "cpu";
    return where == Where::cuda ? "cuda" : "cpu_shuffled";
}

std::string title(testing::TestParamInfo<Where> const& info) { return name(info.param); }

void PrintTo(Where where, std::ostream* out) { *out << name(where); }

Exec exec_of(Where where) {
    prepare_process();
    if (where == Where::cuda && cuda_device_count() > 0) return Exec::cuda();
    return Exec::cpu(where == Where::cpu_shuffled ? 20260101 : 0);
}

void OnEverySpace::SetUp() {
    std::string why;
    if (GetParam() == Where::cuda && cuda_device_count(&why) == 0)
        GTEST_SKIP() << "no device (" << why << ")";
}

}  // namespace sg::test
