# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the scripts share. Sourced after `set -euo pipefail`.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
jobs=$(nproc 2>/dev/null || echo 2)
if ! command -v nvcc >/dev/null && [ -x /usr/local/cuda/bin/nvcc ]; then
    PATH=$PATH:/usr/local/cuda/bin
fi

say() { printf '\n== %s\n' "$*"; }

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

# make_venv DIR PACKAGE...: a Python environment with these packages.
make_venv() {
    local folder=$1
    shift
    python3 -m venv "$folder"
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
}

mkdir -p "$root/build"
