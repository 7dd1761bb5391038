#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Finds the driver, and installs NVIDIA's compiler and libraries from Python wheels into build/toolkit where a
# GPU has none. Distributions have no CUDA 13 yet. Says what it found and did; setup.sh calls it.
#   scripts/toolkit.sh [--cuda] [--dry-run]
#     --cuda       install without a GPU too, e.g. to build for another machine
#     --dry-run    only say what would be done
# SG_TOOLKIT names another folder than build/toolkit.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# The first driver of CUDA 13; each runs programs of every CUDA 13.x.
oldest_driver=580
oldest_device=8.0
parts=nvcc,crt,nvvm,cccl,cudart,cublas,cusolver,cusparse,nvjitlink,nvtx
asked=
dry=

while [ $# -gt 0 ]; do
    case $1 in
        --cuda) asked=yes ;;
        --dry-run) dry=yes ;;
        *)
            echo "usage: scripts/toolkit.sh [--cuda] [--dry-run]" >&2
            exit 2
            ;;
    esac
    shift
done

note() { printf 'toolkit: %s\n' "$*"; }

# query FIELD: of the first GPU.
query() { nvidia-smi "--query-gpu=$1" --format=csv,noheader 2>/dev/null | head -n 1; }

at_least() { [ "$(printf '%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

# Why no GPU can be used; empty where one can.
gpu_fault() {
    local cuda capability
    if ! command -v nvidia-smi >/dev/null; then
        echo "no GPU was found (no nvidia-smi). If this machine has one, install driver $oldest_driver or newer"
        return
    fi
    if ! nvidia-smi -L 2>/dev/null | grep -q '^GPU '; then
        echo "nvidia-smi finds no GPU: $( (nvidia-smi 2>&1 || true) | head -n 1)"
        return
    fi
    cuda=$(driver_cuda)
    if ! at_least 13.0 "${cuda:-0}"; then
        echo "driver $(query driver_version) supports CUDA ${cuda:-of an unknown version}, but CUDA 13 needs" \
            "driver $oldest_driver or newer: update it (Ubuntu: apt-get install nvidia-driver-$oldest_driver;" \
            "elsewhere NVIDIA's installer, or ask the administrator) and run scripts/setup.sh again"
        return
    fi
    capability=$(query compute_cap)
    if ! at_least $oldest_device "${capability:-$oldest_device}"; then
        echo "$(query name) has compute capability $capability, but $oldest_device or newer is required"
    fi
}

# CUDA 13.x with x at most what the driver supports, so that it can also compile PTX for a newer GPU.
requirement() {
    local newest=$1
    echo "cuda-toolkit[$parts]>=13.0,<13.$((${newest#*.} + 1))"
}

# The wheels have no names without a version, which the linker wants, and `lib` in place of `lib64`.
lay_out() {
    local folder=$1 library
    if [ ! -e "$folder/lib64" ]; then ln -s lib "$folder/lib64"; fi
    for library in "$folder"/lib/lib*.so.*; do
        if [ ! -e "${library%%.so.*}.so" ]; then
            ln -s "$(basename "$library")" "${library%%.so.*}.so"
        fi
    done
}

install_wheels() {
    local wheels
    rm -rf "$private_toolkit"
    make_venv "$private_toolkit/python" "$1" || return 1
    wheels=$(echo "$private_toolkit"/python/lib/python3*/site-packages/nvidia/cu13)
    if [ ! -x "$wheels/bin/nvcc" ]; then
        note "the wheels have no $wheels/bin/nvcc" >&2
        return 1
    fi
    lay_out "$wheels"
    ln -s "${wheels#"$private_toolkit"/}" "$private_toolkit/cuda"
}

fault=$(gpu_fault)
supported=$(driver_cuda)
if [ -n "$fault" ]; then note "$fault"; else
    note "$(query name), driver $(query driver_version), up to CUDA $supported"
fi
if has_nvcc; then
    note "CUDA toolkit $(nvcc_release "$nvcc"): $nvcc"
    exit 0
fi
if [ -n "$fault" ] && [ -z "$asked" ]; then
    note "no toolkit is installed: going on with a build for the CPU"
    exit 0
fi
if ! at_least 13.0 "${supported:-0}"; then supported=13.0; fi
wanted=$(requirement "$supported")
if [ -n "$dry" ]; then
    note "would install $wanted into $private_toolkit"
    exit 0
fi
note "no nvcc of CUDA 13: installing $wanted into $private_toolkit (1.6 GB)"
if install_wheels "$wanted"; then
    find_nvcc
    note "CUDA toolkit $(nvcc_release "$nvcc"): $nvcc"
elif [ -n "$asked" ]; then
    fail "the toolkit could not be installed. Install CUDA 13 (nvcc, cuBLAS, cuSOLVER) by other means"
else
    note "the toolkit could not be installed: going on with a build for the CPU"
fi
