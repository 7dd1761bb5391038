#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Kills runs, repairs and merges at random moments and demands that nothing committed is ever lost.

kill_matrix.py PROGRAM [--kills N] [--seed S]

After each kill: the file, if there is one, is read by the library itself as it lies there and opens
after a repair; the committed networks are bit for bit those of a run that was never disturbed; none is
lost that was committed before; the same command ends with the same data, bit for bit.
"""

import argparse
import collections
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

import h5py

STUDY = """
study: kills
data: {set: synthetic, examples: 256, inputs: 8, classes: 3}
model: {kind: fcn, depth: [2, 3], width: [4, 8]}
training: {batch: 32, steps: 8}
grid: {c: {log2_min: 0, log2_max: 6, step: 0.25}, seeds: 6}
sharpness: {examples: 64}
"""
KEYS = ["depth", "width", "seed", "c"]
SKIPPED = {"end_time"}


def expect(condition, message):
    if not condition:
        sys.exit(f"kill_matrix: {message}")


def rows_of(file):
    """The committed networks: key -> bytes of every array on `run`."""
    count = int(file["committed_rows"][()])
    names = sorted(n for n, v in file.items()
                   if v.ndim and n != "run" and file["run"].shape[0] >= count
                   and v.shape[0] >= count and n not in ("step", "constant", "point", "commit_field",
                                                         "commit_a", "commit_b")
                   and not n.startswith(("point_", "critical_")))
    arrays = {n: file[n][:count] for n in names}
    return {tuple(arrays[k][i].item() for k in KEYS): b"".join(arrays[n][i].tobytes() for n in names)
            for i in range(count)}


def compare(first, second, what=""):
    """Every variable of two closed files, bit for bit."""
    with h5py.File(first) as a, h5py.File(second) as b:
        expect(set(a) == set(b), f"{what}: variables differ: {sorted(set(a) ^ set(b))}")
        for name in set(a) - SKIPPED:
            expect(a[name][()].tobytes() == b[name][()].tobytes(), f"{what}: {name} differs from {first}")


class Matrix:
    def __init__(self, program, folder, rng):
        self.program, self.folder, self.rng = program, folder, rng
        self.hits = collections.Counter()
        self.study = folder / "study.yaml"
        self.study.write_text(STUDY)
        self.whole = folder / "whole.h5"
        started = time.monotonic()
        self.run_to_end(self.run_command(self.whole))
        self.length = time.monotonic() - started
        with h5py.File(self.whole) as file:
            self.rows = rows_of(file)
        self.long_whole = folder / "long_whole.h5"
        started = time.monotonic()
        self.run_to_end(self.long_command(self.long_whole))
        self.long_length = time.monotonic() - started
        self.all_but_the_end = folder / "all.h5"

    def run_command(self, path, *more):
        return [self.program, "run", self.study, "-o", path, "--commit-seconds", "0.004", *more]

    def long_command(self, path):
        """Few networks with many steps: kills hit what writes checkpoints, or goes on from them."""
        return self.run_command(path, "--checkpoint-seconds", "0.002", "--set", "training.steps=600", "--set",
                                "model.depth=2", "--set", "grid.c=[1, 4, 64]", "--set", "grid.seeds=2")

    def run_to_end(self, command):
        result = subprocess.run([str(part) for part in command], capture_output=True, text=True)
        expect(result.returncode == 0, f"{command[1]} ended with {result.returncode}\n{result.stderr}")

    def kill(self, command, longest):
        """Whether the command was killed before it ended by itself."""
        process = subprocess.Popen([str(part) for part in command], stderr=subprocess.DEVNULL)
        try:
            process.wait(timeout=self.rng.uniform(0, longest))
        except subprocess.TimeoutExpired:
            process.kill()
        code = process.wait()
        expect(code in (0, -9), f"{command[1]} ended with {code}")
        return code == -9

    def committed(self, path):
        """The committed networks, read twice: where the file lies, and after a repair of a copy."""
        if not path.exists():
            return {}
        with h5py.File(path, "r", swmr=True, libver="latest") as file:
            found = rows_of(file)
        copy = self.folder / "copy.h5"
        shutil.copy(path, copy)
        self.run_to_end([self.program, "repair", copy])
        with h5py.File(copy) as file:
            expect(int(file["committed_rows"][()]) == file["run"].shape[0], "a repaired file is uneven")
            repaired = rows_of(file)
        for key, row in list(found.items()) + list(repaired.items()):
            expect(self.rows.get(key) == row, f"the network {key} differs from the undisturbed run")
        # Read where it lies, the number may be a commit older or newer than the record.
        return repaired

    def note(self, killed, path, before):
        kind = "ended"
        if killed:
            temporary = pathlib.Path(str(path) + ".tmp").exists()
            kind = "with a temporary" if temporary else "streaming" if path.exists() else "early"
        self.hits[f"{before}: {kind}"] += 1
        return killed

    def disturb_run(self):
        """One to three kills of a run, then its end."""
        path = self.folder / "run.h5"
        path.unlink(missing_ok=True)
        kept, kills = {}, 0
        for _ in range(self.rng.randint(1, 3)):
            before = "resumed" if kept else "new"
            kills += self.note(self.kill(self.run_command(path), self.length), path, before)
            now = self.committed(path)
            expect(set(kept) <= set(now), f"{len(set(kept) - set(now))} committed networks were lost")
            kept = now
        self.run_to_end(self.run_command(path))
        compare(self.whole, path)
        return kills

    def disturb_long(self):
        """Kills of long trajectories until they end; what a checkpoint held is not run again."""
        path = self.folder / "long.h5"
        path.unlink(missing_ok=True)
        kills, allowed = 0, self.long_length / 3
        for _ in range(40):
            begun = pathlib.Path(str(path) + ".checkpoints").exists()
            if not self.note(self.kill(self.long_command(path), allowed), path,
                             "from checkpoints" if begun else "long"):
                break
            kills += 1
            allowed *= 1.1
        self.run_to_end(self.long_command(path))
        compare(self.long_whole, path)
        left = sorted(p.name for p in self.folder.glob("long.h5*"))
        expect(left == ["long.h5"], f"a finished run left {left}")
        return kills

    def disturb_end(self):
        """A run that has nothing left to do but to begin and to finish its file."""
        path = self.folder / "end.h5"
        shutil.copy(self.all_but_the_end, path)
        kills = self.note(self.kill(self.run_command(path), 0.12), path, "finish")
        expect(set(self.committed(path)) == set(self.rows), "a finished network was lost")
        self.run_to_end(self.run_command(path))
        compare(self.whole, path)
        return kills

    def disturb_merge(self):
        """A merge; its parts stay as they are."""
        path = self.folder / "merged.h5"
        path.unlink(missing_ok=True)
        command = [self.program, "merge", *self.parts, "-o", path]
        before = [part.read_bytes() for part in self.parts]
        kills = self.note(self.kill(command, 0.06), path, "merge")
        expect([part.read_bytes() for part in self.parts] == before, "a merge changed its parts")
        if path.exists():
            compare(self.whole, path)
        self.run_to_end(command)
        compare(self.whole, path)
        return kills

    def disturb_repair(self):
        """A repair: the file is what it was, or whole."""
        path = self.folder / "repaired.h5"
        shutil.copy(self.all_but_the_end, path)
        before = path.read_bytes()
        kills = self.note(self.kill([self.program, "repair", path], 0.06), path, "repair")
        if path.read_bytes() != before:
            with h5py.File(path) as file:
                expect(rows_of(file) == self.rows, "a repair lost networks")
        self.run_to_end(self.run_command(path))
        compare(self.whole, path)
        return kills

    def make_parts(self):
        for shard in range(1, 4):
            self.run_to_end(self.run_command(self.folder / "part.h5", "--shard", f"{shard}/3"))
        self.parts = sorted(self.folder.glob("part.shard-*-of-3.h5"))
        expect(len(self.parts) == 3, "the shards were not written")

    def make_end(self):
        """A file with every network whose run was killed before it was closed."""
        for _ in range(200):
            self.all_but_the_end.unlink(missing_ok=True)
            process = subprocess.Popen([str(p) for p in self.run_command(self.all_but_the_end)],
                                       stderr=subprocess.DEVNULL)
            while process.poll() is None:
                try:
                    with h5py.File(self.all_but_the_end, "r", swmr=True, libver="latest") as file:
                        if int(file["committed_rows"][()]) == len(self.rows):
                            process.kill()
                except OSError:
                    pass
            process.wait()
            with h5py.File(self.all_but_the_end, "r", swmr=True, libver="latest") as file:
                if int(file["study_state"][()]) == 0 and "commit_a" in file:
                    return
        sys.exit("kill_matrix: no run was killed between its last commit and its end")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory() as folder:
        matrix = Matrix(arguments.program, pathlib.Path(folder), rng)
        matrix.make_end()
        matrix.make_parts()
        kills = 0
        while kills < arguments.kills:
            kills += rng.choices([matrix.disturb_run, matrix.disturb_end, matrix.disturb_merge,
                                  matrix.disturb_repair, matrix.disturb_long], [6, 4, 2, 2, 2])[0]()
    for kind, count in sorted(matrix.hits.items()):
        print(f"{count:6} {kind}")
    print(f"{kills} kills, nothing lost")


if __name__ == "__main__":
    main()
