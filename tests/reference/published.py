#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Trajectories of `protocol: published` in double precision, by plain numpy: prints published.csv.

  python3 published.py > published.csv          python3 published.py --compare published.csv

It shares no code with the engine. Random numbers are made again from what is written of them (Philox 4x32-10 of
Salmon et al., SC 2011, and the keys of cuda/exec/random.hpp); products by the Hessian are complex-step
derivatives of the gradient, which are exact to rounding.
"""

import argparse
import csv
import math
import sys

import numpy

WEIGHTS, START, BATCHES, MEASUREMENT = 1, 2, 5, 6  # purposes of random numbers
INPUTS, CLASSES = 4, 3
STEPS, MOST_EXAMPLES, ITERATIONS, DIVERGED = 5, 4096, 20, 1e5
CASES = {
    # More examples than λ₀ takes; two batches to an epoch, so that every step has an epoch of its own.
    "large": dict(examples=4500, batch=2048, depth=3, width=5, relu=False, entropy=False, momentum=0,
                  seeds=[0, 3], c=[0.5, 2, 24, 4e3]),
    # Fewer than λ₀ takes, an epoch that ends between the two batches of a step, and a rest that fills no batch.
    "small": dict(examples=70, batch=9, depth=2, width=6, relu=True, entropy=False, momentum=0.5,
                  seeds=[1], c=[1, 4, 1e4]),
    "entropy": dict(examples=70, batch=64, depth=2, width=4, relu=False, entropy=True, momentum=0,
                    seeds=[2], c=[1, 6]),
}
FIELDS = ["case", "seed", "c", "step", "learning_rate", "loss", "train_loss", "accuracy", "sharpness"]


def philox(counter, key):
    """Ten rounds on (..., 4) words of 32 bits, as uint64."""
    x = [counter[..., k].astype(numpy.uint64) for k in range(4)]
    k0, k1 = key
    low = numpy.uint64(0xFFFFFFFF)
    shift = numpy.uint64(32)
    for _ in range(10):
        a, b = x[0] * numpy.uint64(0xD2511F53), x[2] * numpy.uint64(0xCD9E8D57)
        x = [(b >> shift) ^ x[1] ^ numpy.uint64(k0), b & low, (a >> shift) ^ x[3] ^ numpy.uint64(k1), a & low]
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return numpy.stack(x, -1)


def words(count, seed, third, fourth):
    index = numpy.arange(count)
    fill = numpy.zeros(count, int)
    return philox(numpy.stack([index, fill, fill + third, fill + fourth], -1), (seed, 0))


def normals(bits, offset, count):
    """Box and Muller, two to a counter; `offset` is what is added to 53 bits."""
    def uniform(high, low):
        return (((high << numpy.uint64(32) | low) >> numpy.uint64(11)).astype(float) + offset) * 2.0**-53

    radius = numpy.sqrt(-2 * numpy.log(uniform(bits[:, 0], bits[:, 1])))
    angle = 2 * math.pi * uniform(bits[:, 2], bits[:, 3])
    return numpy.stack([radius * numpy.cos(angle), radius * numpy.sin(angle)], -1).ravel()[:count]


def teacher_data(examples):
    """The data set `synthetic`: rounded to float, labels of a random linear teacher."""
    def draw(purpose, count):
        return normals(words((count + 1) // 2, 0, purpose, 0), 0.5, count).astype(numpy.float32).astype(float)

    x = draw(1, examples * INPUTS).reshape(examples, INPUTS)
    return x, (x @ draw(2, CLASSES * INPUTS).reshape(CLASSES, INPUTS).T).argmax(1)


def permutation(examples, seed, purpose, epoch):
    order = list(range(examples))
    for i, word in enumerate(words(examples, seed, epoch, purpose << 24)):
        j = i + (int(word[0]) << 32 | int(word[1])) % (examples - i)
        order[i], order[j] = order[j], order[i]
    return numpy.array(order)


def batch_number(case, seed, number):
    per_epoch = case["examples"] // case["batch"]
    order = permutation(case["examples"], seed, BATCHES, number // per_epoch)
    first = number % per_epoch * case["batch"]
    return order[first:first + case["batch"]]


def sizes(case):
    return [INPUTS] + [case["width"]] * (case["depth"] - 1) + [CLASSES]


def initial_weights(case, seed):
    layers = []
    shapes = list(zip(sizes(case), sizes(case)[1:]))
    for layer, (fan_in, fan_out) in enumerate(shapes):
        gain = 2 if case["relu"] and layer + 1 < len(shapes) else 1
        count = fan_in * fan_out
        drawn = normals(words((count + 1) // 2, seed, 0, WEIGHTS << 24 | layer), 1, count)
        layers.append(math.sqrt(gain / fan_in) * drawn)
    return numpy.concatenate(layers)


def power_start(count):
    bits = words((count + 127) // 128, 0, 0, START << 24)
    signs = [1.0 if int(bits[e // 128, e % 128 // 32]) >> e % 32 & 1 else -1.0 for e in range(count)]
    return numpy.array(signs)


def forward(case, theta, x):
    """Matrices and inputs of the layers, and the output. theta may be complex."""
    matrices, inputs, at = [], [], 0
    for fan_in, fan_out in zip(sizes(case), sizes(case)[1:]):
        matrices.append(theta[at:at + fan_in * fan_out].reshape(fan_in, fan_out))
        at += fan_in * fan_out
    for layer, matrix in enumerate(matrices):
        inputs.append(x)
        x = x @ matrix
        if layer + 1 < len(matrices):
            x = x * (x.real > 0) if case["relu"] else numpy.tanh(x)
    return matrices, inputs, x


def log_softmax(f):
    shifted = f - f.real.max(1, keepdims=True)
    return shifted - numpy.log(numpy.exp(shifted).sum(1, keepdims=True))


def score(case, theta, x, label):
    f = forward(case, theta, x)[2]
    accuracy = (f.argmax(1) == label).mean()
    if case["entropy"]:
        return -log_softmax(f)[numpy.arange(len(label)), label].mean(), accuracy
    return 0.5 * ((f - numpy.eye(CLASSES)[label])**2).mean(), accuracy


def gradient(case, theta, x, label):
    matrices, inputs, f = forward(case, theta, x)
    target = numpy.eye(CLASSES)[label]
    delta = (numpy.exp(log_softmax(f)) - target) / len(label) if case["entropy"] else (f - target) / f.size
    parts = []
    for matrix, a in zip(reversed(matrices), reversed(inputs)):
        parts.insert(0, (a.T @ delta).ravel())
        delta = delta @ matrix.T  # with respect to a, the output of the activation before
        delta = delta * (a.real > 0) if case["relu"] else delta * (1 - a * a)
    return numpy.concatenate(parts)


def sharpness(case, theta, x, label):
    def product(v):
        return gradient(case, theta + 1e-30j * v, x, label).imag / 1e-30

    v = power_start(theta.size)
    for _ in range(ITERATIONS):
        v = product(v / numpy.linalg.norm(v))
    u = v / numpy.linalg.norm(v)
    return u @ product(u)


def train(case, seed, c, x, label):
    """One row per step. Update t is on mini-batch 2 t, λ of step t > 0 on 2 t − 1, L on all examples."""
    theta = initial_weights(case, seed)
    chosen = permutation(case["examples"], 0, MEASUREMENT, 0)[:MOST_EXAMPLES]
    rate = c / sharpness(case, theta, x[chosen], label[chosen])
    velocity = 0
    for step in range(STEPS + 1):
        row = dict.fromkeys(FIELDS, math.nan) | dict(seed=seed, c=c, step=step, learning_rate=rate)
        row["loss"], row["accuracy"] = score(case, theta, x, label)
        if not row["loss"] <= DIVERGED:
            yield row
            return
        measured = chosen if step == 0 else batch_number(case, seed, 2 * step - 1)
        row["sharpness"] = sharpness(case, theta, x[measured], label[measured])
        if step < STEPS:
            batch = batch_number(case, seed, 2 * step)
            row["train_loss"] = score(case, theta, x[batch], label[batch])[0]
            if not row["train_loss"] <= DIVERGED:
                yield row
                return
            velocity = case["momentum"] * velocity + gradient(case, theta, x[batch], label[batch])
            theta = theta - rate * velocity
        yield row


def rows():
    for name, case in CASES.items():
        x, label = teacher_data(case["examples"])
        for seed in case["seeds"]:
            for c in case["c"]:
                for row in train(case, seed, c, x, label):
                    yield row | {"case": name}


def agrees(known, row):
    def close(a, b):
        return a == b or (math.isnan(a) and math.isnan(b)) or abs(a - b) <= 1e-9 * abs(b)

    return known["case"] == row["case"] and all(close(float(known[name]), float(row[name])) for name in FIELDS[1:])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compare", metavar="FILE", help="hold a file against what would be printed")
    arguments = parser.parse_args()
    made = list(rows())
    if not arguments.compare:
        writer = csv.DictWriter(sys.stdout, FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: row[name] if name == "case" else f"{float(row[name]):.17g}" for name in FIELDS} for row in made)
        return
    with open(arguments.compare) as file:
        known = list(csv.DictReader(file))
    if len(known) != len(made) or not all(map(agrees, known, made)):
        sys.exit(f"published: {arguments.compare} is not what this program makes")
    print(f"published: {len(made)} rows agree")


if __name__ == "__main__":
    main()
