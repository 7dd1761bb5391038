#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""sharpgrid beside JAX and PyTorch on the CPU, in turn: bench/compare.sh installs them and calls this. Or beside JAX on a GPU.

compare.py PROGRAM BENCH_PEER [--tables work accuracy diagram] [--peers jax torch] [--rounds N] [--seeds N]
           [--sizes 2x16x512 ...] [--device cpu|cuda]

work: λ by 20 power iterations and a quotient, of the same networks from the same vector. accuracy: λ along ten
steps of training, each side with as many products as 99 % within 1e-3 of the truth take: sharpgrid by the loosest
`sharpness.tolerance` for that ("default": as it comes). Of the peers "cold" is power iteration as it is
published, a fixed number from the same vector, "best" the fastest of that, of starts from the step before, and of
iterations that stop when the quotient stands still. diagram: the
critical constants of configs/quickstart.yaml, brackets of 0.05 in log2 c; the peers train the same networks on a grid of step
0.1 up to where all diverge. What peers need to compile is apart. Exits with 1 where the numbers do not agree.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

import numpy as np

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE / "peers"))
import peer
import truth
from machine import processor

QUICK = HERE.parent / "configs" / "quickstart.yaml"
CORES = len(os.sched_getaffinity(0))
WORK = [(2, 16, 512), (4, 32, 512), (8, 32, 512), (2, 64, 2048), (4, 128, 2048), (8, 256, 4096), (8, 512, 4096)]
ACCURACY = [(2, 16, 512), (4, 32, 512), (4, 64, 512), (8, 64, 512), (4, 128, 512), (4, 128, 2048)]
SHAPES = [(d, w) for d in (2, 4, 8) for w in (16, 32, 64, 128)]  # of the quick study
STEPS, BATCH, CLOSE = 10, 512, 1e-3
COUNTS, TOLERANCES = (10, 20, 40, 80, 160, 320, 640, 1280), (1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 3e-6, 1e-6, 3e-7)  # of peers
OURS = (8e-3, 4e-3, 2e-3, 1e-3, 5e-4)  # sharpness.tolerance; the last is the default
GRID = [2 ** (i / 10) for i in range(71)]
disagreements = []


def expect(condition, message):
    if not condition:
        disagreements.append(message)
        print(f"DISAGREE: {message}", file=sys.stderr, flush=True)


