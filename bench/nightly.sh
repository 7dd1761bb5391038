#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Measures the suite, adds a record to a history, and says what has changed: bench/nightly.py says how.
#   bench/nightly.sh [HISTORY] [OPTION...]      default: build/history
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../scripts/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/common.sh"
history=${1:-$root/build/history}
shift $(($# > 0 ? 1 : 0))

say "Setup and build"
"$root/scripts/setup.sh" --for tests
build bench all -DCMAKE_BUILD_TYPE=Release -DSG_TESTS=OFF -DSG_BENCH=ON -DSG_CUDA=OFF
venv=$root/build/records
"$venv/bin/python" -c 'import scipy' 2>/dev/null || make_venv "$venv" scipy

say "Measure, at least ten interleaved repetitions of each"
"$venv/bin/python" -B "$root/bench/nightly.py" run "$root/build/bench" "$history" "$@"
