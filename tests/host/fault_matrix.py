#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Lets the disk fail under a run at every place it can, and demands the documented exit code and the data.

fault_matrix.py PROGRAM SHIM [--every K]      K: only every K-th place

A run goes on with a file that holds a smaller study. Whatever fails, it ends with 0 or 6 (out of disk) in
time; what the file held before, and whatever it holds more, is bit for bit what it should be; without the
fault the same command ends with the data of an undisturbed run.
"""

import argparse
import collections
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile

import h5py

from kill_matrix import compare, expect, rows_of

STUDY = """
study: faults
data: {set: synthetic, examples: 128, inputs: 6, classes: 3}
model: {kind: fcn, depth: [2], width: [4, 8]}
training: {batch: 32, steps: 4}
grid: {c: [1, 2, 4, 8], seeds: 6}
sharpness: {examples: 32}
"""
SAME_ATTRIBUTES = ["study_resolved_yaml", "study_sha256", "data_sha256", "swept_keys", "precision"]
SECONDS = 300  # a run takes a fraction of one; more is a hang


class Matrix:
    """`command` begins the program. A run adds `options`; a larger study is what `smaller` is left out of."""

    def __init__(self, command, folder, study=STUDY, options=("--workers", "1"),
                 smaller=("--set", "grid.seeds=3")):
        self.command, self.folder, self.options = command, folder, options
        self.codes = collections.Counter()
        self.study = folder / "study.yaml"
        self.study.write_text(study)
        self.whole, self.half = folder / "whole.h5", folder / "half.h5"
        for path, more in ((self.whole, ()), (self.half, smaller)):
            result = self.run(path, *more)
            expect(result.returncode == 0, result.stderr)
        with h5py.File(self.whole) as file:
            self.rows = rows_of(file)
        with h5py.File(self.half) as file:
            self.kept = set(rows_of(file))
        self.disk = folder / "disk"
        self.disk.mkdir()
        self.path = self.disk / "run.h5"

    def run_command(self, path, *more):
        return [*self.command, "run", self.study, "-o", path, "--commit-networks", "1",
                "--commit-seconds", "0", *self.options, *more]

    def run(self, path, *more, environment=None, limit=None):
        """A run to its end; limit: a resource and how much of it the program may take."""
        def limited():
            if limit:
                resource.setrlimit(limit[0], (limit[1], limit[1]))
        try:
            return subprocess.run([str(part) for part in self.run_command(path, *more)],
                                  capture_output=True, text=True, timeout=SECONDS, preexec_fn=limited,
                                  env={**os.environ, **(environment or {})})
        except subprocess.TimeoutExpired:
            sys.exit(f"fault_matrix: a run hangs with {environment or limit}")

    def check(self, what, result, allowed=(0, 6)):
        """After a fault: the exit code, the data as they are, and the end of the study.

        allowed: exit codes, each but 0 with one message; None: the program may even crash."""
        self.codes[f"{what.split()[0]}: exit code {result.returncode}"] += 1
        if allowed is not None:
            expect(result.returncode in allowed,
                   f"{what}: exit code {result.returncode}\n{result.stderr}")
            expect(result.returncode == 0 or result.stderr.count("error:") == 1,
                   f"{what}: not one message\n{result.stderr}")
        if result.returncode != 0:
            copy = self.folder / "copy.h5"
            shutil.copy(self.path, copy)
            repair = subprocess.run([*self.command, "repair", copy], capture_output=True, text=True)
            expect(repair.returncode == 0, f"{what}: repair failed\n{repair.stderr}")
            with h5py.File(copy) as file:
                found = rows_of(file)
            expect(self.kept <= set(found), f"{what}: committed networks were lost")
            expect(all(self.rows[key] == row for key, row in found.items()),
                   f"{what}: a committed network differs")
            again = self.run(self.path)
            expect(again.returncode == 0, f"{what}: the next run failed\n{again.stderr}")
        self.same(self.whole, self.path, what)
        expect(sorted(p.name for p in self.disk.iterdir()) == ["run.h5"],
               f"{what}: something was left: {sorted(self.disk.iterdir())}")

    def same(self, whole, path, what):
        compare(whole, path, what)
        with h5py.File(whole) as first, h5py.File(path) as second:
            for name in SAME_ATTRIBUTES:
                expect(first.attrs[name] == second.attrs[name], f"{what}: {name} differs")

    def start(self):
        shutil.copy(self.half, self.path)

    def with_shim(self, shim, kind, every):
        count = self.folder / "count"
        environment = {"LD_PRELOAD": shim, "FAULT_PATH": str(self.path), "FAULT_KIND": kind}
        self.start()
        result = self.run(self.path, environment={**environment, "FAULT_COUNT": str(count)})
        expect(result.returncode == 0, result.stderr)
        calls = int(count.read_text())
        expect(calls >= 2, f"{kind}: the calls were not seen")
        for place in range(1, calls + 1, every if calls > 20 else 1):
            self.start()
            self.check(f"{kind} at call {place} of {calls}",
                       self.run(self.path, environment={**environment, "FAULT_AT": str(place)}))

    def with_limit(self, every):
        largest = 2 * self.whole.stat().st_size
        for limit in range(1000, largest, 1500 * every):
            self.start()
            self.check(f"RLIMIT_FSIZE {limit}",
                       self.run(self.path, limit=(resource.RLIMIT_FSIZE, limit)))

    def with_small_disk(self, every):
        """A file system of its own, where that may be mounted."""
        size = self.whole.stat().st_size
        for free in range(4096, 3 * size, 4096 * every):
            mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={free + 65536 + size}", "none",
                                      self.disk], capture_output=True)
            if mounted.returncode != 0:
                print("no small file system can be mounted here: not tried")
                return
            try:
                self.start()
                (self.disk / "filler").write_bytes(b"x" * max(0, size + 65536 - self.half.stat().st_size))
                result = self.run(self.path)
                (self.disk / "filler").unlink()
                room = ["mount", "-o", "remount,size=64m", self.disk]
                subprocess.run(room, check=True)
                self.check(f"small disk, {free} bytes free", result)
            finally:
                subprocess.run(["umount", self.disk], check=True)


def report(codes, what, must_fail=(), code=6):
    """The exit codes; each kind of `must_fail` was seen to end a run with `code`."""
    for name, count in sorted(codes.items()):
        print(f"{count:6} {name}")
    for kind in must_fail:
        expect(codes[f"{kind}: exit code {code}"] > 0, f"{kind}: nothing failed")
    print(f"{sum(codes.values())} {what}, nothing lost")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("shim")
    parser.add_argument("--every", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        # A checkpoint before every step: its calls are among those that fail.
        matrix = Matrix([arguments.program], pathlib.Path(folder),
                        options=("--workers", "1", "--checkpoint-seconds", "0"))
        for kind in ("full", "eio", "short", "sync", "rename"):
            matrix.with_shim(arguments.shim, kind, arguments.every)
        matrix.with_limit(arguments.every)
        matrix.with_small_disk(arguments.every)
    report(matrix.codes, "faults", ("full", "eio", "sync", "rename", "RLIMIT_FSIZE"))


if __name__ == "__main__":
    main()
