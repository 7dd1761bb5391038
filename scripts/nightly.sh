#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What takes longer than .ci/run may: every test under the sanitizers, studies, precisions, interruptions,
# kills, faults and shortages, a long run, images.
#   scripts/nightly.sh [KILLS]     default: 1000
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
kills=${1:-1000}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

say "Setup and build"
"$root/scripts/setup.sh" --for tests
make_venv "$scratch/venv" xarray h5netcdf h5py  # and with them numpy
python=$scratch/venv/bin/python
checks=$root/tests/host
build demo sharpgrid -DCMAKE_BUILD_TYPE=Release -DSG_TESTS=OFF -DSG_CUDA=OFF
program=$root/build/demo/sharpgrid
quick=$root/configs/quickstart.yaml
cd "$scratch"

say "Study with a zero last layer"
# Nine seeds: three give 77 audits, too few for a verdict at 1 %.
"$program" run "$root/configs/zero_last_layer.yaml" -o zero.h5 --set grid.seeds=9 \
    --set 'model.depth=[2, 4, 8]' --set 'model.width=[16, 32, 64, 128]' \
    --set 'grid.c={log2_min: 0, log2_max: 5, step: 0.25}'
"$python" "$checks/check_xarray.py" zero.h5
"$python" "$checks/check_quick.py" zero.h5 --audited 100 --products 8

say "c_loss against stored figures, and with a zero last layer"
"$program" run "$root/configs/phase_reference.yaml" -o phase.h5
"$program" analyse phase.h5 --json >phase.json
"$python" "$checks/check_phase.py" stored phase.json "$root/tests/reference/phase.csv"
"$program" run "$root/configs/zero_last_layer.yaml" -o zero_small.h5
# Wider networks, more examples, and a fine grid instead of the search.
"$program" run "$root/configs/zero_last_layer.yaml" -o zero_wide.h5 --set 'model.width=[64, 192, 512]' \
    --set grid.seeds=5 --set 'grid.c={log2_min: 0.9, log2_max: 1.5, step: 0.02}' \
    --set 'sharpness={method: lanczos, examples: 1024, at: [0]}'
for form in small wide; do
    "$program" analyse zero_$form.h5 --json >zero_$form.json
    "$python" "$checks/check_phase.py" zero zero_$form.json
done

say "The studies of the figures"
for study in width depth output_scale batch_size; do
    "$program" run "$root/configs/$study.yaml" -o "$study.h5"
    "$program" analyse "$study.h5" --json >"$study.json"
    "$program" report "$study.h5" --figures "$study"
    "$python" "$checks/check_figures.py" "$study" "$study.json"
done
for protocol in published fixed; do
    "$program" run "$root/configs/published.yaml" -o "$protocol.h5" --set "sharpness={protocol: $protocol}"
    "$program" analyse "$protocol.h5" --json >"$protocol.json"
done
"$python" "$checks/check_figures.py" published published.json fixed.json
"$python" -W ignore "$root/tests/reference/published.py" --compare "$root/tests/reference/published.csv"

say "The four regimes of a long run"
"$program" run "$root/configs/four_regimes.yaml" -o regimes.h5
"$program" analyse regimes.h5 --json >regimes.json
"$python" "$checks/check_regimes.py" regimes.json --least 2

say "The search against a grid, on the networks of the quick study"
"$program" run "$quick" -o grid.h5 --set 'grid.c={log2_min: 0, log2_max: 7, step: 0.1}'
"$python" "$checks/check_quick.py" grid.h5 --audited 200 --products 6
"$program" run "$quick" -o search.h5 --set 'grid.c={search: true, log2_min: 0, log2_max: 7, resolution: 0.02}'
"$python" "$checks/check_search.py" grid.h5 search.h5

say "Float against double"
for precision in float double; do
    "$program" run "$quick" -o "$precision.h5" --precision "$precision" \
        --set 'grid.c=[1, 1.5, 2]' --set grid.seeds=1
done
"$python" "$checks/compare_files.py" float.h5 double.h5 --relative 1e-3

say "Interrupted runs give the same data"
small=(run "$quick" --set 'model.width=[16, 32]' --set grid.seeds=2)
"$program" "${small[@]}" -o whole.h5
interrupted=0
for seconds in 1 2 3 5 8; do
    rm -f part.h5
    "$program" "${small[@]}" -o part.h5 &
    process=$!
    sleep "$seconds"
    kill -INT "$process" 2>/dev/null || true
    code=0
    wait "$process" || code=$?
    case $code in
        0) ;;
        75) interrupted=$((interrupted + 1)) ;;
        *) fail "after SIGINT the exit code is $code" ;;
    esac
    "$program" "${small[@]}" -o part.h5
    "$python" "$checks/compare_files.py" whole.h5 part.h5
done
[ "$interrupted" -gt 0 ] || fail "no run was interrupted"

say "$kills kills"
"$python" "$checks/kill_matrix.py" "$program" --kills "$kills" --seed "$(date +%j)"

say "A disk that fails at every call"
for shim in faults memory; do
    g++ -std=c++20 -O1 -shared -fPIC -o $shim.so "$root/tests/faults/$shim.cpp" -ldl
done
"$python" "$checks/fault_matrix.py" "$program" "$scratch/faults.so"

say "Shortages of memory and threads, faults of the data"
"$python" "$checks/memory_matrix.py" "$program" "$scratch/memory.so"
"$python" "$checks/data_matrix.py" "$program" "$scratch/faults.so"

say "One long run with a reader beside it"
"$python" "$checks/soak.py" "$program" --seconds 600

emulator=$root/../shared/cuda-on-cpu
if has_nvcc && [ -f "$emulator/build.sh" ]; then
    say "A GPU that fails at every call, under an emulator (hours)"
    "$emulator/build.sh" "$root/build/emulator"
    build cuda all -DCMAKE_BUILD_TYPE=Release -DSG_TESTS=ON -DSG_CUDA=ON
    EMU_EXITCODE=86 EMU_RACE=1 EMU_INITCHECK=1 EMU_LEAK=1 run_tests cuda \
        '*/cuda:EmulatedDevice.*-*Promise*:*AnalysesALongRun*' "$root/build/emulator/run"
    for seed in 1 2 3; do
        EMU_EXITCODE=86 EMU_DEFER=1 EMU_SEED=$seed run_tests cuda \
            '*/cuda-*Promise*:*AnalysesALongRun*' "$root/build/emulator/run"
    done
    "$python" "$checks/check_spaces.py" "$root/build/cuda/sharpgrid" "$root/build/emulator/run"
    matrix=("$checks/device_fault_matrix.py" "$root/build/cuda/sharpgrid" "$root/build/emulator/run" --jobs "$jobs")
    "$python" "${matrix[@]}" --kills 50 --depth 1
    "$python" "${matrix[@]}" --every 10
fi

say "Images"
"$root/docker/test.sh"

say "All tests under the sanitizers"
build sanitize all -DCMAKE_BUILD_TYPE=RelWithDebInfo "-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=-O1 -g1" \
    -DSG_SANITIZE=address,undefined -DSG_TESTS=ON -DSG_CUDA=OFF -DSG_WERROR=ON
UBSAN_OPTIONS=print_stacktrace=1 run_tests sanitize '*'

say "Fuzzing, an hour per target"
"$root/scripts/setup.sh" --for ci
"$root/scripts/fuzz.sh" 3600
