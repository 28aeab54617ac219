"""Ways to form a sum that neither the panel nor the class of sums was made from."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np

from conformance.case import Array
from conformance.faults.sheet import Edits

Total: TypeAlias = Callable[[Array], Array]
"""Rows ``(C, M)`` to their sums ``(C, 1)``, in the type of the rows."""


def one_by_one(rows: Array) -> Array:
    """Each row's terms from the first to the last."""
    if not rows.size:
        return np.zeros((len(rows), 1), rows.dtype)
    return np.asarray(np.add.accumulate(rows, axis=1)[:, -1:])


def padded(rows: Array, multiple: int) -> Array:
    """Rows with zeros behind them, so that their length is a multiple."""
    return np.pad(rows, ((0, 0), (0, -rows.shape[1] % multiple)))


def _halves(rows: Array) -> Array:
    """Neighbours added to neighbours, level by level: a tree by strides of 1, 2, 4."""
    while rows.shape[1] > 1:
        rows = padded(rows, 2)
        rows = rows[:, ::2] + rows[:, 1::2]
    return one_by_one(rows)


def _grid_stride(threads: int) -> Total:
    """Each thread adds every threads-th term, then a tree over the threads, as a block does."""

    def total(rows: Array) -> Array:
        lanes = padded(rows, threads).reshape(len(rows), -1, threads)
        return _halves(np.asarray(np.add.accumulate(lanes, axis=1)[:, -1]))

    return total


def _blocks_then_atomics(size: int, seed: int) -> Total:
    """A tree in each block of terms; the blocks' sums arrive in a chance order."""

    def total(rows: Array) -> Array:
        parts = _halves(padded(rows, size).reshape(-1, size)).reshape(len(rows), -1)
        order = np.random.default_rng(seed).permutation(parts.shape[1])
        return one_by_one(parts[:, order])

    return total


def _neumaier(rows: Array) -> Array:
    """Neumaier (1974): the rounding errors are added up beside the sum."""
    found = lost = np.zeros_like(rows[:, 0])
    for i in range(rows.shape[1]):
        term = rows[:, i]
        larger = found + term
        keeps = np.abs(found) >= np.abs(term)
        lost = lost + np.where(keeps, (found - larger) + term, (term - larger) + found)
        found = larger
    return np.where(np.isfinite(lost), found + lost, found)


def _in_lanes(rows: Array) -> Array:
    """Up to 64 lanes, each compensated, and then the lanes: a long loop takes minutes here."""
    lanes = min(64, (rows.shape[1] + 1) // 2)
    apart = padded(rows, lanes).reshape(len(rows), -1, lanes)
    return _neumaier(_neumaier(apart)[:, :, None]).reshape(-1, 1)


def _exact(rows: Array) -> Array:
    """The exact sum, rounded once (Shewchuk, 1997)."""
    plain = rows.sum(axis=1)
    sums = [
        math.fsum(row) if np.isfinite(row).all() else at
        for row, at in zip(rows.astype(np.float64), plain, strict=True)
    ]
    return np.array(sums).reshape(-1, 1).astype(rows.dtype)


def _fixed_point(rows: Array) -> Array:
    """Terms as integers of a common scale, as wide as 63 bits allow, added without error."""
    wide = rows.astype(np.float64)
    top = np.abs(wide).max(axis=1, keepdims=True, initial=0.0)
    usual = np.isfinite(top) & (top > 0)
    _, exponent = np.frexp(np.where(usual, top, 1.0))
    bits = 62 - rows.shape[1].bit_length()
    step = np.ldexp(1.0, np.maximum(exponent - bits, -1074))
    whole = np.rint(np.where(usual, wide, 0.0) / step).astype(np.int64).sum(axis=1, keepdims=True)
    found = np.where(usual, whole * step, wide.sum(axis=1, keepdims=True))
    return np.asarray(found.astype(rows.dtype))


def _by_ones(rows: Array) -> Array:
    """A matrix product with a column of ones, as a tensor library reduces."""
    return np.asarray(rows @ np.ones((rows.shape[1], 1), rows.dtype))


def _einsum(rows: Array) -> Array:
    return np.asarray(np.einsum("cm->c", rows)[:, None])


def _planes(rows: Array) -> Array:
    """Rows of a square first, then the rows' sums: images by lines."""
    side = max(1, math.isqrt(rows.shape[1]))
    square = padded(rows, side).reshape(len(rows), -1, side)
    return one_by_one(one_by_one(square.reshape(-1, side)).reshape(len(rows), -1))


def _signs_apart(rows: Array) -> Array:
    """Positive and negative terms in two accumulators."""
    return np.asarray(one_by_one(np.maximum(rows, 0)) + one_by_one(np.minimum(rows, 0)))


def _both_ends(rows: Array) -> Array:
    """The first with the last, the second with the last but one."""
    half = rows.shape[1] // 2
    folded = rows[:, :half] + rows[:, ::-1][:, :half]
    return one_by_one(np.concatenate([folded, rows[:, half : rows.shape[1] - half]], axis=1))


def _unrolled(rows: Array) -> Array:
    """Four accumulators, and a scalar loop for what is left over."""
    whole = rows.shape[1] // 4 * 4
    lanes = rows[:, :whole].reshape(len(rows), -1, 4)
    parts = [one_by_one(lanes[:, :, i]) for i in range(4)]
    left = one_by_one(rows[:, whole:])
    return np.asarray((parts[0] + parts[1]) + (parts[2] + parts[3]) + left)


def _total(of: Total) -> Edits:
    """Sums formed so wherever there is a term."""
    return {"total": lambda _: lambda rows: of(rows) if rows.size else one_by_one(rows)}


SUMS: Mapping[str, Edits] = {
    "neighbours in a tree": _total(_halves),
    "32 threads in strides, then a tree": _total(_grid_stride(32)),
    "256 threads in strides, then a tree": _total(_grid_stride(256)),
    "1024 threads in strides, then a tree": _total(_grid_stride(1024)),
    "blocks of 32, then atomics": _total(_blocks_then_atomics(32, 1)),
    "blocks of 128, then atomics": _total(_blocks_then_atomics(128, 2)),
    "Neumaier": _total(_in_lanes),
    "exact sums": _total(_exact),
    "fixed point": _total(_fixed_point),
    "product with ones": _total(_by_ones),
    "einsum": _total(_einsum),
    "lines of a square": _total(_planes),
    "positive and negative apart": _total(_signs_apart),
    "from both ends": _total(_both_ends),
    "four accumulators and a rest": _total(_unrolled),
    "forward by lanes, backward one by one": {
        **_total(_grid_stride(32)),
        "back_total": lambda _: one_by_one,
    },
}
