#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Lets the files of a data set be missing, damaged, replaced or unreadable, before a run and under it.

data_matrix.py PROGRAM SHIM

Before a run: exit code 3 and one message, 2 where the data are sound but not those of the output file. Under a run
they are read once, at its start: whatever happens to them later changes nothing.
"""

import argparse
import gzip
import os
import pathlib
import shutil
import struct
import tempfile
import subprocess
import time

import numpy

from fault_matrix import Matrix, expect, report

IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
STUDY = """
study: data
data: {set: mnist, directory: DIRECTORY}
model: {kind: fcn, depth: [2], width: [4, 8]}
training: {batch: 32, steps: 4}
grid: {c: [1, 2, 4, 8], seeds: 6}
sharpness: {examples: 32}
"""
NOBODY = 65534


def idx(array):
    head = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return head + array.astype(numpy.uint8).tobytes()


class DataMatrix(Matrix):
    def __init__(self, program, shim, folder):
        self.shim, self.data = shim, folder / "data"
        rng = numpy.random.default_rng(5)
        self.sound = {IMAGES: idx(rng.integers(0, 256, (600, 12, 12))), LABELS: idx(rng.integers(0, 10, 600))}
        other = idx(rng.integers(0, 256, (600, 12, 12)))
        self.other = {IMAGES: other, LABELS: self.sound[LABELS]}
        self.fill(self.sound)
        super().__init__([program], folder, STUDY.replace("DIRECTORY", str(self.data)))

    def fill(self, files):
        shutil.rmtree(self.data, ignore_errors=True)
        self.data.mkdir()
        for name, content in files.items():
            (self.data / name).write_bytes(content)

    def before(self, what, files, code, text, environment=None):
        """A run on such files; then, with sound ones, its end."""
        self.fill(files)
        self.start()
        result = self.run(self.path, environment=environment)
        expect(text in result.stderr, f"{what}: no \"{text}\" in\n{result.stderr}")
        self.fill(self.sound)
        self.check(what, result, (code,))

    def files_before(self):
        images, labels = self.sound[IMAGES], self.sound[LABELS]
        packed = gzip.compress(images, mtime=0)
        for name in (IMAGES, LABELS):
            self.before("missing", {k: v for k, v in self.sound.items() if k != name}, 3, "was not found")
        for size in (0, 3, 4, 15, 16, 17, len(images) // 2, len(images) - 1):
            self.before("truncated", {IMAGES: images[:size], LABELS: labels}, 3, IMAGES)
        for size in (0, 1, 9, 20, len(packed) // 2, len(packed) - 8, len(packed) - 1):
            self.before("truncated-gzip", {IMAGES + ".gz": packed[:size], LABELS: labels}, 3, IMAGES)
        for at in range(0, len(packed), len(packed) // 20):
            bad = packed[:at] + bytes([packed[at] ^ 0x40]) + packed[at + 1:]
            if at > 10 or at < 3:  # time and flags of the header stand between, and do not matter
                self.before("damaged-gzip", {IMAGES + ".gz": bad, LABELS: labels}, 3, IMAGES)
        self.before("longer", {IMAGES: images + b"x", LABELS: labels}, 3, "after the last element")
        self.before("bad-label", {IMAGES: images, LABELS: labels[:-1] + b"\x0a"}, 3, "label 10")
        self.before("other", self.other, 2, "was made of other data (SHA-256")
        self.before("packed", {IMAGES + ".gz": packed, LABELS: labels}, 0, "is complete")

    def unreadable(self):
        """As another user, since root may read everything."""
        def leave():
            os.setuid(NOBODY)
        for folder in (self.folder, self.disk):
            folder.chmod(0o777)
        probe = [*self.command, "--version"]
        try:
            if os.geteuid() == 0:
                subprocess.run(probe, preexec_fn=leave, check=True, capture_output=True)
        except (OSError, subprocess.SubprocessError):
            print("the program cannot be run as another user here: unreadable files are not tried")
            return
        (self.data / IMAGES).chmod(0)
        command = [*self.command, "run", self.study, "-o", self.disk / "none.h5"]
        result = subprocess.run(command, preexec_fn=leave if os.geteuid() == 0 else None, text=True,
                                capture_output=True)
        self.fill(self.sound)
        expect(result.returncode == 3 and "Permission denied" in result.stderr,
               f"unreadable: exit code {result.returncode}\n{result.stderr}")
        expect(not (self.disk / "none.h5").exists(), "unreadable: a file was begun")
        self.codes["unreadable: exit code 3"] += 1

    def failing_reads(self):
        count = self.folder / "count"
        base = {"LD_PRELOAD": self.shim, "FAULT_PATH": str(self.data)}
        for kind, code, text in (("read", 3, "Input/output error"), ("end", 3, "truncated"),
                                 ("some", 0, "is complete")):
            environment = {**base, "FAULT_KIND": kind}
            self.start()
            result = self.run(self.path, environment={**environment, "FAULT_COUNT": str(count)})
            expect(result.returncode == 0, result.stderr)
            calls = int(count.read_text())
            expect(calls >= 4, f"{kind}: the reads were not seen")
            for place in range(1, calls + 1):
                # The last read of a file finds its end: there nothing can be cut off.
                if kind == "end" and self.finds_the_end(environment, place):
                    continue
                self.before(f"{kind} at read {place} of {calls}", self.sound, code, text,
                            {**environment, "FAULT_AT": str(place)})

    def finds_the_end(self, environment, place):
        self.start()
        return self.run(self.path, environment={**environment, "FAULT_AT": str(place)}).returncode == 0

    def under_a_run(self):
        """Once the output file is there, the data were read."""
        long = ("--set", "training.steps=3000", "--set", "grid.seeds=2")
        whole, path = self.folder / "long.h5", self.path
        expect(self.run(whole, *long).returncode == 0, "the long run failed")
        for what in ("removed", "replaced", "truncated", "written-over"):
            path.unlink(missing_ok=True)
            command = [*self.command, "run", self.study, "-o", path, *long]
            process = subprocess.Popen([str(part) for part in command], stderr=subprocess.PIPE, text=True)
            while not path.exists() and process.poll() is None:
                time.sleep(0.002)
            images = self.data / IMAGES
            if what == "removed":
                shutil.rmtree(self.data)
            elif what == "replaced":
                (self.data / "new").write_bytes(self.other[IMAGES])
                (self.data / "new").rename(images)
            elif what == "truncated":
                os.truncate(images, 100)
            else:
                images.write_bytes(self.other[IMAGES])
            expect(process.poll() is None, f"{what}: the run was over before")
            _, text = process.communicate()
            self.fill(self.sound)
            expect(process.returncode == 0, f"{what}: exit code {process.returncode}\n{text}")
            self.same(whole, path, what)
            self.codes[f"{what} under a run: exit code 0"] += 1


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("shim")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        matrix = DataMatrix(arguments.program, arguments.shim, pathlib.Path(folder))
        matrix.files_before()
        matrix.unreadable()
        matrix.failing_reads()
        matrix.under_a_run()
    report(matrix.codes, "faults of the data")


if __name__ == "__main__":
    main()
