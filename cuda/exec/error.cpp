// SPDX-License-Identifier: MIT
#include "cuda/exec/error.hpp"

namespace sg {

void expectation_failed(char const* condition, char const* file, int line)
{
    throw InternalError(std::string(file) + ":" + std::to_string(line) + ": expected " + condition +
                        ". This is a bug of sharpgrid: please report it with the study.");
}

}  // namespace sg
