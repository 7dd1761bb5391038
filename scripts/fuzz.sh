#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Fuzzes the readers of foreign bytes with libFuzzer under the sanitizers: tests/fuzz/fuzz_TARGET.cpp.
#   scripts/fuzz.sh SECONDS [TARGET...]     for each target; default: all targets
# Corpora that grow are kept in build/fuzz/corpus, inputs that break a promise in build/fuzz/findings; with one
# of those the script fails. SG_FUZZ_SEED=N in the environment repeats the choices of a run.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

seconds=${1:-}
[[ $seconds =~ ^[1-9][0-9]*$ ]] || { echo "usage: scripts/fuzz.sh SECONDS [TARGET...]" >&2; exit 2; }
shift
sources=$root/tests/fuzz
targets=("$@")
if [ ${#targets[@]} = 0 ]; then
    for file in "$sources"/fuzz_*.cpp; do
        name=$(basename "$file" .cpp)
        targets+=("${name#fuzz_}")
    done
fi
for target in "${targets[@]}"; do
    [ -f "$sources/fuzz_$target.cpp" ] || fail "no target $target: there is no tests/fuzz/fuzz_$target.cpp"
done

command -v clang++ >/dev/null || fail "no clang++: scripts/setup.sh --for ci installs it"
say "Build"
build fuzz fuzz -DCMAKE_CXX_COMPILER=clang++ -DCMAKE_BUILD_TYPE=RelWithDebInfo \
    "-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=-O1 -g1" -DSG_FUZZ=ON -DSG_TESTS=OFF -DSG_CUDA=OFF -DSG_MARCH= \
    -DSG_WERROR=ON

# Files of the targets: in memory where the system has a place for it.
shared=/dev/shm
if [ ! -d $shared ] || [ ! -w $shared ]; then shared=${TMPDIR:-/tmp}; fi
scratch=$(mktemp -d -p "$shared")
trap 'rm -rf "$scratch"' EXIT

# HDF5 itself loses memory when it opens a damaged object, so the target store does not look for leaks.
asan=malloc_context_size=4:max_malloc_fill_size=0:quarantine_size_mb=16
export UBSAN_OPTIONS=print_stacktrace=1

# fuzz TARGET: its log goes to build/fuzz/TARGET.log.
fuzz() {
    local target=$1 length=4096 leaks=1 corpus=$root/build/fuzz/corpus/$1 options=()
    if [ "$target" = store ]; then length=512 leaks=0; fi
    if [ -f "$sources/$target.dict" ]; then options+=("-dict=$sources/$target.dict"); fi
    mkdir -p "$corpus" "$root/build/fuzz/findings/$target" "$scratch/$target"
    ASAN_OPTIONS=$asan:detect_leaks=$leaks TMPDIR=$scratch/$target \
        nice -n 5 "$root/build/fuzz/tests/fuzz/fuzz_$target" "-max_total_time=$seconds" "-seed=${SG_FUZZ_SEED:-0}" \
        "-max_len=$length" -timeout=60 -rss_limit_mb=2500 -malloc_limit_mb=1200 "-detect_leaks=$leaks" \
        -print_final_stats=1 "-artifact_prefix=$root/build/fuzz/findings/$target/" "${options[@]}" \
        "$corpus" "$sources/corpus/$target" </dev/null >"$root/build/fuzz/$target.log" 2>&1
}

# result TARGET CODE: one line, and the end of the log of a finding.
result() {
    local log=$root/build/fuzz/$1.log
    printf '%-12s %9s executions, coverage %s, %s\n' "$1" \
        "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log" | tail -n 1)" \
        "$(grep -a -o 'cov: [0-9]*' "$log" | tail -n 1 | sed 's/cov: //')" \
        "$([ "$2" = 0 ] && echo "no finding" || echo "FINDING: build/fuzz/findings/$1")"
    if [ "$2" != 0 ]; then tail -n 60 "$log"; fi
}

say "$seconds s for each of: ${targets[*]}"
findings=0
for ((first = 0; first < ${#targets[@]}; first += jobs)); do
    batch=("${targets[@]:first:jobs}")
    processes=()
    for target in "${batch[@]}"; do
        fuzz "$target" &
        processes+=($!)
    done
    for ((k = 0; k < ${#batch[@]}; ++k)); do
        code=0
        wait "${processes[k]}" || code=$?
        result "${batch[k]}" $code
        if [ $code != 0 ]; then findings=$((findings + 1)); fi
    done
done
[ $findings = 0 ] || fail "$findings of ${#targets[@]} targets have a finding. Mend it, and keep the input \
in tests/fuzz/corpus"
