# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the scripts share. Sourced after `set -euo pipefail`.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
jobs=$(nproc 2>/dev/null || echo 2)
# The toolkit that scripts/toolkit.sh installs where the system has none.
private_toolkit=${SG_TOOLKIT:-$root/build/toolkit}

# The release of an nvcc, e.g. 13.0.
nvcc_release() { "$1" --version 2>/dev/null | sed -n 's/^.*release \([0-9]*\.[0-9]*\).*$/\1/p'; }

# Puts the first nvcc of CUDA 13 or newer at the head of PATH: the one on PATH, in CUDA_HOME, in the usual
# place, or ours. An older one is as good as none: the project needs CUDA 13.
find_nvcc() {
    local candidate release
    nvcc=
    for candidate in "$(command -v nvcc || true)" "${CUDA_HOME:-/usr/local/cuda}/bin/nvcc" \
        "$private_toolkit/cuda/bin/nvcc"; do
        if [ -z "$candidate" ] || [ ! -x "$candidate" ]; then continue; fi
        release=$(nvcc_release "$candidate")
        if [ "${release%%.*}" -ge 13 ] 2>/dev/null; then
            nvcc=$candidate
            PATH=$(dirname "$nvcc"):$PATH
            return
        fi
    done
}
find_nvcc

# A heading, with the time since the script began.
say() { printf '\n== %s (at %d:%02d)\n' "$*" $((SECONDS / 60)) $((SECONDS % 60)); }

fail() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

has_nvcc() { [ -n "$nvcc" ]; }

# The newest CUDA that the driver supports, e.g. 13.0, from the head of nvidia-smi's table; empty without one.
driver_cuda() {
    { nvidia-smi 2>/dev/null || true; } | sed -n 's/^.*CUDA[A-Z ]*Version: *\([0-9]*\.[0-9]*\).*$/\1/p' | head -n 1
}

# A GPU with a driver that CUDA 13 can use.
has_gpu() {
    local cuda
    command -v nvidia-smi >/dev/null && nvidia-smi -L 2>/dev/null | grep -q '^GPU ' || return 1
    cuda=$(driver_cuda)
    [ "${cuda%%.*}" -ge 13 ] 2>/dev/null
}

# build NAME TARGET OPTION...: configures build/NAME and builds one target ("all" for everything).
build() {
    local name=$1 target=$2
    shift 2
    mkdir -p "$root/build"
    cmake -S "$root" -B "$root/build/$name" -G Ninja "$@" >"$root/build/$name.log" 2>&1 || {
        cat "$root/build/$name.log" >&2
        fail "cmake could not configure build/$name"
    }
    cmake --build "$root/build/$name" --target "$target" --parallel "$jobs"
}

# count_tests FILE...: "N passed, N failed, N skipped" from the JSON that GoogleTest wrote.
count_tests() {
    python3 - "$@" <<'PYTHON'
import json
import sys

cases = []
for name in sys.argv[1:]:
    with open(name) as file:
        cases += [case for suite in json.load(file)["testsuites"] for case in suite["testsuite"]]
failed = sum(bool(case.get("failures")) for case in cases)
skipped = sum(case.get("result") == "SKIPPED" and not case.get("failures") for case in cases)
ran = sum(case["status"] == "RUN" for case in cases)
print(f"{ran - failed - skipped} passed, {failed} failed, {skipped} skipped")
PYTHON
}

# run_tests NAME FILTER [COMMAND...]: the tests of build/NAME in parts, one at a time on each core, run by COMMAND
# if there is one; their count goes to build/NAME/count.txt.
run_tests() {
    local folder=$root/build/$1 filter=$2 code=0 shard running=0 parts=$((6 * jobs)) logs=() results=()
    shift 2
    rm -f "$folder"/results-*.json "$folder"/tests-*.log "$folder/count.txt"
    for ((shard = 0; shard < parts; ++shard)); do
        logs+=("$folder/tests-$shard.log")
        results+=("$folder/results-$shard.json")
        if ((running == jobs)); then
            wait -n || code=$?
            running=$((running - 1))
        fi
        GTEST_TOTAL_SHARDS=$parts GTEST_SHARD_INDEX=$shard "$@" "$folder/tests/sharpgrid-tests" \
            --gtest_brief=1 "--gtest_filter=$filter" "--gtest_output=json:${results[shard]}" \
            </dev/null >"${logs[shard]}" 2>&1 &
        running=$((running + 1))
    done
    for ((; running > 0; --running)); do wait -n || code=$?; done
    cat "${logs[@]}"
    count_tests "${results[@]}" >"$folder/count.txt" ||
        fail "the tests of $folder ended early (exit code $code)"
    cat "$folder/count.txt"
    [ $code = 0 ] || fail "the tests of $folder failed (exit code $code)"
    ! grep -q '^0 passed' "$folder/count.txt" || fail "no test of $folder ran"
}

# make_venv DIR PACKAGE...: a Python environment with these packages.
make_venv() {
    local folder=$1
    shift
    python3 -m venv "$folder"
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
}
