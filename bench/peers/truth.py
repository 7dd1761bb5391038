# SPDX-License-Identifier: MIT
"""λ in double precision and networks that are trained, by numpy alone: what all sides are held against."""

import numpy as np
import scipy.sparse.linalg

import peer


def product_of(ws, x, y):
    """v ↦ H v of the flat vector v of one network."""
    ws, hs, masks = [w.astype(float) for w in ws], [x.astype(float)], []
    for w in ws[:-1]:
        hs.append(np.maximum(hs[-1] @ w, 0))
        masks.append(hs[-1] > 0)
    deltas = [(hs[-1] @ ws[-1] - y) / y.size]
    for w, mask in zip(reversed(ws[1:]), reversed(masks)):
        deltas.insert(0, (deltas[0] @ w.T) * mask)
    shapes = [w.shape for w in ws]

    def product(v):
        vs = peer.split(v, shapes)
        tangent, tangents = hs[0] @ vs[0], [None]
        for l, mask in enumerate(masks):
            tangents.append(tangent * mask)
            tangent = hs[l + 1] @ vs[l + 1] + tangents[-1] @ ws[l + 1]
        back, parts = tangent / y.size, []
        for l in reversed(range(len(ws))):
            parts.append(hs[l].T @ back + (tangents[l].T @ deltas[l] if l else 0))
            if l:
                back = (back @ ws[l].T + deltas[l] @ vs[l].T) * masks[l - 1]
        return np.concatenate([p.ravel() for p in reversed(parts)])
    return product


def largest(ws, x, y):
    size = sum(w.size for w in ws)
    operator = scipy.sparse.linalg.LinearOperator((size, size), product_of(ws, x, y), dtype=float)
    start = np.random.default_rng(0).standard_normal(size)
    return scipy.sparse.linalg.eigsh(operator, 1, which="LA", tol=1e-7, v0=start)[0][0]


def gradient(ws, x, y):
    hs = [x]
    for w in ws[:-1]:
        hs.append(np.maximum(hs[-1] @ w, 0))
    delta, parts = (hs[-1] @ ws[-1] - y) / np.float32(y.size), []
    for l in reversed(range(len(ws))):
        parts.insert(0, hs[l].T @ delta)
        if l:
            delta = (delta @ ws[l].T) * (hs[l] > 0)
    return parts


def trajectories(ws, rates, x, y, batches):
    """[step][c] of the weights from the same start, η = c/λ₀, with one batch (x, y) a step."""
    initial = largest(ws, x, y)
    theta = [[ws] * len(rates)]
    for bx, by in batches:
        theta.append([[w - np.float32(c / initial) * g for w, g in zip(ws, gradient(ws, bx, by))]
                      for c, ws in zip(rates, theta[-1])])
    return theta
