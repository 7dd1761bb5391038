#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds and runs all tests on the CPU. Where nvcc is, the CUDA code is compiled and linked as well;
# where there is a GPU too, the tests of space cuda run on it.
#   scripts/test.sh [FILTER]       FILTER as in --gtest_filter
# With SG_WERROR=ON in the environment a warning is an error.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
filter=${1:-*}
werror=${SG_WERROR:-OFF}

say "Setup"
"$root/scripts/setup.sh" --for tests

say "Build"
build test all -DCMAKE_BUILD_TYPE=Release -DSG_TESTS=ON -DSG_CUDA=OFF "-DSG_WERROR=$werror"

if has_nvcc; then
    say "Compile for CUDA"
    build cuda all -DCMAKE_BUILD_TYPE=Release -DSG_TESTS=ON -DSG_CUDA=ON "-DSG_WERROR=$werror"
    [ -x "$root/build/cuda/tests/sharpgrid-tests" ] || fail "the CUDA tests were not linked"
else
    echo "no nvcc: the CUDA code is not compiled"
fi

if has_nvcc && has_gpu; then
    say "Test on the GPU"
    jobs=1 run_tests cuda '*/cuda' # one at a time: they look at the free memory of the device
fi

say "Test on the CPU"
run_tests test "$filter"
