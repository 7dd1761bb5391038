// SPDX-License-Identifier: MIT
// What libFuzzer calls. SG_FUZZ_TARGET is a function of targets.hpp.
#include <spdlog/spdlog.h>

#include "tests/fuzz/targets.hpp"

extern "C" int LLVMFuzzerInitialize(int*, char***) {
    spdlog::set_level(spdlog::level::off);
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    sg::fuzz::SG_FUZZ_TARGET({data, size});
    return 0;
}
