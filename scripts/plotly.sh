#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Takes plotly.js out of the Python wheel that carries it (10 MB) into build/plotly, where the build finds it.
# Without a network it says so, and the build goes on: `sharpgrid report -o` is what will be missing.
#   scripts/plotly.sh
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

wanted='plotly>=6.0,<7'
folder=$root/build/plotly
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

note() { printf 'plotly: %s\n' "$*"; }

# The script, its licence and its version, out of a wheel.
unpack() {
    python3 - "$1" "$2" <<'PYTHON'
import re
import sys
import zipfile

wheel, folder = zipfile.ZipFile(sys.argv[1]), sys.argv[2]
script = wheel.read("plotly/package_data/plotly.min.js")
licence = next(name for name in wheel.namelist() if re.search(r"dist-info/(licenses/)?LICENSE", name))
version = re.search(rb"plotly\.js v([0-9.]+)", script[:400]).group(1)
for name, content in (("plotly.min.js", script), ("LICENSE.txt", wheel.read(licence)), ("VERSION", version)):
    with open(f"{folder}/{name}", "wb") as file:
        file.write(content)
PYTHON
}

download() {
    python3 -m pip --version >/dev/null 2>&1 || { make_venv "$scratch/python" pip && PATH=$scratch/python/bin:$PATH; } ||
        return 1
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
        --dest "$scratch" "$wanted" || return 1
    mkdir "$scratch/parts"
    unpack "$scratch"/plotly-*.whl "$scratch/parts" || return 1
    rm -rf "$folder"
    mkdir -p "$(dirname "$folder")"
    mv "$scratch/parts" "$folder"
}

if [ -f "$folder/VERSION" ]; then
    note "plotly.js $(cat "$folder/VERSION") is there"
elif download; then
    note "plotly.js $(cat "$folder/VERSION") is in $folder"
else
    note "the wheel $wanted could not be downloaded: going on without it. \`sharpgrid report -o\` will say that it
needs it; \`sharpgrid report --figures\` does not. Later: scripts/plotly.sh, then build again"
fi
