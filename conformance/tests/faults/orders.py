"""Kinds of data and ways of adding that were not looked at when the class of sums was derived."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from conformance.case import Array
from conformance.faults.honest import PANEL
from conformance.faults.sheet import Edits, Sheet
from conformance.oracle.rounding import Floats


def data(count: int, seed: int) -> Floats:
    """One column for every kind, ``(count, kinds)``, with about the size of 1."""
    rng = np.random.default_rng(seed)
    k = np.arange(count)
    normal = rng.standard_normal
    columns = [
        np.exp(normal(count)),  # lognormal
        np.sin(k * 2 * np.pi / 97) + 0.25,
        np.exp(-k * 5 / count),  # decays
        np.repeat(normal(count // 8 + 1), 8)[:count],  # tiles
        rng.random(count),
        rng.standard_t(2, count),
        np.where(rng.random(count) < 0.7, 1.1, 1.1000001),  # two values side by side
        np.round(rng.random(count) * 100) / 100,  # prices
        rng.poisson(3.0, count).astype(float),
        np.cumsum(normal(count)) / np.sqrt(count),  # a random walk
        np.round(normal(count) * 8191) / 32768,  # 16-bit sound
        np.where(k % 64, 0.0, 1 / 3),  # sparse and equal
        (k % 10) / 10 + 0.1,  # a cycle
    ]
    return np.stack(columns, axis=1)


def _lanes(count: int) -> Callable[[Array], Array]:
    """Sums of every count-th term side by side, as a vector unit adds, then the lanes."""

    def total(rows: Array) -> Array:
        padded = np.concatenate(
            [rows, np.zeros((len(rows), -rows.shape[1] % count), rows.dtype)], axis=1
        )
        lanes = np.add.accumulate(padded.reshape(len(rows), -1, count), axis=1)[:, -1]
        return np.asarray(np.add.accumulate(lanes, axis=1)[:, -1:])

    return total


def _rows_then_columns(rows: Array) -> Array:
    return _lanes(max(1, int(rows.shape[1] ** 0.5)))(rows)


def _inside_out(rows: Array) -> Array:
    middle = rows.shape[1] // 2
    ordered = np.concatenate([rows[:, middle:], rows[:, :middle][:, ::-1]], axis=1)
    return np.asarray(np.add.accumulate(ordered, axis=1)[:, -1:])


def _one_by_one(rows: Array) -> Array:
    return np.asarray(np.add.accumulate(rows, axis=1)[:, -1:])


def _scaled(s: Sheet) -> Callable[[Array], Array]:
    """Terms times 1 / M added one by one: the average without a division at the end."""
    share = s.work(1) / s.work(s.count)
    return lambda rows: _one_by_one(rows * share)


ORDERS: Mapping[str, Edits] = {
    "sequential": PANEL["sequential"].edits,
    "4 lanes": {"total": lambda _: _lanes(4)},
    "8 lanes": {"total": lambda _: _lanes(8)},
    "rows, then columns": {"total": lambda _: _rows_then_columns},
    "inside out": {"total": lambda _: _inside_out},
    "scaled terms": {"total": lambda _: _one_by_one, "average": _scaled},
    "welford": {**PANEL["sequential"].edits, **PANEL["welford"].edits},
    "folded": {
        **PANEL["sequential"].edits,
        **{cell: e for n in ("y-folded", "dgamma-folded") for cell, e in PANEL[n].edits.items()},
    },
    "dx by sums": {**PANEL["sequential"].edits, **PANEL["dx-by-sums"].edits},
    "dx by means": {**PANEL["sequential"].edits, **PANEL["dx-by-means"].edits},
}
"""Edits of the correct kernel, all of them honest."""
