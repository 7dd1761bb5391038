#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs what is missing to build sharpgrid, on Debian and Ubuntu; as root or through sudo. With a GPU that
# has no toolkit, the toolkit too (scripts/toolkit.sh); and plotly.js for the report (scripts/plotly.sh).
#   scripts/setup.sh [--for build|run|tests|ci|containers] [--cuda]      default: build
#     --for run          only what a program that was built elsewhere needs, on the same release
#     --for containers   only what docker/test.sh needs
#     --cuda             the toolkit without a GPU too
# With SG_SETUP=skip it does nothing: for other systems, once the packages are there.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# Programs: PACKAGE:COMMAND. One from elsewhere will do.
programs=(git:git g++:g++ cmake:cmake ninja-build:ninja pkg-config:pkg-config python3:python3)
# Libraries and data: Debian's packages.
packages=(libopenblas-dev liblapacke-dev libhdf5-dev libyaml-cpp-dev libcli11-dev libspdlog-dev
    libfmt-dev librandom123-dev libisal-dev libssl-dev dataset-fashion-mnist)
libraries=()
wanted=build
toolkit_options=()
oldest_cmake=3.25

usage() {
    echo "usage: scripts/setup.sh [--for build|run|tests|ci|containers] [--cuda]" >&2
    exit 2
}

while [ $# -gt 0 ]; do
    case $1 in
        --for) [ $# -gt 1 ] || usage; wanted=$2; shift 2 ;;
        --cuda) toolkit_options+=(--cuda); shift ;;
        *) usage ;;
    esac
done
case $wanted in
    build) ;;
    run) programs=() ;;
    containers)
        programs=(buildah:buildah podman:podman runc:runc debootstrap:debootstrap python3:python3)
        packages=() ;;
    tests) packages+=(libgtest-dev libbenchmark-dev zlib1g-dev) ;;
    ci) # the compiler of scripts/fuzz.sh, with its libFuzzer and sanitizers; a browser for reports
        packages+=(libgtest-dev libbenchmark-dev zlib1g-dev libclang-rt-dev)
        programs+=(shellcheck:shellcheck clang:clang++ chromium:chromium) ;;
    *) usage ;;
esac

if [ "${SG_SETUP:-}" = skip ]; then
    echo "setup: SG_SETUP=skip, nothing is installed"
    exit 0
fi

supported() {
    command -v apt-get >/dev/null && command -v dpkg-query >/dev/null && [ -r /etc/os-release ] &&
        (. /etc/os-release && [[ " ${ID:-} ${ID_LIKE:-} " =~ \ (debian|ubuntu)\  ]])
}

if ! supported; then
    {
        echo "setup: only Debian and Ubuntu are supported. Install what these packages hold, then"
        echo "call the script again with SG_SETUP=skip:"
        echo "  ${programs[*]%%:*} python3-venv"
        echo "  ${packages[*]}"
    } >&2
    exit 1
fi

is_installed() {
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif ! command -v sudo >/dev/null; then
        fail "neither root nor sudo: ask an administrator for: ${missing[*]:-new package lists}"
    elif [ -t 0 ]; then
        sudo "$@"
    else
        sudo -n "$@"
    fi
}

apt() { as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120 "$@"; }

# The shared libraries that a package for building depends on, by the names of this release, e.g. libfmt9.
libraries_of() {
    apt-cache depends --important "$1" | sed -n 's/^ *|\{0,1\}Depends: \(lib[^ ]*\)$/\1/p' |
        { grep -v -e '-dev$' -e '-cpp-' -e '-fortran-' || true; }
}

if [ "$wanted" = run ]; then
    apt-cache show libfmt-dev >/dev/null 2>&1 || apt update
    for package in "${packages[@]}"; do
        case $package in
            *-dev) mapfile -t -O ${#libraries[@]} libraries < <(libraries_of "$package") ;;
            *) libraries+=("$package") ;;
        esac
    done
    packages=("${libraries[@]}")
fi

missing=()
for entry in "${programs[@]}"; do
    command -v "${entry#*:}" >/dev/null || missing+=("${entry%%:*}")
done
if [[ $wanted =~ ^(build|tests|ci)$ ]]; then
    python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
fi
for package in "${packages[@]}"; do
    is_installed "$package" || missing+=("$package")
done

install() { apt install -y --no-install-recommends "${missing[@]}"; }

if [ ${#missing[@]} -eq 0 ]; then
    echo "setup: nothing is missing"
else
    echo "setup: installing ${missing[*]}"
    if ! install; then
        echo "setup: once more, with new package lists"
        apt update
        install || fail "apt-get could not install: ${missing[*]}"
    fi
fi

[[ $wanted =~ ^(build|tests|ci)$ ]] || exit 0

version=$(cmake --version | sed -n '1s/[^0-9]*//p')
if [ "$(printf '%s\n' "$oldest_cmake" "$version" | sort -V | head -n 1)" != "$oldest_cmake" ]; then
    fail "CMake $version is too old ($oldest_cmake is required). Debian 12 and Ubuntu 24.04 have it;
elsewhere: python3 -m pip install cmake"
fi

"$root/scripts/plotly.sh"
"$root/scripts/toolkit.sh" "${toolkit_options[@]}"
