# SPDX-License-Identifier: MIT
"""Small studies that launch the engine's kernels at shapes of the quick study, run under an emulator that counts their
memory traffic. Part of bench/kernels.py."""

import json
import os
import pathlib
import subprocess
import tempfile

# A shape of the quick study with few networks, examples and steps, and one whose products are not fused. The c reach
# from calm to diverged, so that slices are compacted.
COMMON = """
study: kernels
{data}
model: {{kind: fcn, depth: 3, width: {width}, activation: {activation}{last_layer}}}
training: {{loss: {loss}, batch: 64, steps: 2, momentum: {momentum}}}
grid: {{c: [1, 512, 1024], seeds: 1}}
sharpness: {{method: {method}, examples: 64, iterations: 4}}
output: {{file: kernels.h5}}
"""
PIXELS = "data: {set: fashion-mnist}"
VALUES = "data: {set: synthetic, examples: 512, inputs: 784, classes: 10}"
STUDIES = [
    dict(data=PIXELS, width=32, activation="relu", last_layer=", last_layer: [standard, zero]", loss="mse", momentum="0",
         method="lanczos"),
    dict(data=VALUES, width=32, activation="tanh", last_layer="", loss="cross_entropy", momentum="0.9", method="lanczos"),
    dict(data=VALUES, width=66, activation="tanh", last_layer="", loss="cross_entropy", momentum="0", method="power"),
    dict(data=VALUES, width=32, activation="relu", last_layer="", loss="mse", momentum="0", method="power"),
]
# A few hundred parameters, for the dense Hessian; and a crowded top that takes so many products that the subspace is
# restarted.
SMALL = """
study: kernels
data: {{set: synthetic, examples: 256, inputs: {inputs}, classes: 10}}
model: {{kind: fcn, depth: 3, width: {width}, activation: relu, last_layer: {last_layer}}}
training: {{loss: mse, batch: 128, steps: 2}}
grid: {{c: [1], seeds: 1}}
sharpness: {{method: {method}, examples: 128, tolerance: 1e-6}}
output: {{file: kernels.h5}}
"""
SMALL_STUDIES = [
    dict(method="exact", inputs=8, width=8, last_layer="standard"),
    dict(method="lanczos", inputs=64, width=64, last_layer="zero"),
]


def add(total, kernels):
    for kernel in kernels:
        sums = total.setdefault(kernel["name"], {})
        for key, value in kernel.items():
            if isinstance(value, (int, float)):
                sums[key] = sums.get(key, 0) + value


def count_traffic(emulator, program, fail):
    """{mangled name: sums over all launches}, of every study in both precisions."""
    total = {}
    texts = [COMMON.format(**study) for study in STUDIES]
    texts += [SMALL.format(**study) for study in SMALL_STUDIES]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for number, text in enumerate(texts):
            for precision in ("float", "double"):
                (folder / "study.yaml").write_text(text)
                stats = folder / "stats.json"
                stats.unlink(missing_ok=True)
                environment = dict(os.environ, EMU_STATS=str(stats), EMU_THREADS="1")
                run = subprocess.run([emulator, program, "run", "study.yaml", "--device", "cuda", "--overwrite",
                                      "--precision", precision], cwd=folder, env=environment,
                                     stdin=subprocess.DEVNULL, capture_output=True, text=True)
                if run.returncode != 0 or not stats.exists():
                    fail(f"study {number} in {precision} ended with {run.returncode}:\n{run.stderr}")
                add(total, json.loads(stats.read_text())["kernels"])
    return total
