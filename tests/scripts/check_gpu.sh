#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What scripts/gpu.sh does without a GPU, and when a step fails: a copy of the scripts, with programs in place of
# compiler, Python and everything that would run on a device.
#   check_gpu.sh      prints each case; exit code 1 if one is wrong
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
copy=$scratch/copy
wrong=0

# stub NAME: a program whose text is on standard input.
stub() {
    mkdir -p "$scratch/bin"
    cat >"$scratch/bin/$1"
    chmod +x "$scratch/bin/$1"
}

stub cmake </dev/null
stub nvcc <<'STUB'
#!/usr/bin/env bash
echo "Cuda compilation tools, release 13.0, V13.0.1"
STUB
stub nvidia-smi <<'STUB'
#!/usr/bin/env bash
exit 9
STUB
stub python3 <<STUB
#!/usr/bin/env bash
# An environment is a folder with a program that does nothing; so is what stands in bench/ and tests/.
case \$* in
    "-m venv "*) mkdir -p "\$3/bin" && printf '#!/usr/bin/env bash\n' >"\$3/bin/python" && chmod +x "\$3/bin/python" ;;
    -B*) ;;
    *) exec $(command -v python3) "\$@" ;;
esac
STUB
stub runner <<'STUB'
#!/usr/bin/env bash
for argument; do
    case $argument in
        doctor) echo "1 failed" && exit 1 ;;
        --gtest_output=json:*)
            echo '{"testsuites": [{"testsuite": [{"status": "RUN", "result": "COMPLETED"}]}]}' >"${argument#*json:}" ;;
    esac
done
echo "ran $*"
STUB

mkdir -p "$copy/bench" "$copy/build/cuda"
cp -r "$root/scripts" "$copy"
printf '# Kernels\n\ntable\n' >"$copy/bench/kernels.md"

# expect TITLE CODE TEXT COMMAND...: it ends with CODE and says TEXT.
expect() {
    local title=$1 wanted=$2 text=$3 code=0
    shift 3
    env "PATH=$scratch/bin:$PATH" SG_SETUP=skip "$@" >"$scratch/said" 2>&1 || code=$?
    if [ $code = "$wanted" ] && grep -qF -e "$text" "$scratch/said"; then
        echo "ok     $title"
    else
        printf 'WRONG  %s: exit code %d, wanted %d and "%s", said\n' "$title" $code "$wanted" "$text"
        cat "$scratch/said"
        wrong=1
    fi
}

gpu=(bash "$copy/scripts/gpu.sh")
expect "no GPU" 4 "gpu.sh: nvidia-smi finds no GPU" "${gpu[@]}"
expect "no such option" 2 "usage: scripts/gpu.sh" "${gpu[@]}" --fast
rm "$scratch/bin/nvidia-smi"
with_runner=(SG_RUNNER="$scratch/bin/runner" "${gpu[@]}" --quick "$scratch/out")
expect "a step that fails" 1 "| doctor | failed (exit code 1) |" "${with_runner[@]}"
expect "does not stop the later ones" 0 "| published study at full size | passed |" cat "$scratch/out/results.md"
expect "a tool that is missing is no failure" 0 "| memcheck | not there |" cat "$scratch/out/results.md"
expect "logs are in one file" 0 "out/04-doctor.log" tar -tzf "$scratch/out.tar.gz"
sed -i 's/doctor) .*/doctor) ;;/' "$scratch/bin/runner"
expect "nothing failed, a tool is missing" 3 " passed, 0 failed, " "${with_runner[@]}"
exit $wrong
