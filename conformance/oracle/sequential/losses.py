"""From the losses of sums to those of every output, channel by channel.

With d = x - mean, V = var + eps, r = inv_std, g = |gamma|, G = |sum dy d| r, and lost(t) as in
`conformance.oracle.sequential.sums`:

    m = max(lost(x) / M, m_W)                 v = max(lost(d^2) / M + m^2, v_W)
    i = k v (1 - s)^(-3/2),  s = (2 k) v      k, (2 k), w as in `conformance.oracle.bounds`
    mean: m     var: v     inv_std: r i       y: g r (m + (|d| + m) i)
    dbeta: b = lost(dy)
    dgamma: l + (G + l) i,  l = r max(lost(dy d) + (|dbeta| + b) m,
                                      lost(dy x) + (|mean| + m) b + |dbeta| m)
    dx: g r (b' / M + 2 m w (G + l) / M + (|d| + m) w (l + (2 i) (G + l)) / M) + |dx| i
    running statistics: a <- |1 - m| a + |m| loss of the batch; the variance's times M / (M - 1)

m_W and v_W are Welford's.  A variance that is off by the part s of V moves r by less than
(1 - s)^(-3/2) times the first order, and from s = 1/2 on nothing of it is left.  Products that
gamma or r may have scaled are never taken for exact: b' is lost(gamma dy), and so are those of
dgamma.  In test mode m = v = i = 0, and dx has no sum.

One pass over x - K, with K one of the values, is in the class as far as it loses no more than that:
where K lies far from the mean it is a single pass like the next.

Where a mask says which values count, M is their number, means are over these, and what is left out
counts as 0 in sums of x and d: adding 0 is exact.  Sums over dy are over all values.  The dx of a
value that is left out has no sum.

The single-pass variance E[x^2] - mean^2 loses lost(x^2) / M + 2 |mean| m more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from conformance.case import Array, Inputs
from conformance.oracle.channels import by_channel, kept
from conformance.oracle.measured import bessel, given_statistics
from conformance.oracle.root import Root, roots
from conformance.oracle.rounding import Floats
from conformance.oracle.sequential.sums import Losing
from conformance.oracle.sequential.welford import welford

Bools = npt.NDArray[np.bool_]

_LEFT = 0.5
"""How large a part of V may be lost for anything to be left of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Class:
    """A class of algorithms.

    Attributes:
        plain: What sums of the terms as they are lose.
        scaled: What sums of the terms times any number lose.
        welford: Whether the statistics may come from Welford's update.
        single_pass: Whether the variance may come from E[x^2] - mean^2.
        spent: Part of V that is taken up by what the class loses beside its sums; ``(C, 1)``.
    """

    plain: Losing
    scaled: Losing
    welford: bool = True
    single_pass: bool = False
    spent: Floats | float = 0.0


@dataclass(frozen=True, slots=True)
class Losses:
    """What the sums of a class may cost, absolute.

    Attributes:
        of: By output name: rows ``(C, M)`` of y and dx, columns ``(C, 1)`` of all others.
        valid: Whether something is left of V, ``(C, 1)``.
    """

    of: Mapping[str, Floats]
    valid: Bools


@dataclass(frozen=True, slots=True)
class _Batch:
    """Rows ``(C, M)`` and columns ``(C, 1)``; m and v as in the formulas.

    `weight` is 1 for values that count and 0 for others, `n` their number.
    """

    x: Floats
    d: Floats
    mean: Floats
    var: Floats
    m: Floats
    v: Floats
    n: Floats | int
    weight: Floats | float = 1.0


@dataclass(frozen=True, slots=True)
class _Moved:
    """The root, and the relative losses of r and of r w; columns ``(C, 1)``."""

    root: Root
    i: Floats
    twice_i: Floats


def losses(
    inputs: Inputs, rows: npt.NDArray[np.intp], of: Class, *, eps_outside: bool = False
) -> Losses:
    """What the sums of some channels may cost.

    Args:
        inputs: What was asked; M >= 1.
        rows: Which channels, as `conformance.oracle.channels.by_channel` counts them.
        of: The class.
        eps_outside: The dialect ``(x - mean) / (sigma + eps)``.

    Returns:
        0 where the inputs are not finite: nothing is allowed there that arithmetic could bound.
    """
    with np.errstate(all="ignore"):
        batch = _measured(inputs, inputs.x, rows, of) if inputs.training else _given(inputs, rows)
        root = roots(batch.var, inputs.eps, eps_outside=eps_outside)
        s = of.spent + np.nan_to_num(root.twice_k * batch.v)
        moved = _moved(root, batch.v, s, of.spent)
        found = {"mean": batch.m, "var": batch.v, "inv_std": root.r * moved.i}
        reach = _gamma(inputs, rows) * root.r
        found["y"] = reach * (batch.m + (np.abs(batch.d) + batch.m) * moved.i)
        if inputs.dy is not None:
            dy = _finite(by_channel(inputs.dy, inputs)[rows])
            found |= _gradients(inputs, batch, moved, dy, of)
            found["dx"] = reach * found["dx"]
        if inputs.running_mean is not None:
            found |= _running(inputs, batch, rows, of)
        return Losses({n: np.where(np.isfinite(v), v, 0.0) for n, v in found.items()}, s < _LEFT)