class Side:
    """A program that answers a line with a line."""

    def __init__(self, command):
        self.process = subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        seconds, self.ready = peer.timed(self.read)
        self.compiling = seconds

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"compare: {self.process.args} ended with {self.process.wait()}")
        return json.loads(line)

    def ask(self, line):
        print(line, file=self.process.stdin, flush=True)
        return self.read()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Bench:
    def __init__(self, arguments, folder):
        self.arguments, self.folder = arguments, folder
        subprocess.run([arguments.bench_peer, "export", QUICK, folder], check=True)
        self.study = peer.Study(folder)

    def sides(self, path):
        where = self.where()
        sides = {"sharpgrid": Side([self.arguments.bench_peer, "serve", path, where])}
        for name in self.arguments.peers:
            sides[name] = Side([sys.executable, HERE / "peers" / f"{name}_peer.py", "serve", path, where])
        return sides

    def where(self):
        return "cuda" if self.arguments.device == "cuda" else CORES

    # Networks of a size: a GPU wants many.
    def nets(self, width):
        if self.arguments.device == "cuda":
            return max(32, 256 * 32 // width)
        return 2 * CORES if width < 256 else CORES

    def workload(self, depth, width, examples, learning_rates=None):
        """The file of K networks, trained by numpy for ten steps where there are learning rates."""
        rng = np.random.default_rng(depth * 1000 + width)
        shapes = peer.shapes_of(depth, width, self.study.values.shape[1])
        chosen = rng.permutation(len(self.study.values))
        x, y = self.study.values[chosen[:examples]], self.study.targets[chosen[:examples]]
        draw = lambda: [rng.standard_normal(s, np.float32) * np.float32(((2 if i < depth - 1 else 1) / s[0]) ** 0.5)
                        for i, s in enumerate(shapes)]
        if learning_rates is None:
            theta = [[draw() for _ in range(self.nets(width))]]
        else:
            batches = rng.permutation(len(self.study.values))[:STEPS * BATCH].reshape(STEPS, BATCH)
            theta = truth.trajectories(draw(), learning_rates, x, y, ((self.study.values[b], self.study.targets[b])
                                                                       for b in batches))
        flat = np.array([[np.concatenate([w.ravel() for w in ws]) for ws in row] for row in theta], np.float32)
        start = rng.standard_normal(flat.shape[-1], np.float32)
        path = self.folder / "workload"
        with path.open("wb") as file:
            np.array([depth, width, examples, x.shape[1], *flat.shape[:2]], np.int64).tofile(file)
            for part in (x, y.argmax(1).astype(np.int32), flat, start):
                part.tofile(file)
        return path, theta, x, y

    def in_turn(self, sides, lines, label):
        """Seconds of each line in every round, and the last answers.   lines: {column: line}, of the side that it begins with"""
        seconds, answers = {column: [] for column in lines}, {}
        for _ in range(self.arguments.rounds):
            for column, line in lines.items():
                answers[column] = sides[column.split()[0]].ask(line)
                seconds[column].append(answers[column]["seconds"])
        row = {"size": label, "seconds": seconds, "compiling": {n: s.compiling for n, s in sides.items()}}
        print_row(row)
        return row, answers

    def work(self):
        rows = []
        for size in self.arguments.sizes or WORK:
            path = self.workload(*size)[0]
            sides = self.sides(path)
            for side in sides.values():
                side.ask("work")
            row, answers = self.in_turn(sides, dict.fromkeys(sides, "work"), "d %d, w %d, M %d" % size)
            ours = np.array(answers["sharpgrid"]["lambda"])
            for name in self.arguments.peers:
                off = np.max(np.abs(np.array(answers[name]["lambda"]) / ours - 1))
                expect(off < CLOSE, f"work at {size}: λ of {name} differs by {off:.1e}")
            for side in sides.values():
                side.close()
            rows.append(row)
        return rows

    def accuracy(self):
        rows = []
        rates = 2 ** np.linspace(0, 2.5, -(-8 // CORES) * CORES)
        for size in self.arguments.sizes or ACCURACY:
            path, theta, x, y = self.workload(*size, rates)
            exact = np.array([[truth.largest(ws, x, y) for ws in row] for row in theta])
            sides = self.sides(path)
            default = f"accuracy {OURS[-1]}"
            lines = {"sharpgrid": fewest(sides["sharpgrid"], exact, [[f"accuracy {t}" for t in OURS]]) or default,
                     "sharpgrid default": default}
            choices = lambda kind, values, start: [f"{kind} {value} {start}" for value in values]
            cold = choices("fixed", COUNTS, "cold")
            for name in self.arguments.peers:
                lines[f"{name} cold"] = fewest(sides[name], exact, [cold])
                lines[f"{name} best"] = fewest(sides[name], exact, [
                    choices("fixed", COUNTS, "warm"), choices("stopped", TOLERANCES, "warm"), cold,
                    choices("stopped", TOLERANCES, "cold")])
            lines = {column: line for column, line in lines.items() if line}
            row, answers = self.in_turn(sides, lines, "d %d, w %d, M %d" % size)
            row["lines"] = lines
            row["within"] = {name: within(a, exact) for name, a in answers.items()}
            row["products"] = {name: a["products"] / exact.size for name, a in answers.items()}
            for column, line in lines.items():
                print(f"  {column}: {line}, {row['products'][column]:.1f} products, {row['within'][column]:.3f} within")
            expect(row["within"]["sharpgrid"] >= 0.99, f"accuracy at {size}: {row['within']}")
            for side in sides.values():
                side.close()
            rows.append(row)
        return rows

    def diagram(self):
        seeds = list(range(self.arguments.seeds))
        shapes = SHAPES
        seconds = {"sharpgrid": []}
        compiling, points = {"sharpgrid": 0}, {}
        for name in self.arguments.peers:
            self.run_study(seconds)
            result = subprocess.run([sys.executable, HERE / "peers" / f"{name}_peer.py", "diagram", self.folder,
                                     str(self.where()), json.dumps(shapes), json.dumps(seeds), json.dumps(GRID)],
                                    check=True, stdout=subprocess.PIPE, text=True)
            found = json.loads(result.stdout)
            seconds[name], compiling[name], points[name] = [found["seconds"]], found["compiling"], found["points"]
        ours = self.run_study(seconds)
        row = {"size": f"{len(shapes)} shapes, {len(seeds)} seeds", "seconds": seconds, "compiling": compiling,
               "networks": {name: sum(p["networks"] for p in points[name]) for name in points}}
        print_row(row)
        for name in self.arguments.peers:
            row["agree"] = row.get("agree", {}) | {name: compare(ours, points[name])}
            print(f"  {name}: {row['networks'][name]} networks, compiling {compiling[name]:.0f} s apart; brackets that "
                  f"overlap: {row['agree'][name]}", flush=True)
            for constant in ("c_loss", "c_max"):
                inside, of = row["agree"][name][constant]
                expect(inside >= 0.9 * of, f"{constant} of {name}: {inside} of {of} brackets overlap")
        return [row]

    def run_study(self, seconds):
        path = self.folder / "quick.h5"
        run = lambda: subprocess.run([self.arguments.program, "run", QUICK, "-o", path, "--overwrite", "--device",
                                      self.arguments.device, "--set",
                                      f"grid.seeds={self.arguments.seeds}"], check=True, stderr=subprocess.DEVNULL)
        seconds["sharpgrid"].append(peer.timed(run)[0])
        found = subprocess.run([self.arguments.program, "analyse", "--json", path], check=True, capture_output=True)
        return {(p["depth"], p["width"], p["seed"]): p for p in json.loads(found.stdout)["points"]}


def compare(ours, theirs):
    """How many brackets of each constant overlap, in η: each side divides c by its own λ₀."""
    counts = {}
    for point in theirs:
        mine = ours[point["depth"], point["width"], point["seed"]]
        for name, pair in point["constants"].items():
            bracket = mine["constants"][name]
            if bracket["status"] == "found" and pair:
                low, high = (c * mine["sharpness_0"] / point["sharpness_0"] for c in pair)
                inside, of = counts.get(name, (0, 0))
                counts[name] = inside + (low <= bracket["high"] and bracket["low"] <= high), of + 1
    return counts


def within(answer, exact):
    return float(np.mean(np.abs(np.array(answer["lambda"]).reshape(exact.shape) / exact - 1) < CLOSE))


def fewest(side, exact, kinds):
    """The fastest line of a side for 99 % within 1e-3; None: there is none.   kinds: lines of growing accuracy, for each"""
    found = {}
    for lines in kinds:
        for line in lines:
            answer = side.ask(line)
            if within(answer, exact) >= 0.99:
                found[line] = side.ask(line)["seconds"]  # without what it took to compile
                break
            if found and answer["seconds"] > 4 * min(found.values()):
                break
    return min(found, key=found.get, default=None)


def print_row(row):
    """Seconds of each column, and its ratio to sharpgrid: median, least and most of the rounds."""
    text, ours = [row["size"]], row["seconds"]["sharpgrid"]
    for column, theirs in row["seconds"].items():
        text.append(f"{column} {statistics.median(theirs):.3g}")
        if column != "sharpgrid":
            ratios = [t / o for t, o in zip(theirs, ours)] if len(theirs) > 1 else [theirs[0] / o for o in ours]
            text[-1] += f": {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
    print("| " + " | ".join(text) + " |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("bench_peer")
    parser.add_argument("--tables", nargs="+", default=["work", "accuracy", "diagram"])
    parser.add_argument("--peers", nargs="+", default=["jax", "torch"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=3, help="of the diagram")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--sizes", nargs="+", type=lambda text: tuple(map(int, text.split("x"))),
                        help="depth x width x examples, instead of those of a table")
    parser.add_argument("--json", type=pathlib.Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(arguments, pathlib.Path(folder))
        print(f"{processor()}, {CORES} cores; seconds, and ratios to sharpgrid (medians, least and most of the rounds)")
        tables = {}
        for name in arguments.tables:
            print(f"\n{name}", flush=True)
            tables[name] = getattr(bench, name)()
        if arguments.json:
            arguments.json.write_text(json.dumps({"processor": processor(), "cores": CORES, "tables": tables}, indent=1))
    sys.exit("\n".join(disagreements) if disagreements else 0)


if __name__ == "__main__":
    main()
