#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Reads an output file with xarray while the run that writes it goes on: check_live.py PROGRAM."""

import pathlib
import subprocess
import sys
import tempfile
import time

import numpy
import xarray

STUDY = """
study: live
data: {set: synthetic, examples: 512, inputs: 16, classes: 4}
model: {kind: fcn, depth: [2, 3], width: [16, 32]}
training: {batch: 64, steps: 40}
grid: {c: {log2_min: 0, log2_max: 6, step: 0.25}, seeds: 6}
sharpness: {examples: 256}
"""


def expect(condition, message):
    if not condition:
        sys.exit(f"check_live: {message}")


def open_live(path):
    return xarray.open_dataset(path, engine="h5netcdf",
                               driver_kwds={"swmr": True, "libver": "latest"})


def look(path):
    """Number of committed networks, after a look at every one of them; None: it is complete.

    A commit may fall between two arrays while the file is opened: what was committed before that is
    in all of them, so the number comes from an opening of its own."""
    with open_live(path) as data:
        rows = int(data["committed_rows"])
        if int(data["study_state"]) == 2:
            return None
    with open_live(path) as data:
        expect(set(data.dims) >= {"run", "step", "constant", "point"}, f"dimensions {data.dims}")
        expect(data.sizes["run"] >= rows, f"{data.sizes['run']} of {rows} committed networks")
        committed = data.isel(run=slice(0, rows)).load()
        expect("c" in committed["loss"].coords, "loss does not carry its coordinates")
        expect(numpy.isfinite(committed["c"]).all(), "a committed network without c")
        expect(numpy.isfinite(committed["loss"][:, 0]).all(), "a committed network without a loss")
        expect((committed["run_status"] != 0).all(), "a committed network that is pending")
        expect((committed["sharpness_status"].attrs["flag_meanings"]).startswith("converged"),
               "flags without meanings")
        return rows


def main():
    expect(len(sys.argv) == 2, "usage: check_live.py PROGRAM")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "study.yaml").write_text(STUDY)
        path = folder / "live.h5"
        command = [sys.argv[1], "run", str(folder / "study.yaml"), "-o", str(path),
                   "--workers", "1", "--commit-seconds", "0.05"]
        run = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        seen = []
        while run.poll() is None:
            if path.exists():
                seen.append(look(path))
            time.sleep(0.02)
        seen = [rows for rows in seen if rows is not None]
        expect(run.returncode == 0, f"the run ended with {run.returncode}")
        expect(seen == sorted(seen), f"committed networks became fewer: {seen}")
        expect(len(set(seen)) >= 3, f"the run was not seen to grow: {seen}")
        with xarray.open_dataset(path, engine="h5netcdf") as data:
            expect(data.sizes["run"] == 600 and int(data["study_state"]) == 2, "it is not complete")
        print(f"read {len(seen)} times while it was written, from {seen[0]} to {seen[-1]} networks")


if __name__ == "__main__":
    main()
