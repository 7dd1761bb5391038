// SPDX-License-Identifier: MIT
#include "cuda/exec/environment.hpp"

#include <string>
#include <string_view>

#include "cuda/exec/error.hpp"

namespace sg {

namespace {

// What cuBLAS 13 reads. A name that ends in _ stands for all that begin so.
constexpr std::string_view refused[] = {
    "NVIDIA_TF32_OVERRIDE",  // TF32 for, or instead of, float
    "CUBLAS_EMULATE_",       // ...SINGLE_PRECISION (BF16x9), ...DOUBLE_PRECISION (fixed point)
    "CUBLAS_EMULATION_",     // ...STRATEGY: when emulation takes the place of arithmetic
    "CUBLAS_FIXEDPOINT_",    // ...EMULATION_MANTISSA_BIT_COUNT
    "CUBLASLT_HEURISTICS_LUT_FILE",  // other algorithms, and so other bits, for the same shapes
};

// Of those that OpenBLAS has for x86-64, with AVX2 and FMA or more.
constexpr std::string_view modern[] = {"Haswell", "Zen", "SkylakeX", "Cooperlake", "SapphireRapids"};

}  // namespace

std::string_view better_blas_kernels(std::string_view taken, bool avx2, bool avx512)
{
    for (auto const name : modern)
        if (taken == name) return {};
    return avx512 ? "SkylakeX" : avx2 ? "Haswell" : "";
}

void refuse_environment(char const* const* entries)
{
    for (; *entries; ++entries) {
        std::string_view const entry = *entries;
        auto const name = entry.substr(0, entry.find('='));
        for (auto const r : refused) {
            if (r.back() == '_' ? name.substr(0, r.size()) != r : name != r) continue;
            throw DeviceError("the environment sets " + std::string(entry) +
                              ", which changes the arithmetic of cuBLAS. Unset " +
                              std::string(name) + ".");
        }
    }
}

}  // namespace sg
