#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Is each planted fault found, and nothing else reported?   check.sh RUN PROGRAM
# RUN: `run` of the emulator beside the repository; PROGRAM: sharpgrid-planted, built with CUDA.
set -euo pipefail

if [ $# != 2 ]; then
    echo "usage: $0 RUN PROGRAM" >&2
    exit 2
fi
emulator=$1
program=$2
failures=0
output=$(mktemp)
trap 'rm -f "$output"' EXIT

# expect FAULT CODE TEXT [VARIABLE=VALUE...]: the exit code, and a text in what was printed.
expect() {
    local fault=$1 code=$2 text=$3 found=0
    shift 3
    env EMU_EXITCODE=86 "$@" "$emulator" "$program" "$fault" >"$output" 2>&1 || found=$?
    if [ "$found" = "$code" ] && grep -q -- "$text" "$output"; then
        printf 'ok: %s, exit code %d under %s\n' "$fault" "$found" "${*:-no switch}"
    else
        printf 'FAILED: %s, exit code %d under %s; %d with "%s" was required\n' \
            "$fault" "$found" "${*:-no switch}" "$code" "$text"
        cat "$output"
        failures=$((failures + 1))
    fi
}

checks=(EMU_RACE=1 EMU_INITCHECK=1 EMU_LEAK=1)
expect race 86 'RACE .* on shared' EMU_RACE=1
expect race 86 'RACE .* on shared' "${checks[@]}"
expect uninitialised 86 'UNINITIALISED global memory' EMU_INITCHECK=1
expect uninitialised 86 'UNINITIALISED global memory' "${checks[@]}"
expect none 0 'every value is right'
expect none 0 'every value is right' "${checks[@]}"
for seed in 0 1 2 3; do
    expect wait 3 'a value is wrong' EMU_DEFER=1 "EMU_SEED=$seed"
    expect none 0 'every value is right' EMU_DEFER=1 "EMU_SEED=$seed"
done

if [ "$failures" != 0 ]; then
    echo "$failures of the planted faults or clean runs were not as required" >&2
    exit 1
fi
