"""Which stored values their residuals prove; the squares of integers decide on all others.

Constants of a channel, from the sums of `_proof_sums` and with every operation of `_proof_pairs`
within 2^-102 of its sizes:

    m1 = E1 / M                 within 2^-95 max|e|
    V = E2 / M - m1^2 + eps     within 2^-94 (E2 / M + |m1| max|e| + eps); where the first two are
                                at most 3 V, within 2^-92 V, and then s = sqrt(V) within 2^-92 s
    p = (GE - G1 m1) / M        within 2^-93 max|dy| max|e|
    G1 / M                      within 2^-95 max|dy|

A channel for which these bounds do not hold is left to the squares, as is one in which anything is
not finite, or beyond 2^100.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from conformance.case import Array
from conformance.oracle import _proof_pairs as pairs
from conformance.oracle._proof_pairs import Pair
from conformance.oracle._proof_residual import (
    LEAST,
    RESIDUAL,
    Factor,
    Mask,
    Residual,
    Words,
    proven_numbers,
)
from conformance.oracle._proof_rounding import FloatArray
from conformance.oracle._proof_sums import SUM, Sums, blocks, sums

_LARGEST = 2.0**100
_LEAST_SQUARE = 2.0**-200


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The inputs, ``(C, M)`` and ``(C,)``; M > 0.  Absent statistics are 0, absent dy is None."""

    x: Array
    dy: Array | None
    earlier: Sequence[Array]
    gamma: FloatArray
    beta: FloatArray
    running_mean: FloatArray
    running_var: FloatArray
    eps: float
    momentum: float
    training: bool


@dataclass(frozen=True, slots=True)
class _Constants:
    """Named as above; ``(C,)``."""

    sums: Sums
    m1: Pair
    var: Pair
    V: Pair
    s: Pair
    p: Pair
    slope: Pair  # G1 / M in training, else 0
    sound: Mask


def proven(rows: Rows, stored: Mapping[str, FloatArray]) -> dict[str, Mask]:
    """Which stored values are proven, by output.

    Args:
        rows: The inputs.
        stored: The outputs as ``(C, M)`` or ``(C, 1)``.
    """
    with np.errstate(all="ignore"):
        made = _constants(rows)
        found = {name: np.zeros(value.shape, np.bool_) for name, value in stored.items()}
        numbers = _numbers(rows, made)
        for name in found.keys() & numbers.keys():
            scale, value, error = numbers[name]()
            found[name][:, 0] = proven_numbers(stored[name][:, 0], scale, value, error)
        _prove_rows(rows, made, stored, found)
        return {name: mask & made.sound[:, None] for name, mask in found.items()}


def _constants(rows: Rows) -> _Constants:
    total = sums(rows.x, rows.dy, None if rows.training else rows.running_mean)
    M = np.full(len(total.m0), float(rows.x.shape[1]))
    eps = pairs.single(np.full_like(M, rows.eps))
    zero = pairs.single(np.zeros_like(M))
    m1, var, slope, along = zero, pairs.single(rows.running_var), zero, total.GE
    sound = total.finite & _moderate(rows)
    sound &= (total.furthest <= _LARGEST) & (total.steepest <= _LARGEST)
    if rows.training:
        m1, var = _moments(total, M)
        slope = pairs.over_count(total.G1, M)
        along = pairs.plus(total.GE, pairs.minus(pairs.times(total.G1, m1)))
    V = pairs.plus(var, eps)
    if rows.training:
        sound &= total.E2[0] / M + np.abs(m1[0]) * total.furthest <= 3 * V[0]
    else:
        sound &= rows.running_var >= 0
    sound &= (V[0] >= _LEAST_SQUARE) & (V[0] <= _LARGEST**2)
    p = pairs.over_count(along, M)
    return _Constants(total, m1, var, V, pairs.root(V), p, slope, sound)


def _moments(total: Sums, M: FloatArray) -> tuple[Pair, Pair]:
    """The mean less m0, and the biased variance."""
    m1 = pairs.over_count(total.E1, M)
    return m1, pairs.plus(pairs.over_count(total.E2, M), pairs.minus(pairs.times(m1, m1)))


def _moderate(rows: Rows) -> Mask:
    given = (rows.gamma, rows.beta, rows.running_mean, rows.running_var)
    sizes = [np.abs(numbers) <= _LARGEST for numbers in given]
    scalars = abs(rows.eps) <= _LARGEST and abs(rows.momentum) <= _LARGEST and rows.eps >= 0
    return np.asarray(np.logical_and.reduce(sizes) & scalars)


def _prove_rows(
    rows: Rows, made: _Constants, stored: Mapping[str, FloatArray], found: dict[str, Mask]
) -> None:
    """Prove y and dx, block by block."""
    to_y, to_dx = _y(rows, made), _dx(rows, made)
    centre, a0, beta = made.sums.m0[:, None], made.slope[0][:, None], rows.beta[:, None]
    for c, i in blocks(*rows.x.shape):
        e = Words.of(*pairs.exact_sum(rows.x[c, i].astype(np.float64), -centre[c]))
        if "y" in stored:
            z = stored["y"][c, i]
            found["y"][c, i] = to_y.proven(z, Words.of(*pairs.exact_sum(z, -beta[c])), c, [e])
        if "dx" in stored and rows.dy is not None:
            z = stored["dx"][c, i]
            f = Words.of(*pairs.exact_sum(rows.dy[c, i].astype(np.float64), -a0[c]))
            parts = [f, e] if rows.training else [f]
            found["dx"][c, i] = to_dx.proven(z, Words.of(z), c, parts)


