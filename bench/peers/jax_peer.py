#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The measurements of sharpgrid in JAX, each in the fastest of several forms.

jax_peer.py serve WORKLOAD CORES|cuda                  answers `work`, `fixed N WARM` and `stopped TOLERANCE WARM`
jax_peer.py diagram FOLDER CORES|cuda SHAPES SEEDS C   the study of `bench-peer export` at every c, as JSON
"""

import functools
import json
import operator
import os
import sys

ON_CUDA = sys.argv[3] == "cuda"
CORES = 1 if ON_CUDA else int(sys.argv[3])
os.environ["JAX_PLATFORMS"] = "cuda" if ON_CUDA else "cpu"
if ON_CUDA:
    os.environ["XLA_PYTHON_CLIENT_MEM_FRACTION"] = "0.45"  # two programs share the GPU
    os.environ["JAX_DEFAULT_MATMUL_PRECISION"] = "highest"  # float: XLA would take TF32
else:
    os.environ["XLA_FLAGS"] = f"--xla_force_host_platform_device_count={CORES}"  # one device for each core

import jax
import jax.numpy as jnp
import numpy as np

import peer

peer.GROUP = 24 if ON_CUDA else -(-peer.GROUP // CORES) * CORES  # as many for each core
MOST = 2000  # products of a measurement that stops by itself


def forward(ws, x):
    for w in ws[:-1]:
        x = jax.nn.relu(x @ w)
    return x @ ws[-1]


def loss_of(ws, x, y):
    return 0.5 * jnp.mean((forward(ws, x) - y) ** 2)


def dot(a, b):
    return sum(jnp.vdot(p, q) for p, q in zip(a, b))


def unit(v):
    factor = jax.lax.rsqrt(dot(v, v))
    return [p * factor for p in v]


def by_linearize(ws, x, y):
    """The primal pass is kept, and XLA sees the tangent passes alone."""
    return jax.linearize(lambda p: jax.grad(loss_of)(p, x, y), ws)[1]


def mask(z):
    return (z > 0).astype(z.dtype)


def by_hand(ws, x, y):
    product = peer.by_hand(ws, x, y, mask, operator.mul)
    return lambda v: list(product(v))


def by_hand_joined(ws, x, y):
    """The same with two matmuls of a layer as one of twice the length."""
    layers, (hs, masks, deltas, size) = len(ws), peer.primal(ws, x, y, mask)

    def product(v):
        rh, out = [None] * layers, [None] * layers
        r = x @ v[0]
        for l in range(layers):
            if l:
                r = jnp.concatenate([hs[l], rh[l]], 1) @ jnp.concatenate([v[l], ws[l]], 0)
            if l < layers - 1:
                rh[l + 1] = r * masks[l]
        rd = r / size
        for l in reversed(range(1, layers)):
            out[l] = jnp.concatenate([hs[l], rh[l]], 0).T @ jnp.concatenate([rd, deltas[l]], 0)
            rd = (jnp.concatenate([rd, deltas[l]], 1) @ jnp.concatenate([ws[l], v[l]], 1).T) * masks[l - 1]
        out[0] = x.T @ rd
        return out
    return product


FORMS = {"linearize": by_linearize, "by hand": by_hand, "by hand, joined": by_hand_joined}


def power(form, ws, x, y, v, products):
    """λ by products − 1 power iterations and a quotient, and where they ended."""
    product = FORMS[form](ws, x, y)
    v = jax.lax.fori_loop(0, products - 1, lambda i, v: product(unit(v)), v)
    u = unit(v)
    return dot(u, product(u)), u, products


def power_until(form, ws, x, y, v, tolerance):
    """The same until a product changes the quotient by less than `tolerance` of it."""
    product = FORMS[form](ws, x, y)

    def step(state):
        v, quotient, _, count = state
        u = unit(v)
        v = product(u)
        return v, dot(u, v), quotient, count + 1
    v, quotient, _, count = jax.lax.while_loop(
        lambda s: (s[3] < MOST) & ((s[3] < 2) | (jnp.abs(s[1] - s[2]) > tolerance * jnp.abs(s[1]))), step,
        (v, jnp.float32(0), jnp.float32(0), 0))
    return quotient, unit(v), count


def along(method, form, warm, thetas, x, y, v, argument):
    """λ at each step of one network.   thetas: matrices of (T, in, out)"""
    def step(start, ws):
        quotient, u, count = method(form, ws, x, y, start, argument)
        return u if warm else v, (quotient, count)
    return jax.lax.scan(step, v, thetas)[1]


# How K networks share the cores: f(one network) as calls of all.   The first axis of each matrix: (K)
def in_turn(f):
    return jax.jit(lambda nets, argument: jax.lax.map(lambda ws: f(ws, argument), nets))


def together(f):
    return jax.jit(jax.vmap(f, in_axes=(0, None)))


def on_each_core(inner):
    def place(f):
        over = jax.pmap((lambda nets, a: jax.lax.map(lambda ws: f(ws, a), nets)) if inner == "in turn"
                        else jax.vmap(f, in_axes=(0, None)), in_axes=(0, None))
        fold = lambda a: a.reshape(CORES, -1, *a.shape[1:])
        flat = lambda a: a.reshape(-1, *a.shape[2:])
        return lambda nets, argument: jax.tree.map(flat, over(jax.tree.map(fold, nets), argument))
    return place


PLACES = {"in turn": in_turn, "together": together, "in turn on each core": on_each_core("in turn"),
          "together on each core": on_each_core("together")}
if ON_CUDA:
    PLACES = {"together": together, "in turn": in_turn}


def fastest_way(f_of_form, nets, argument, places=PLACES):
    """The fastest form, and then the fastest place for it."""
    calls = {}

    def call(form, place):
        run = calls.setdefault((form, place), places[place](f_of_form(form)))
        return lambda: jax.block_until_ready(run(nets, argument))
    first = next(iter(places))
    form = peer.fastest({form: call(form, first) for form in FORMS})
    place = peer.fastest({place: call(form, place) for place in places})
    print(f"jax: {form}, {place}", file=sys.stderr, flush=True)
    return form, place


def serve(path):
    work = peer.Networks(path)
    x, y = jnp.asarray(work.x), jnp.asarray(work.y)
    v = [jnp.asarray(a) for a in peer.split(work.start, work.shapes)]
    steps = [[jnp.asarray(a) for a in peer.split(work.theta[0], work.shapes)],
             [jnp.asarray(a.swapaxes(0, 1)) for a in peer.split(work.theta, work.shapes)]]

    def once(form):
        return lambda ws, products: power(form, ws, x, y, v, products)[0]
    form, place = fastest_way(once, steps[0], 21)
    run = PLACES[place](once(form))

    @functools.cache
    def measurement(method, warm):
        return PLACES[place](functools.partial(lambda ws, a, m, w: along(m, form, w, ws, x, y, v, a),
                                               m=method, w=warm))

    def accuracy(method, argument, warm):
        quotient, count = measurement(method, warm == "warm")(steps[1], argument)
        return np.asarray(quotient).T, int(np.sum(count))
    peer.serve({"work": lambda: (run(steps[0], 21), 21 * len(steps[0][0])),
                "fixed": lambda n, warm: accuracy(power, int(n), warm),
                "stopped": lambda t, warm: accuracy(power_until, float(t), warm)})


def trajectory(form, ws, c, first, x, y, bx, by, v):
    """Loss and λ of every step of one network at η = c/λ₀, λ₀ = first."""
    sharp = lambda ws: power(form, ws, x, y, v, 21)[0]

    def step(ws, batch):
        gradient = jax.grad(loss_of)(ws, *batch)
        ws = [w - c / first * g for w, g in zip(ws, gradient)]
        return ws, (loss_of(ws, x, y), sharp(ws))
    loss, sharpness = jax.lax.scan(step, ws, (bx, by))[1]
    return (jnp.concatenate([loss_of(ws, x, y)[None], loss]), jnp.concatenate([first[None], sharpness]))


def prepare(study, depth, width, batches):
    x, y = jnp.asarray(study.x), jnp.asarray(study.y)
    shapes = peer.shapes_of(depth, width, study.x.shape[1])
    v = [jnp.asarray(a) for a in peer.split(
        np.random.default_rng(1).standard_normal(sum(a * b for a, b in shapes), np.float32), shapes)]

    def of(form):  # c is what differs; the rest is given to each
        return lambda c, rest: trajectory(form, rest[0], c, rest[1], x, y, *rest[2:], v)
    weights = [jnp.asarray(a) for a in study.weights(depth, width, 0)]
    form, place = fastest_way(of, jnp.ones(peer.GROUP), (weights, jnp.float32(1e3), *map(jnp.asarray, batches)))
    run, initial = PLACES[place](of(form)), jax.jit(lambda ws: power(form, ws, x, y, v, 21)[0])
    initial(weights)

    def train(weights, batches, group):
        ws = [jnp.asarray(w) for w in weights]
        return [np.asarray(a) for a in run(jnp.asarray(group, jnp.float32), (ws, initial(ws), *map(jnp.asarray, batches)))]
    return train


def main():
    if sys.argv[1] == "serve":
        return serve(sys.argv[2])
    study, (shapes, seeds, grid) = peer.Study(sys.argv[2]), map(json.loads, sys.argv[4:7])
    peer.answer(**peer.diagram(study, shapes, seeds, grid, 10, functools.partial(prepare, study)))


if __name__ == "__main__":
    main()
