# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the scripts share. Sourced after `set -euo pipefail`.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
jobs=$(nproc 2>/dev/null || echo 2)
if ! command -v nvcc >/dev/null && [ -x /usr/local/cuda/bin/nvcc ]; then
    PATH=$PATH:/usr/local/cuda/bin
fi

# A heading, with the time since the script began.
say() { printf '\n== %s (at %d:%02d)\n' "$*" $((SECONDS / 60)) $((SECONDS % 60)); }

fail() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

has_nvcc() { command -v nvcc >/dev/null; }

has_gpu() { command -v nvidia-smi >/dev/null && nvidia-smi -L 2>/dev/null | grep -q '^GPU '; }

# build NAME TARGET OPTION...: configures build/NAME and builds one target ("all" for everything).
build() {
    local name=$1 target=$2
    shift 2
    cmake -S "$root" -B "$root/build/$name" -G Ninja "$@" >"$root/build/$name.log" 2>&1 || {
        cat "$root/build/$name.log" >&2
        fail "cmake could not configure build/$name"
    }
    cmake --build "$root/build/$name" --target "$target" --parallel "$jobs"
}

# count_tests FILE: "N passed, N failed, N skipped" from the JSON that GoogleTest wrote.
count_tests() {
    python3 - "$1" <<'PYTHON'
import json
import sys

with open(sys.argv[1]) as file:
    suites = json.load(file)["testsuites"]
cases = [case for suite in suites for case in suite["testsuite"]]
failed = sum(bool(case.get("failures")) for case in cases)
skipped = sum(case.get("result") == "SKIPPED" and not case.get("failures") for case in cases)
ran = sum(case["status"] == "RUN" for case in cases)
print(f"{ran - failed - skipped} passed, {failed} failed, {skipped} skipped")
PYTHON
}

# run_tests NAME FILTER [COMMAND...]: the tests of build/NAME, run by COMMAND if there is one; their count
# goes to build/NAME/count.txt.
run_tests() {
    local folder=$root/build/$1 filter=$2 code=0
    shift 2
    rm -f "$folder/results.json" "$folder/count.txt"
    "$@" "$folder/tests/sharpgrid-tests" --gtest_brief=1 "--gtest_filter=$filter" \
        "--gtest_output=json:$folder/results.json" </dev/null || code=$?
    [ -s "$folder/results.json" ] || fail "the tests of $folder ended early (exit code $code)"
    count_tests "$folder/results.json" >"$folder/count.txt"
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

mkdir -p "$root/build"
