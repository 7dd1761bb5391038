# SPDX-License-Identifier: MIT
"""What the peers share: the networks of a file, one answer a line, and the constants of a grid."""

import itertools
import json
import pathlib
import sys
import time

import numpy as np

CLASSES = 10
GROUP = 8  # values of c that are trained together


class Networks:
    """K networks at T steps on M examples: bench/compare.py writes them."""

    def __init__(self, path):
        with open(path, "rb") as file:
            depth, self.width, examples, inputs, steps, nets = np.fromfile(file, np.int64, 6)
            self.shapes = shapes_of(depth, self.width, inputs)
            size = sum(a * b for a, b in self.shapes)
            self.x = np.fromfile(file, np.float32, examples * inputs).reshape(examples, inputs)
            self.y = np.eye(CLASSES, dtype=np.float32)[np.fromfile(file, np.int32, examples)]
            self.theta = np.fromfile(file, np.float32, steps * nets * size).reshape(steps, nets, size)
            self.start = np.fromfile(file, np.float32, size)


def shapes_of(depth, width, inputs):
    sizes = [inputs] + [width] * (depth - 1) + [CLASSES]
    return list(itertools.pairwise(int(n) for n in sizes))


def split(theta, shapes):
    """(..., P) as the matrices of the layers."""
    parts = np.split(theta, np.cumsum([a * b for a, b in shapes])[:-1], axis=-1)
    return [np.ascontiguousarray(part.reshape(*theta.shape[:-1], *shape)) for part, shape in zip(parts, shapes)]


def primal(ws, x, y, mask):
    """Activations, masks of relu and deltas of each layer, kept for the products.   mask(z): 1 where z > 0, else 0"""
    hs, masks = [x], []
    for w in ws[:-1]:
        z = hs[-1] @ w
        masks.append(mask(z))
        hs.append(z * masks[-1])
    f = hs[-1] @ ws[-1]
    size = f.shape[-2] * f.shape[-1]
    deltas = [(f - y) / size]
    for w, m in zip(reversed(ws[1:]), reversed(masks)):
        deltas.insert(0, (deltas[0] @ w.mT) * m)
    return hs, masks, deltas, size


def by_hand(ws, x, y, mask, times):
    """The R-operator (Pearlmutter 1994) in either library. Any axes before those of the matrices.   times(a, b): a · b, and
    may take the place of a"""
    layers, (hs, masks, deltas, size) = len(ws), primal(ws, x, y, mask)

    def product(v):
        rh, out = [None] * layers, [None] * layers
        r = x @ v[0]
        for l in range(layers):
            if l:
                r = hs[l] @ v[l] + rh[l] @ ws[l]
            if l < layers - 1:
                rh[l + 1] = times(r, masks[l])
        rd = r / size
        for l in reversed(range(layers)):
            if l:
                out[l] = hs[l].mT @ rd + rh[l].mT @ deltas[l]
                rd = times(rd @ ws[l].mT + deltas[l] @ v[l].mT, masks[l - 1])
            else:
                out[0] = x.mT @ rd
        return tuple(out)
    return product


def timed(call):
    started = time.perf_counter()
    value = call()
    return time.perf_counter() - started, value


def answer(**what):
    print(json.dumps(what), flush=True)


def fastest(candidates, rounds=2):
    """Of {name: call}, the name of the one that takes least after its first call, which compiles."""
    for call in candidates.values():
        call()
    return min(candidates, key=lambda name: min(timed(candidates[name])[0] for _ in range(rounds)))


def serve(calls):
    """Answers each line, the name of a call and its arguments, with what it returns and the mean seconds of as many
    calls as half a second takes."""
    answer(ready=True)
    for line in sys.stdin:
        name, *arguments = line.split()
        started, runs, took = time.perf_counter(), 0, 0.0
        while took < 0.5:
            values, products = calls[name](*arguments)
            values = np.asarray(values, float)  # waits for it
            runs, took = runs + 1, time.perf_counter() - started
        answer(**{"seconds": took / runs, "lambda": values.ravel().tolist(), "products": products})


class Study:
    """The networks and batches of a study, as `bench-peer export` writes them."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        labels = np.fromfile(self.folder / "labels.i32", np.int32)
        self.values = np.fromfile(self.folder / "values.f32", np.float32).reshape(len(labels), -1)
        self.targets = np.eye(CLASSES, dtype=np.float32)[labels]
        self.x, self.y = self.examples("measured")

    def examples(self, name, shape=(-1,)):
        index = np.fromfile(self.folder / f"{name}.i32", np.int32).reshape(shape)
        return self.values[index], self.targets[index]

    def weights(self, depth, width, seed):
        theta = np.fromfile(self.folder / f"theta_{depth}_{width}_{seed}.f32", np.float32)
        return split(theta, shapes_of(depth, width, self.values.shape[1]))


def diagram(study, shapes, seeds, grid, steps, prepare):
    """Every c of the grid, upwards until a whole group diverges. prepare(shape) -> train(weights, batches, c's):
    losses (C, T + 1) and sharpnesses (C, T + 1); what it takes to compile is apart."""
    compiling, training, points = 0.0, 0.0, []
    batches = {seed: study.examples(f"batches_{seed}", (steps, -1)) for seed in seeds}
    for depth, width in shapes:
        first, train = timed(lambda: prepare(depth, width, batches[seeds[0]]))
        compiling += first
        for seed in seeds:
            weights, loss, sharpness = study.weights(depth, width, seed), [], []
            started = time.perf_counter()
            for i in range(0, len(grid), GROUP):
                group = grid[i:i + GROUP]
                padded = group + group[-1:] * (GROUP - len(group))  # one shape: nothing is compiled again
                found = [values[:len(group)].tolist() for values in train(weights, batches[seed], padded)]
                loss += found[0]
                sharpness += found[1]
                if all(map(diverged, found[0])):
                    break
            training += time.perf_counter() - started
            points.append({"depth": depth, "width": width, "seed": seed, "sharpness_0": sharpness[0][0],
                           "networks": len(loss), "constants": constants(grid, loss, sharpness)})
    return {"compiling": compiling, "seconds": training, "points": points}


def diverged(loss):
    return not all(value <= 1e5 for value in loss)


def constants(grid, loss, sharpness):
    """Brackets (c where it does not hold, c where it first holds), as sharpgrid defines them."""
    over = [diverged(row) for row in loss]
    holds = {"c_loss": [bad or max(row[1:]) > row[0] for bad, row in zip(over, loss)],
             "c_sharp": [bad or max(row[1:]) > row[0] for bad, row in zip(over, sharpness)], "c_max": over}
    return {name: bracket(grid, values) for name, values in holds.items()}


def bracket(grid, holds):
    first = next((i for i, value in enumerate(holds) if value), None)
    return None if not first else [grid[first - 1], grid[first]]
