#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The measurements of sharpgrid in PyTorch (torch.func), on the CPU, each in the fastest of several forms.

torch_peer.py serve WORKLOAD CORES                  answers `work`, `fixed N WARM` and `stopped TOLERANCE WARM`
torch_peer.py diagram FOLDER CORES SHAPES SEEDS C   the study of `bench-peer export` at every c, as JSON
"""

import functools
import json
import sys

import numpy as np
import torch
from torch.func import grad, jvp, linearize, vmap

import peer

MOST = 2000  # products of a measurement that stops by itself


def forward(ws, x):
    for w in ws[:-1]:
        x = torch.relu(x @ w)
    return x @ ws[-1]


def loss_of(ws, x, y):
    return 0.5 * ((forward(ws, x) - y) ** 2).mean()


def by_linearize(ws, x, y):
    """The primal pass is kept; the tangent passes are a graph that is run."""
    return linearize(lambda p: grad(loss_of)(p, x, y), ws)[1]


def by_jvp(ws, x, y):
    """Forward over reverse: the primal passes are run again for each product."""
    return lambda v: jvp(lambda p: grad(loss_of)(p, x, y), (ws,), (v,))[1]


def by_hand(ws, x, y):
    return peer.by_hand(ws, x, y, lambda z: (z > 0).to(z.dtype), torch.Tensor.mul_)


def norms(v):
    return sum((p * p).sum((-2, -1), keepdim=True) for p in v)


def unit(v):
    factor = norms(v).rsqrt()
    return tuple(p * factor for p in v)


def quotient_of(u, Hu):
    return sum((p * q).sum((-2, -1)) for p, q in zip(u, Hu))


def power(operator, v, products):
    for _ in range(products - 1):
        v = operator(unit(v))
    u = unit(v)
    return quotient_of(u, operator(u)), u, products


def power_until(operator, v, tolerance):
    """Until a product changes the quotient by less than `tolerance` of it: of the slowest, where several are together."""
    before = None
    for count in range(1, MOST + 1):
        u = unit(v)
        v = operator(u)
        quotient = quotient_of(u, v)
        if before is not None and ((quotient - before).abs() <= tolerance * quotient.abs()).all():
            break
        before = quotient
    return quotient, unit(v), count


def together_by_jvp(ws, x, y):
    gradient = vmap(grad(loss_of), (0, None, None))
    return lambda v: jvp(lambda p: gradient(p, x, y), (ws,), (v,))[1]


# (operator of the matrices of one network, or of all with an axis more; whether all are together)
FORMS = {"linearize, in turn": (by_linearize, False), "jvp, in turn": (by_jvp, False),
         "by hand, in turn": (by_hand, False), "jvp, together": (together_by_jvp, True),
         "by hand, together": (by_hand, True)}


def measure(form, method, ws, x, y, v, argument):
    """λ of K networks, vectors to start from, and how many products it took.   ws, v: (K, in, out)"""
    operator, together = FORMS[form]
    if together:
        quotient, u, count = method(operator(ws, x, y), v, argument)
        return quotient, u, count * len(quotient)
    found = []
    for n in range(len(ws[0])):
        found.append(method(operator(tuple(w[n] for w in ws), x, y), tuple(p[n] for p in v), argument))
    return (torch.stack([f[0] for f in found]), tuple(map(torch.stack, zip(*(f[1] for f in found)))),
            sum(f[2] for f in found))


def tensors(arrays):
    return tuple(torch.from_numpy(np.array(a)) for a in arrays)


def several(v, nets):
    return tuple(p.expand(nets, *p.shape).contiguous() for p in v)


def fastest_form(ws, x, y, v):
    form = peer.fastest({form: functools.partial(measure, form, power, ws, x, y, v, 21) for form in FORMS}, 1)
    print(f"torch: {form}", file=sys.stderr, flush=True)
    return form


def serve(path):
    work = peer.Networks(path)
    x, y = torch.from_numpy(work.x), torch.from_numpy(work.y)
    steps = [tensors(peer.split(theta, work.shapes)) for theta in work.theta]
    v = several(tensors(peer.split(work.start, work.shapes)), len(steps[0][0]))
    form = fastest_form(steps[0], x, y, v)

    def accuracy(method, argument, warm):
        start, quotients, products = v, [], 0
        for ws in steps:
            quotient, u, count = measure(form, method, ws, x, y, start, argument)
            quotients.append(quotient.numpy())
            products += count
            start = u if warm == "warm" else v
        return np.stack(quotients), products

    def once():
        quotient, _, count = measure(form, power, steps[0], x, y, v, 21)
        return quotient.numpy(), count
    peer.serve({"work": once, "fixed": lambda n, warm: accuracy(power, int(n), warm),
                "stopped": lambda t, warm: accuracy(power_until, float(t), warm)})


def prepare(study, depth, width, batches):
    x, y = torch.from_numpy(study.x), torch.from_numpy(study.y)
    first = tensors(study.weights(depth, width, 0))
    generator = torch.Generator().manual_seed(1)
    v = several(tuple(torch.randn(w.shape, generator=generator) for w in first), peer.GROUP)
    form = fastest_form(several(first, peer.GROUP), x, y, v)

    def train(weights, batches, group):
        ws = several(tensors(weights), peer.GROUP)
        bx, by = tensors(batches)
        initial = measure(form, power, tuple(w[:1] for w in ws), x, y, tuple(p[:1] for p in v), 21)[0]
        rate = (torch.tensor(group, dtype=torch.float32) / initial)[:, None, None]
        loss, sharpness = [vmap(loss_of, (0, None, None))(ws, x, y)], [initial.expand(peer.GROUP)]
        for t in range(len(bx)):
            gradient = vmap(grad(loss_of), (0, None, None))(ws, bx[t], by[t])
            ws = tuple(w - rate * g for w, g in zip(ws, gradient))
            loss.append(vmap(loss_of, (0, None, None))(ws, x, y))
            sharpness.append(measure(form, power, ws, x, y, v, 21)[0])
        return [torch.stack(values, 1).numpy() for values in (loss, sharpness)]
    return train


def main():
    torch.set_num_threads(int(sys.argv[3]))
    if sys.argv[1] == "serve":
        return serve(sys.argv[2])
    study, (shapes, seeds, grid) = peer.Study(sys.argv[2]), map(json.loads, sys.argv[4:7])
    peer.answer(**peer.diagram(study, shapes, seeds, grid, 10, functools.partial(prepare, study)))


if __name__ == "__main__":
    main()
