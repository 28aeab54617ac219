"""Ways to mean and variance beside the panel's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np

from conformance.case import Array
from conformance.faults.sheet import Edits, Formula, Sheet

_Moments: TypeAlias = tuple[int, Array, Array]
"""A count, the mean, and the sum of squared deviations of so many values."""


def _edits(moments: Formula) -> Edits:
    return {"moments": moments, "mean": lambda s: s.moments[0], "var": lambda s: s.moments[1]}


def _none(s: Sheet) -> _Moments:
    """Those of no values."""
    zero = s.x[:, :0].sum(1, keepdims=True)
    return 0, zero, zero


def _merged(one: _Moments, other: _Moments) -> _Moments:
    """Chan, Golub and LeVeque (1983), with the mean as a weighted one."""
    (n, mean, squares), (m, other_mean, other_squares) = one, other
    if not n or not m:
        return other if m else one
    work = mean.dtype.type
    both, gap = n + m, other_mean - mean
    merged = (work(n) * mean + work(m) * other_mean) / work(both)
    return both, merged, squares + other_squares + gap * gap * (work(n) * work(m) / work(both))


def _lane(values: Array) -> _Moments:
    """Welford's update over one lane."""
    mean = squares = np.zeros((len(values), 1), values.dtype)
    for i in range(values.shape[1]):
        x = values[:, i : i + 1]
        off = x - mean
        mean = mean + off * (values.dtype.type(1) / values.dtype.type(i + 1))
        squares = squares + off * (x - mean)
    return values.shape[1], mean, squares


def _in_lanes(count: int) -> Formula:
    """Welford in lanes, merged lane by lane (as a vectorized RowwiseMoments does)."""

    def moments(s: Sheet) -> tuple[Array, Array]:
        found = _none(s)
        for i in range(min(count, max(s.count, 1))):
            found = _merged(found, _lane(s.x[:, i::count]))
        return found[1], found[2] / s.work(s.count)

    return moments


def _youngs_cramer(s: Sheet) -> tuple[Array, Array]:
    """Youngs and Cramer (1971): running sums, each square from k x - T."""
    total = squares = np.zeros((len(s.x), 1), s.work)
    for i in range(s.count):
        x = s.x[:, i : i + 1]
        total = total + x
        if i:
            off = s.work(i + 1) * x - total
            squares = squares + off * off / (s.work(i) * s.work(i + 1))
    return total / s.work(s.count), squares / s.work(s.count)


def _of_all_pairs(s: Sheet) -> Array:
    """Half the mean of (x_i - x_j)^2: no mean at all."""
    if s.count > 512:
        return np.asarray(s.correct("var"))
    apart = (s.x[:, :, None] - s.x[:, None, :]) ** 2
    total = s.total(apart.reshape(len(s.x), -1))
    return np.asarray(total / s.work(2) / s.work(s.count) / s.work(s.count))


def _around_the_median(s: Sheet) -> tuple[Array, Array]:
    """Moments of x less its median, which is among the values."""
    K = np.sort(s.x, axis=1)[:, s.count // 2][:, None] if s.count else s.x.sum(1, keepdims=True)
    off = s.average(s.x - K)
    return K + off, s.average((s.x - K - off) ** 2)


def _refined(s: Sheet) -> Array:
    """A mean, and the mean of what is left of x without it."""
    first = s.average(s.x)
    return np.asarray(first + s.average(s.x - first))


def _wide_two_pass(s: Sheet) -> tuple[Array, Array]:
    x = s.x.astype(np.float64)
    mean = x.sum(1, keepdims=True) / s.count
    var = ((x - mean) ** 2).sum(1, keepdims=True) / s.count
    return mean.astype(s.work), var.astype(s.work)


def _by_samples(s: Sheet) -> tuple[Array, Array]:
    """Moments of every sample, merged sample by sample, as data-parallel workers do."""
    parts = np.array_split(s.x, max(1, min(s.samples, 8)), axis=1)
    found = _none(s)
    for part in parts:
        if part.shape[1]:
            mean = part.sum(1, keepdims=True) / s.work(part.shape[1])
            squares = ((part - mean) ** 2).sum(1, keepdims=True)
            found = _merged(found, (part.shape[1], mean, squares))
    return found[1], found[2] / s.work(s.count)


MOMENTS: Mapping[str, Edits] = {
    "Welford in 4 lanes": _edits(_in_lanes(4)),
    "Welford in 32 lanes": _edits(_in_lanes(32)),
    "Youngs and Cramer": _edits(_youngs_cramer),
    "variance of all pairs": {"var": _of_all_pairs},
    "around the median": _edits(_around_the_median),
    "mean refined": {"mean": _refined},
    "statistics in float64": _edits(_wide_two_pass),
    "merged over workers": _edits(_by_samples),
    "squares by a product of rows": {
        "var": lambda s: np.einsum("cm,cm->c", s.deviation, s.deviation)[:, None] / s.work(s.count),
    },
    "average by the reciprocal": {
        "average": lambda s: lambda rows: s.total(rows) * (s.work(1) / s.work(s.count)),
    },
    "average of scaled terms": {
        "average": lambda s: lambda rows: s.total(rows / s.work(s.count)),
    },
}
