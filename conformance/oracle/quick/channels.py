"""The results of many channels at once: quickly where that is proven right, else by integers.

Channels that are not ordinary, by what they hold or are given, are left to their owner.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from conformance.arrays import LIKE_X
from conformance.case import Array
from conformance.oracle import exact, outside
from conformance.oracle.exact import ChannelResults
from conformance.oracle.quick import constants, lines, points, statistics
from conformance.oracle.quick.constants import Affine, Constants
from conformance.oracle.quick.limbs import Sums, sliceable, sums
from conformance.oracle.quick.lines import Open
from conformance.oracle.quick.pairs import Pair
from conformance.oracle.quick.ranges import FINEST, LARGEST, Ints, Mask, Ranges, ranges
from conformance.oracle.rounding import Floats
from conformance.oracle.sums import BatchSums, GradientSums

_SMALLEST_SQUARE = 2.0**-200
"""Of ``var + eps``, so that r is at most 2^100."""


@dataclass(frozen=True, slots=True)
class Batch:
    """x and dy of some channels, ``(C, M)``, with their ranges; dy may be None."""

    x: Array
    dy: Array | None
    spread: Ranges
    slope: Ranges

    @classmethod
    def of(cls, x: Array, dy: Array | None) -> Batch:
        """Measure x and dy."""
        return cls(x, dy, ranges(x), _nothing(len(x)) if dy is None else ranges(dy))

    @property
    def ordinary(self) -> Mask:
        """Where x and dy are finite, and limbs hold them."""
        spread, slope = self.spread, self.slope
        sound = spread.ordinary & sliceable(spread) & slope.ordinary & sliceable(slope)
        return np.asarray(sound)

    def at(self, channels: Mask) -> Batch:
        """Some of the channels."""
        if channels.all():
            return self
        dy = None if self.dy is None else self.dy[channels]
        return Batch(self.x[channels], dy, self.spread.at(channels), self.slope.at(channels))

    def sums(self) -> Sums:
        """The exact sums; all channels must be ordinary."""
        slope = None if self.dy is None else self.slope
        return sums(self.x, self.spread, self.dy, slope)


def _nothing(channels: int) -> Ranges:
    zeros, none = np.zeros(channels), np.zeros(channels, np.int64)
    return Ranges(zeros, zeros, none, none)


def moderate(values: Floats) -> Mask:
    """Where numbers are 0, or finite and neither too large nor too small."""
    size = np.abs(values)
    return np.asarray((size == 0) | ((size >= 2.0**-LARGEST) & (size <= 2.0**LARGEST)))


def ordinary(batch: Batch, affine: Affine, *, training: bool) -> Mask:
    """The channels that `solve` takes."""
    mask = batch.ordinary & moderate(affine.gamma) & moderate(affine.beta)
    mask &= bool(affine.eps <= 2.0**LARGEST) and bool(affine.eps == 0 or affine.eps >= 2.0**FINEST)
    if training:
        return mask
    square = affine.running_var + affine.eps
    mask &= moderate(affine.running_mean) & (affine.running_var >= 0)
    return mask & (square >= _SMALLEST_SQUARE) & (affine.running_var <= 2.0**LARGEST)


@dataclass(frozen=True, slots=True)
class Solved:
    """The results of ordinary channels.

    Attributes:
        results: Every output but the running statistics, ``(C, M)`` or ``(C,)``.
        rooted: Which channels have results: those with ``var + eps`` 0 or next to it have none.
        mean: Of the batch or the running one.
        var: The same.
    """

    results: dict[str, Floats]
    rooted: Mask
    mean: Pair
    var: Pair


def solve(batch: Batch, totals: Sums, affine: Affine, *, training: bool) -> Solved:
    """Solve ordinary channels.

    Args:
        batch: The channels.
        totals: Their sums.
        affine: What is given to them.
        training: By their own statistics, or by the running ones.
    """
    shared = _constants(batch, totals, affine, training=training)
    rooted = np.isfinite(shared.inv_std[0]) & (shared.inv_std[0] <= 1 / np.sqrt(_SMALLEST_SQUARE))
    found = statistics.statistics(shared, training=training, gradient=batch.dy is not None)
    y, dx, open_y, open_dx = lines.rows(
        batch.x, batch.dy, shared, affine.beta, spread=batch.spread, slope=batch.slope
    )
    open_y = _settle(y, open_y, points.y(batch.x[open_y], shared, affine.beta, open_y[0]))
    results = {"y": y, **found.values}
    if batch.dy is not None and dx is not None:
        anew = points.dx(batch.x[open_dx], batch.dy[open_dx], shared, open_dx[0])
        results["dx"], open_dx = dx, _settle(dx, open_dx, anew)
    integers = _Integers(batch, totals, affine, training=training)
    for c, places in _by_channel(open_y, open_dx, found.open & rooted, rooted):
        integers.settle(c, places, results)
    return Solved(results, rooted, shared.mean, shared.var)


def _settle(rows: Floats, found: Open, anew: tuple[Floats, Mask]) -> Open:
    """Write the values that the second phase settled; returns those that stay open."""
    (c, i), (values, settled) = found, anew
    rows[c[settled], i[settled]] = values[settled]
    return c[~settled], i[~settled]


def _constants(batch: Batch, totals: Sums, affine: Affine, *, training: bool) -> Constants:
    if training:
        return constants.training(totals, affine, batch.spread, batch.slope)
    return constants.testing(totals, affine, batch.slope)


def _by_channel(y: Open, dx: Open, scalars: Mask, rooted: Mask) -> Iterable[tuple[int, Ints]]:
    """Channel and places of y or dx, wherever something of a channel with results is open."""
    for c in _union(y[0], dx[0], np.flatnonzero(scalars)).tolist():
        if rooted[c]:
            yield c, _union(_places(y, c), _places(dx, c))


def _union(*found: Ints) -> Ints:
    """What is in any of them, ascending, once: `numpy.union1d` would load numpy's masked arrays."""
    every = np.sort(np.concatenate(found))
    return every[np.diff(every, prepend=-1) > 0]


