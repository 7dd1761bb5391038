// SPDX-License-Identifier: MIT
// Environment variables by which others change the arithmetic of the libraries behind the program's
// back.
#pragma once

#include <string_view>

namespace sg {

// DeviceError "the environment sets NAME=VALUE, ..." at the first entry that would, whatever its
// value. entries: as `environ`, "NAME=VALUE" each, ended by a null pointer.
void refuse_environment(char const* const* entries);

// What OPENBLAS_CORETYPE must name where OpenBLAS does not know a processor with AVX2 and took kernels without it (0.3.21
// was seen to take those for Prescott, of 2004, on a Xeon beside an H200); empty: what it took is good.
std::string_view better_blas_kernels(std::string_view taken, bool avx2, bool avx512);

}  // namespace sg
