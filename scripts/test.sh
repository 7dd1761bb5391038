#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds and runs all tests on the CPU. Where nvcc is, the CUDA code is compiled and linked as well;
# where there is a GPU too, the tests of space cuda run on it.
#   scripts/test.sh [FILTER]        FILTER as in --gtest_filter; the environment's SG_WERROR=ON: no warnings
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
filter=${1:-*}
werror=${SG_WERROR:-OFF}

# run_tests NAME FILTER: the tests of build/NAME; their count goes to build/NAME/count.txt.
run_tests() {
    local tests=$root/build/$1/tests/sharpgrid-tests results=$root/build/$1/results.json code=0
    rm -f "$results" "$root/build/$1/count.txt"
    "$tests" --gtest_brief=1 --gtest_filter="$2" --gtest_output="json:$results" </dev/null || code=$?
    [ -s "$results" ] || fail "the tests of build/$1 ended early (exit code $code)"
    count_tests "$results" >"$root/build/$1/count.txt"
    if [ $code != 0 ]; then
        cat "$root/build/$1/count.txt"
        exit 1
    fi
}

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
    run_tests cuda '*/cuda'
    cat "$root/build/cuda/count.txt"
fi

say "Test on the CPU"
run_tests test "$filter"
cat "$root/build/test/count.txt"
