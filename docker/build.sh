#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds sharpgrid in the first stage of an image, and lays out in FOLDER what the last stage takes.
#   docker/build.sh cpu|cuda FOLDER
# With MARCH in the environment for that processor; else for x86-64 with AVX2 and FMA (or the least of another kind of
# processor), not for the machine that happens to build. ARCHITECTURES: of CUDA, for CMake.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../scripts/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/common.sh"
space=${1:-}
folder=${2:-}
case $space in
    cpu) cuda=OFF ;;
    cuda) cuda=ON ;;
    *) folder= ;;
esac
if [ -z "$folder" ]; then
    echo "usage: docker/build.sh cpu|cuda FOLDER" >&2
    exit 2
fi
march=${MARCH:-}
if [ -z "$march" ] && [ "$(uname -m)" = x86_64 ]; then march=x86-64-v3; fi

say "Build for ${march:-any processor} (CUDA $cuda)"
build image sharpgrid -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX=/usr/local -DSG_TESTS=OFF "-DSG_CUDA=$cuda" \
    "-DSG_MARCH=$march" "-DCMAKE_CUDA_ARCHITECTURES=${ARCHITECTURES:-80;90;100}"
DESTDIR=$folder cmake --install "$root/build/image" --strip

# The libraries of the toolkit that the program is linked with, and theirs: without the compiler and the rest.
if [ "$cuda" = ON ]; then
    toolkit=$(realpath "$(dirname "$(realpath "$nvcc")")/..")
    libraries=$folder/usr/local/lib
    mkdir -p "$libraries"
    ldd "$root/build/image/sharpgrid" | awk '$3 ~ "^/" { print $1, $3 }' | while read -r name path; do
        case $(realpath "$path") in
            "$toolkit"/*) cp -L "$path" "$libraries/$name" ;;
        esac
        # cuBLASLt opens NVRTC by itself where it wants it.
        if [[ $name == libcublasLt.so.* ]]; then
            cp -L "$(dirname "$path")"/libnvrtc.so.* "$(dirname "$path")"/libnvrtc-builtins.so.* "$libraries"
        fi
    done
fi
du -shc "$folder"/usr/local/*
