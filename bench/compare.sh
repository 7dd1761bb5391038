#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds sharpgrid, installs JAX and PyTorch beside it, and measures the three in turn: bench/compare.py says how.
#   bench/compare.sh [OPTION...]       of compare.py, e.g. --tables work --peers jax
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../scripts/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/common.sh"

say "Setup and build"
"$root/scripts/setup.sh" --for tests
build bench all -DCMAKE_BUILD_TYPE=Release -DSG_TESTS=OFF -DSG_BENCH=ON -DSG_CUDA=OFF
venv=$root/build/peers
"$venv/bin/python" -c 'import jax, scipy, torch' 2>/dev/null || make_venv "$venv" numpy scipy jax torch

say "sharpgrid, JAX and PyTorch in turn"
"$venv/bin/python" -B "$root/bench/compare.py" "$root/build/bench/sharpgrid" "$root/build/bench/bench/bench-peer" "$@"
