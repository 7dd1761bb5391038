#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What only a machine with an NVIDIA GPU can tell: tests on the device, compute-sanitizer, numbers against the CPU,
# benchmarks with shares of peak, and the published study, timed. One file comes out of it, to be sent back:
#   scripts/gpu.sh [--quick] [FOLDER]     writes FOLDER.tar.gz; default: build/gpu. --quick: the same on small studies
# A step that fails does not stop the later ones. Exit codes: 0 all steps passed, 1 one failed, 3 none failed but a tool
# was not there, 4 no GPU or no CUDA. One to three hours, most of it the study at full size.
# With SG_RUNNER in the environment that command is put before each program of ours, and stands for the GPU: an emulator.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

quick=
if [ "${1:-}" = --quick ]; then quick=yes; shift; fi
if [ $# -gt 1 ] || [[ ${1:-} == -* ]]; then
    echo "usage: scripts/gpu.sh [--quick] [FOLDER]" >&2
    exit 2
fi
folder=$(realpath -m "${1:-$root/build/gpu}")
read -ra runner <<<"${SG_RUNNER:-}"
if [ ${#runner[@]} = 0 ] && ! has_gpu; then
    echo "gpu.sh: $("$root/scripts/toolkit.sh" --dry-run | sed -n '1s/^toolkit: //p')" >&2
    exit 4
fi
cd "$root"
mkdir -p "$folder"
rm -f "$folder"/*.log "$folder"/*.json "$folder/results.md"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
program=(${runner[@]+"${runner[@]}"} "$root/build/cuda/sharpgrid")
not_there=77 # the exit code of a step

# step TITLE COMMAND...: its output goes to a file, its verdict and the end of its output to the results.
titles=() verdicts=() times=() logs=()
step() {
    local title=$1 code log verdict started=$SECONDS
    log=$folder/$(printf '%02d-%s' $((${#titles[@]} + 1)) "${title//[^A-Za-z0-9]/-}").log
    shift
    say "$title"
    set +e # errexit would not hold inside of a condition
    (set -e; "$@") </dev/null >"$log" 2>&1
    code=$?
    set -e
    case $code in
        0) verdict=passed ;;
        "$not_there") verdict="not there" ;;
        *) verdict="failed (exit code $code)" ;;
    esac
    tail -n 6 "$log"
    echo "$verdict"
    titles+=("$title") verdicts+=("$verdict") times+=($((SECONDS - started))) logs+=("$log")
}

needs() {
    command -v "$1" >/dev/null && return
    echo "there is no $1"
    exit $not_there
}

machine() {
    git log -1 --format='commit %H of %cI' && git status --short || echo "no commit: not a git repository"
    uname -srm
    lscpu | grep -E '^(Model name|CPU\(s\)|Thread|Socket)'
    free -g | head -n 2
    "$nvcc" --version | tail -n 2
}

driver() {
    needs nvidia-smi
    nvidia-smi -q -d CLOCK,POWER,PERFORMANCE,MEMORY,ECC
    nvidia-smi
}

build_all() { build cuda all -DCMAKE_BUILD_TYPE=Release -DSG_TESTS=ON -DSG_BENCH=ON -DSG_CUDA=ON; }

# One at a time: they look at the free memory of the device.
device_tests() {
    local filter='*/cuda' jobs=1
    if [ $quick ]; then filter='*RowsTest*/cuda:*EachTest*/cuda'; fi
    run_tests cuda "$filter" ${runner[@]+"${runner[@]}"}
}

cpu_tests() {
    local filter='*-*/cuda'
    if [ $quick ]; then filter='*RowsTest*-*/cuda'; fi
    run_tests cuda "$filter" ${runner[@]+"${runner[@]}"}
}

# The one of the toolkit, on PATH, or NVIDIA's wheel. An emulator has no device for it.
find_sanitizer() {
    local candidate release
    for candidate in "$(command -v compute-sanitizer || true)" "$(dirname "$nvcc")/compute-sanitizer" \
        "$root"/build/sanitizer-tool/lib/python3*/site-packages/nvidia/cu13/bin/compute-sanitizer; do
        if [ -x "$candidate" ]; then sanitizer=$candidate; fi
    done
    if [ -z "${sanitizer:-}" ] && [ $# = 0 ]; then
        release=$(nvcc_release "$nvcc") # no newer than the toolkit, and so than the driver
        make_venv build/sanitizer-tool "nvidia-cuda-sanitizer-api>=13.0,<13.$((${release#*.} + 1))" || true
        find_sanitizer again
    fi
}

# sanitize TOOL SUITES OPTION...: the tests of space cuda of these suites. Others ask for what a device must refuse.
sanitize() {
    local tool=$1 filter='' suite sanitizer=
    for suite in $2; do filter+="*/${suite}Test.*/cuda:"; done
    shift 2
    if [ ${#runner[@]} -gt 0 ]; then
        echo "$SG_RUNNER stands for the GPU: there is no device for compute-sanitizer"
        exit $not_there
    fi
    find_sanitizer
    needs "${sanitizer:-compute-sanitizer}"
    "$sanitizer" --version | tail -n 1
    "$sanitizer" --tool "$tool" --error-exitcode 9 "$@" build/cuda/tests/sharpgrid-tests --gtest_brief=1 \
        "--gtest_filter=${filter%:}"
}
# Only what shares memory in a block can race there.
shared="Rows Team TeamMatmul Ritz Lanczos Fused"
kernels="$shared Activation Basis Dense Each Gather Hessian Loss Matmul MatmulTf32 Meter Model Power Random Sgd Slice Tensors"
kernels+=" Tf32 Vectors"
if [ $quick ]; then kernels=$shared; fi

spaces() {
    [ -d build/gpu-python ] || make_venv build/gpu-python h5py
    build/gpu-python/bin/python tests/host/check_spaces.py build/cuda/sharpgrid ${runner[@]+"${runner[@]}"}
}

benchmarks() {
    ${runner[@]+"${runner[@]}"} build/cuda/bench/bench-device ${quick:+--quick} \
        "--benchmark_out=$folder/bench-device.json" --benchmark_out_format=json
}

occupancy() {
    python3 -B bench/kernels.py --build build/cuda --check
    sed '1,/^$/d' bench/kernels.md
}

# A study on both spaces, with its constants and the seconds of wall clock that it took.
quick_options=(--set 'data={set: synthetic, examples: 1024, inputs: 12, classes: 4}'
    --set 'model={kind: fcn, depth: 2, width: 8}'
    --set 'training={batch: 32, steps: 2}' --set 'grid={c: [1, 4, 30], seeds: 2}')
summary='' # of a step
timed_run() {
    local study=$1 device=$2 output=$3 name started took
    shift 3
    if [ $quick ]; then set -- "$@" "${quick_options[@]}"; fi
    started=$(date +%s%N)
    "${program[@]}" run "configs/$study.yaml" -o "$output" --device "$device" "$@" || return
    took=$((($(date +%s%N) - started) / 1000000))
    name=$(basename "$output" .h5)
    summary+=$(printf '%s on %s: %d.%03d s' "${name%-"$device"}" "$device" $((took / 1000)) $((took % 1000)))$'\n'
}

on_both() {
    local study=$1 device
    for device in cpu cuda; do
        timed_run "$study" "$device" "$scratch/$study-$device.h5"
        "${program[@]}" analyse --json "$scratch/$study-$device.h5" >"$folder/$study-$device.json"
        "${program[@]}" analyse "$scratch/$study-$device.h5"
    done
    printf '%s' "$summary"
}

# The published study again, in pieces: the same bits as in one go.
again() {
    local code=75 seconds
    for ((seconds = 2; code == 75; seconds *= 2)); do # longer and longer, so that each gets further
        code=0
        timed_run published cuda "$scratch/pieces.h5" --max-time $seconds || code=$?
    done
    [ $code = 0 ] || exit $code
    build/gpu-python/bin/python tests/host/compare_files.py "$scratch/published-cuda.h5" "$scratch/pieces.h5"
}

# The shapes and the grid of the authors' notebook: 852 networks, 19 Pflop.
full_study() {
    local full=(--set model.depth=8 --set 'model.width=[256, 512, 1024, 2048]'
        --set 'grid.c={log2_min: 0, log2_max: 7, step: 0.1}')
    "${program[@]}" plan configs/published.yaml "${full[@]}"
    timed_run published cuda "$scratch/published-full.h5" "${full[@]}" --max-time 3h
    "${program[@]}" analyse --json "$scratch/published-full.h5" >"$folder/published-full.json"
    "${program[@]}" analyse "$scratch/published-full.h5"
    printf '%s' "$summary"
}

write_results() {
    local i
    echo "# sharpgrid on a GPU, $(date -u +%Y-%m-%dT%H:%MZ)"
    echo
    printf '%s\n' "${quick:+Small studies (--quick). }${runner[*]:+Not on a GPU: run by ${runner[*]}.}" ''
    printf '| step | verdict | seconds |\n| --- | --- | --- |\n'
    for i in "${!titles[@]}"; do printf '| %s | %s | %d |\n' "${titles[i]}" "${verdicts[i]}" "${times[i]}"; done
    printf '\n%s\n\n' "Wall clock, with start-up:"
    cat "${logs[@]}" | grep ' on c[a-z]*: [0-9.]* s$' | sort -u | sed 's/^/- /' || true
    for i in "${!titles[@]}"; do
        printf '\n## %s: %s\n\n```\n' "${titles[i]}" "${verdicts[i]}"
        tail -n 60 "${logs[i]}"
        printf '```\n'
    done
}

say "Setup"
"$root/scripts/setup.sh" --for tests --cuda
find_nvcc
if ! has_nvcc; then
    echo "gpu.sh: there is no nvcc of CUDA 13 (scripts/setup.sh --cuda installs it)" >&2
    exit 4
fi

step "machine" machine
step "driver" driver
step "build" build_all
step "doctor" "${program[@]}" doctor --device cuda -o "$scratch"
step "tests on the device" device_tests
step "tests on the CPU" cpu_tests
step "memcheck" sanitize memcheck "$kernels" --leak-check full
step "racecheck" sanitize racecheck "$shared"
step "initcheck" sanitize initcheck "$kernels"
step "synccheck" sanitize synccheck "$kernels"
step "cpu against cuda" spaces
step "benchmarks" benchmarks
step "occupancy" occupancy
step "quick study" on_both quickstart
step "published study" on_both published
step "published study in pieces" again
step "published study at full size" full_study

write_results >"$folder/results.md"
tar -C "$(dirname "$folder")" -czf "$folder.tar.gz" "$(basename "$folder")"
failed=0 missing=0
for verdict in "${verdicts[@]}"; do
    case $verdict in
        failed*) failed=$((failed + 1)) ;;
        "not there") missing=$((missing + 1)) ;;
    esac
done
say "Done: send back $folder.tar.gz"
sed -n '/^| step/,/^$/p' "$folder/results.md"
echo "$((${#verdicts[@]} - failed - missing)) passed, $failed failed, $missing skipped"
[ $failed = 0 ] || exit 1
[ $missing = 0 ] || exit 3