def _y(rows: Rows, made: _Constants) -> Residual:
    gamma = rows.gamma
    rest = gamma * made.m1[0]
    error = RESIDUAL * (np.abs(rows.beta) * made.s[0] + np.abs(gamma) * made.sums.furthest)
    by = (Factor.of(pairs.single(gamma)),)
    return _residual(made.s, by, rest, error + 2.0**-51 * np.abs(rest))


def _dx(rows: Rows, made: _Constants) -> Residual:
    gamma = pairs.single(rows.gamma)
    size = np.abs(rows.gamma) * made.sums.steepest
    if not rows.training:
        by = (Factor.of(gamma),)
        return _residual(made.s, by, np.zeros_like(size), RESIDUAL * size)
    by_f = pairs.times(gamma, made.V)
    by_e = pairs.minus(pairs.times(gamma, made.p))
    of_f, of_e = by_f[0] * made.slope[1], by_e[0] * made.m1[0]
    error = RESIDUAL * size * (made.V[0] + made.sums.furthest**2)
    error += 2.0**-51 * (np.abs(of_f) + np.abs(of_e))
    scale = pairs.times(made.V, made.s)
    return _residual(scale, (Factor.of(by_f), Factor.of(by_e)), of_f + of_e, error)


def _residual(scale: Pair, by: tuple[Factor, ...], rest: FloatArray, error: FloatArray) -> Residual:
    return Residual(Factor.of(scale), by, rest[:, None], np.maximum(error, LEAST)[:, None])


_Number = tuple[Pair, Pair, FloatArray]
"""A, v A, and a bound of the error of the second; see `proven_numbers`."""


def _numbers(rows: Rows, made: _Constants) -> dict[str, Callable[[], _Number]]:
    """How each output of one number per channel is proven."""
    one = pairs.single(np.ones_like(rows.gamma))
    total, M = made.sums, rows.x.shape[1]
    both = total.furthest * total.steepest
    along = pairs.times(made.p, pairs.single(np.full_like(rows.gamma, float(M))))
    numbers: dict[str, Callable[[], _Number]] = {
        "inv_std": lambda: (made.s, one, np.zeros_like(both)),
        "dgamma": lambda: (made.s, along, 2.0**-92 * M * both),
        "dbeta": lambda: (one, total.G1, 2 * SUM * M * total.steepest),
        "mean": lambda: (one, *_mean(total, made.m1)),
        "var": lambda: (one, made.var, _variance_error(total, made.m1, M)),
    }
    return numbers | _running(rows, made)


def _mean(total: Sums, m1: Pair) -> tuple[Pair, FloatArray]:
    mean = pairs.plus(pairs.single(total.m0), m1)
    return mean, 2.0**-95 * total.furthest + 2.0**-101 * np.abs(total.m0)


def _variance_error(total: Sums, m1: Pair, M: int) -> FloatArray:
    return np.asarray(2.0**-94 * (total.E2[0] / M + np.abs(m1[0]) * total.furthest))


def _running(rows: Rows, made: _Constants) -> dict[str, Callable[[], _Number]]:
    """(1 - momentum) running + momentum batch, one batch after the other."""
    M, means, variances = rows.x.shape[1], [], []
    batches = [sums(batch, None, None) for batch in rows.earlier] if rows.training else []
    for total in [*batches, made.sums] if rows.training else []:
        m1, var = _moments(total, np.full_like(rows.gamma, float(M)))
        means.append(_mean(total, m1))
        variances.append((var, _variance_error(total, m1, M)))
        made.sound[:] &= total.finite & (total.furthest <= _LARGEST)
    corrected = [
        (pairs.over_count(_times_number(var, M), np.full_like(error, M - 1.0)), 4 * error)
        for var, error in variances
        if M > 1
    ]
    return {
        "running_mean": lambda: _follow(rows, rows.running_mean, means),
        "running_var": lambda: _follow(rows, rows.running_var, corrected),
        "running_var_biased": lambda: _follow(rows, rows.running_var, variances),
    }


def _times_number(value: Pair, number: float) -> Pair:
    return pairs.times(value, pairs.single(np.full_like(value[0], float(number))))


def _follow(rows: Rows, start: FloatArray, batches: Sequence[tuple[Pair, FloatArray]]) -> _Number:
    weight = np.full_like(start, rows.momentum)
    kept = pairs.exact_sum(np.ones_like(start), -weight)
    at, error = pairs.single(start), np.zeros_like(start)
    for batch, off in batches:
        old, new = pairs.times(at, kept), pairs.times(batch, pairs.single(weight))
        error = 2 * (np.abs(kept[0]) * error + np.abs(weight) * off)
        error += 2.0**-99 * (np.abs(old[0]) + np.abs(new[0]))
        at = pairs.plus(old, new)
    return pairs.single(np.ones_like(start)), at, error
