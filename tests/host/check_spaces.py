#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The same study on the CPU and on the GPU: equal within rounding, as long as training does not amplify it.

check_spaces.py PROGRAM [EMULATOR_RUN]      EMULATOR_RUN runs a build with CUDA on a machine without a GPU

Loss and sharpness of the first steps agree within 1e-4 in float and 1e-8 in double. tanh and a small c: a relu
unit at its kink, or a catapult, makes of one rounding a difference of any size. Spectra agree as closely, in units of
the largest eigenvalue: the top, the smallest, and the first two moments of the density.
"""

import argparse
import itertools
import pathlib
import subprocess
import sys
import tempfile

import h5py
import numpy

STUDY = """
study: spaces
data: {set: synthetic, examples: 64, inputs: 5, classes: 3}
model: {kind: fcn, depth: [2, 3], width: 9, activation: tanh}
training: {batch: 16, steps: 4}
grid: {c: [0.5, 1, 2], seeds: 2}
sharpness: @
"""
SHARPNESS = {
    "fixed": "{examples: 32, tolerance: 1e-8}",
    "published": "{protocol: published}",
    "spectrum": "{examples: 32, spectrum: {steps: [0, 3], top: 3, smallest: true, density: {probes: 2, order: 20}}}",
}
# λ₀ is iterated to a residual of 1e-4, which is an error of its square; later λ to the error of the study.
TOLERANCES = {"float": 1e-4, "double": 1e-8}
KEYS = ["depth", "width", "seed", "c"]


def expect(condition, message):
    if not condition:
        sys.exit(f"check_spaces: {message}")


def compare(precision, tolerance, on_cpu, on_cuda):
    for name in KEYS:
        expect(numpy.array_equal(on_cpu[name][:], on_cuda[name][:]), f"{precision}: {name} differs")
    worst = {}
    for name in ("loss", "train_loss", "sharpness"):
        a, b = on_cpu[name][:], on_cuda[name][:]
        known = numpy.isfinite(a)
        expect(numpy.array_equal(known, numpy.isfinite(b)), f"{precision}: gaps of {name} differ")
        expect(known.sum() >= 12 * 4, f"{precision}: little of {name} is known")
        worst[name] = numpy.abs(b[known] / a[known] - 1).max()
        expect(worst[name] <= tolerance, f"{precision}: {name} differs by {worst[name]:.1e}")
    if "top_eigenvalue" in on_cpu:
        first, second = of_spectrum(on_cpu), of_spectrum(on_cuda)
        worst["spectrum"] = numpy.abs(first - second).max()
        expect(worst["spectrum"] <= tolerance, f"{precision}: spectra differ by {worst['spectrum']:.1e}")
    text = ", ".join(f"{name} {value:.1e}" for name, value in worst.items())
    print(f"{precision}: largest relative difference of cpu and cuda: {text} (allowed {tolerance})", flush=True)


def of_spectrum(file):
    """Per network and step: three largest eigenvalues, the smallest, mean and mean square of all; over the largest."""
    top = file["top_eigenvalue"][:]
    expect(numpy.isfinite(top).all(), "a top eigenvalue is missing")
    node, weight = file["density_node"][:], file["density_weight"][:]
    columns = [*numpy.moveaxis(top, -1, 0), file["smallest_eigenvalue"][:]]
    size = top[..., 0]
    columns = [column / size for column in columns]
    for power in (1, 2):
        moment = numpy.nansum(weight * node ** power, axis=-1).mean(axis=-1)
        columns.append(moment / size ** power)
    return numpy.stack(columns)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("emulator", nargs="?")
    arguments = parser.parse_args()
    command = [arguments.emulator, arguments.program] if arguments.emulator else [arguments.program]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for (title, sharpness), (precision, tolerance) in itertools.product(SHARPNESS.items(), TOLERANCES.items()):
            print(title, end=", ")
            (folder / "study.yaml").write_text(STUDY.replace("@", sharpness))
            for device in ("cpu", "cuda"):
                subprocess.run([*command, "run", folder / "study.yaml", "-o", folder / f"{device}.h5",
                                "--overwrite", "--device", device, "--precision", precision],
                               check=True, stderr=subprocess.DEVNULL)
            with h5py.File(folder / "cpu.h5") as on_cpu, h5py.File(folder / "cuda.h5") as on_cuda:
                expect("cuda:" in str(on_cuda.attrs["device"]) and "cpu:" in str(on_cpu.attrs["device"]),
                       "the runs were not on a CPU and on a GPU")
                compare(precision, tolerance, on_cpu, on_cuda)


if __name__ == "__main__":
    main()