def _places(found: Open, channel: int) -> Ints:
    start, stop = np.searchsorted(found[0], [channel, channel + 1])
    return found[1][start:stop]


class _Integers:
    """The accurate phase: integers for some values of a channel, from the sums that are there."""

    def __init__(self, batch: Batch, totals: Sums, affine: Affine, *, training: bool) -> None:
        self._batch, self._totals, self._affine = batch, totals, affine
        self._training = training

    def settle(self, c: int, places: Ints, results: Mapping[str, Floats]) -> None:
        """Write what the integers say of channel c into `results`."""
        for name, value in self._solve(c, places).items():
            if name not in LIKE_X:
                results[name][c] = value
            elif places.size:
                results[name][c, places] = value

    def _solve(self, c: int, places: Ints) -> ChannelResults:
        totals, batch, affine = self._totals, self._batch, self._affine
        ex, ed = int(totals.ex[c]), int(totals.ed[c])
        X = _integers(batch.x[c, places], ex)
        chosen = BatchSums(X, ex, totals.S1[c], totals.Sxx[c], totals.M)
        grad = None
        if batch.dy is not None:
            D = _integers(batch.dy[c, places], ed)
            grad = GradientSums(D, ed, totals.Sd[c], totals.Sdx[c])
        given = exact.Affine(float(affine.gamma[c]), float(affine.beta[c]), affine.eps)
        if self._training:
            train = outside.train_from if affine.eps_outside else exact.train_from
            return train(chosen, grad, given)
        infer = outside.infer_from if affine.eps_outside else exact.infer_from
        mean, var = float(affine.running_mean[c]), float(affine.running_var[c])
        return infer(chosen, grad, given, mean, var)


def _integers(values: Array, exponent: int) -> list[int]:
    """Finite values in a unit of which all are multiples; below 2^1000 units."""
    return [int(v) for v in np.ldexp(values.astype(np.float64), -exponent).tolist()]
