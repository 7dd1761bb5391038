#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The quick study from a fresh clone: installs, builds, runs, prints the critical constants.
#   scripts/demo.sh        writes quickstart.h5, quickstart.html and quickstart.svg to the working directory
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

say "Setup"
"$root/scripts/setup.sh" --for build

cuda=OFF
if has_gpu && has_nvcc; then cuda=ON; fi
say "Build (CUDA $cuda)"
build demo sharpgrid -DCMAKE_BUILD_TYPE=Release -DSG_TESTS=OFF -DSG_CUDA=$cuda
program=$root/build/demo/sharpgrid

say "Run configs/quickstart.yaml"
"$program" run "$root/configs/quickstart.yaml" -o quickstart.h5

say "Critical constants"
"$program" analyse quickstart.h5 --figure quickstart.svg

say "Report"
if [ -f "$root/build/plotly/VERSION" ]; then
    "$program" report quickstart.h5 -o quickstart.html
    report="$PWD/quickstart.html   the report, for any browser"
else
    report="(no report: scripts/plotly.sh could not fetch plotly.js)"
fi

say "Where it is"
cat <<END
$PWD/quickstart.h5     every trajectory
$PWD/quickstart.svg    the phase diagram
$report

To open it in Python, in an environment with \`pip install xarray h5netcdf\`:
  python3 -c 'import xarray; print(xarray.open_dataset("quickstart.h5", engine="h5netcdf"))'
END
