#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What scripts/toolkit.sh decides, with programs in place of nvidia-smi and nvcc that say what a machine would.
#   check_toolkit.sh      prints each case; exit code 1 if one is wrong
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
wrong=0

# machine DRIVER CUDA NAME CAPABILITY [NVCC-RELEASE]: what the next case runs on; a driver "none" is no nvidia-smi.
machine() {
    rm -rf "${scratch:?}/bin"
    mkdir "$scratch/bin"
    for program in bash dirname basename nproc mkdir sed head sort grep; do
        ln -s "$(command -v $program)" "$scratch/bin/$program"
    done
    if [ "$1" != none ]; then
        cat >"$scratch/bin/nvidia-smi" <<STUB
#!/usr/bin/env bash
case \$* in
    -L) echo 'GPU 0: $3 (UUID: GPU-0)' ;;
    *=driver_version*) echo '$1' ;;
    *=compute_cap*) echo '$4' ;;
    *=name*) echo '$3' ;;
    *) echo '| NVIDIA-SMI $1    Driver Version: $1    CUDA Version: $2     |' ;;
esac
STUB
        chmod +x "$scratch/bin/nvidia-smi"
    fi
    if [ $# -gt 4 ]; then
        printf '#!/usr/bin/env bash\necho "Cuda compilation tools, release %s, V%s.1"\n' "$5" "$5" \
            >"$scratch/bin/nvcc"
        chmod +x "$scratch/bin/nvcc"
    fi
}

# expect TITLE TEXT OPTION...: the dry run ends well and says TEXT.
expect() {
    local title=$1 text=$2 said code=0
    shift 2
    said=$(PATH=$scratch/bin CUDA_HOME=$scratch/none SG_TOOLKIT=$scratch/toolkit \
        bash "$root/scripts/toolkit.sh" --dry-run "$@" 2>&1) || code=$?
    if [ $code = 0 ] && [[ $said == *"$text"* ]]; then
        echo "ok     $title"
    else
        printf 'WRONG  %s: exit code %d, wanted "%s", said\n%s\n' "$title" $code "$text" "$said"
        wrong=1
    fi
}

machine none
expect "no GPU" "no toolkit is installed: going on with a build for the CPU"
expect "no GPU, asked for" ">=13.0,<13.1 into $scratch/toolkit" --cuda
machine 550.54.14 12.4 "NVIDIA A100" 8.0
expect "an old driver is named" "driver 550.54.14 supports CUDA 12.4, but CUDA 13 needs driver 580 or newer"
expect "an old driver gets a CPU build" "going on with a build for the CPU"
machine 580.65.06 13.0 "NVIDIA H200" 9.0
expect "a driver of CUDA 13.0" "would install cuda-toolkit["
expect "its toolkit is no newer" ">=13.0,<13.1 into"
machine 610.10 13.4 "NVIDIA B200" 10.0
expect "a driver of CUDA 13.4" ">=13.0,<13.5 into"
machine 580.65.06 13.0 "Tesla T4" 7.5
expect "an old device" "Tesla T4 has compute capability 7.5, but 8.0 or newer is required"
machine 580.65.06 13.0 "NVIDIA H200" 9.0 13.0
expect "a toolkit is there" "CUDA toolkit 13.0: $scratch/bin/nvcc"
machine 580.65.06 13.0 "NVIDIA H200" 9.0 12.4
expect "a toolkit that is too old is not used" "would install cuda-toolkit["
exit $wrong