def _measured(inputs: Inputs, x: Array, rows: npt.NDArray[np.intp], of: Class) -> _Batch:
    given, mask = _finite(by_channel(x, inputs)[rows]), kept(inputs)
    weight, count = _counting(inputs, mask if mask is None else mask[rows])
    counted = given * weight
    mean = counted.sum(axis=1, keepdims=True) / count
    d = given - mean
    squares = d * d * weight
    m = v = np.zeros_like(mean)
    if of.welford:
        m, v = welford(given, of.scaled) if mask is None else _by_row(given, mask[rows], of)
    m = np.maximum(m, of.plain(counted) / count)
    v = np.maximum(v, of.plain(squares) / count + m * m)
    if of.single_pass:
        v = v + of.plain(counted * given) / count + 2 * np.abs(mean) * m
    var = squares.sum(axis=1, keepdims=True) / count
    return _Batch(given, d, mean, var, m, v, count, weight)


def _counting(inputs: Inputs, mask: Bools | None) -> tuple[Floats | float, Floats | int]:
    """The weight of every value, and the sum of all."""
    if mask is None:
        return 1.0, inputs.count
    weight = mask.astype(np.float64)
    return weight, weight.sum(axis=1, keepdims=True)


def _by_row(given: Floats, mask: Bools, of: Class) -> tuple[Floats, Floats]:
    """What Welford's update loses over the values of each channel that a mask keeps."""
    found = [welford(row[None, keep], of.scaled) for row, keep in zip(given, mask, strict=True)]
    m, v = (np.concatenate(part) for part in zip(*found, strict=True))
    return m, v


def _given(inputs: Inputs, rows: npt.NDArray[np.intp]) -> _Batch:
    """Test mode: the statistics are inputs, without error."""
    given = _finite(by_channel(inputs.x, inputs)[rows])
    mean, var = (column[rows] for column in given_statistics(inputs))
    none = np.zeros_like(mean)
    return _Batch(given, given - mean, mean, var, none, none, inputs.count)


def _moved(root: Root, v: Floats, s: Floats, spent: Floats | float) -> _Moved:
    """What v costs r and r w beyond what is spent already."""

    def growth(part: Floats | float) -> Floats:
        return np.asarray((1 - np.minimum(part, _LEFT)) ** -1.5)

    both = root.twice_k * v * growth(s) + spent * (growth(s) - growth(spent))
    return _Moved(root, both * root.k / root.twice_k, both)


def _gradients(
    inputs: Inputs, batch: _Batch, moved: _Moved, dy: Floats, of: Class
) -> dict[str, Floats]:
    """Losses of dbeta and dgamma, and that of dx before it is multiplied by g r."""
    root, m, size, count = moved.root, batch.m, np.abs(batch.d), batch.n
    b, dbeta = of.plain(dy), np.abs(dy.sum(axis=1, keepdims=True))
    along = (dy * batch.d).sum(axis=1, keepdims=True)
    straight = of.scaled(dy * batch.d) + (dbeta + b) * m
    folded = of.scaled(dy * batch.x) + (np.abs(batch.mean) + m) * b + dbeta * m
    lost = root.r * np.maximum(straight, folded)
    G = np.abs(along) * root.r
    found = {"dbeta": b, "dgamma": lost + (G + lost) * moved.i, "dx": np.zeros_like(dy)}
    if inputs.training:
        both = np.maximum(b, of.scaled(dy)) + 2 * m * root.w * (G + lost)
        both = both + (size + m) * root.w * (lost + moved.twice_i * (G + lost))
        through = dy.sum(axis=1, keepdims=True) + batch.d * root.r * root.w * along
        inner = dy - batch.weight * through / count
        found["dx"] = batch.weight * both / count + np.abs(inner) * moved.i
    return found


def _running(
    inputs: Inputs, batch: _Batch, rows: npt.NDArray[np.intp], of: Class
) -> dict[str, Floats]:
    mean = var = np.zeros_like(batch.m)
    if inputs.training:
        old, new = abs(1 - inputs.momentum), abs(inputs.momentum)
        for each in (*(_measured(inputs, past, rows, of) for past in inputs.earlier), batch):
            mean = old * mean + new * each.m
            var = old * var + new * each.v * bessel(each.n)
    return {"running_mean": mean, "running_var": var}


def _gamma(inputs: Inputs, rows: npt.NDArray[np.intp]) -> Floats:
    if inputs.gamma is None:
        return np.ones((1, 1))
    return np.abs(inputs.gamma.astype(np.float64).reshape(-1, 1)[rows])


def _finite(rows: Array) -> Floats:
    """Rows in float64; 0 where one of their values is not finite."""
    wide = np.asarray(rows, dtype=np.float64)
    return np.where(np.isfinite(wide).all(axis=1, keepdims=True), wide, 0.0)
