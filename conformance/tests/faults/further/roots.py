"""Ways to 1 / sqrt(var + eps)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from conformance.case import Array
from conformance.faults.sheet import Edits, Sheet

_MAGIC = np.uint32(0x5F375A86)
"""Lomont (2003): a first guess for the inverse root of a float32 from its bits."""


def _usual(V: Array) -> Array:
    """Where V is positive, normal and finite in float32."""
    return np.asarray((np.finfo(np.float32).tiny < V) & (np.finfo(np.float32).max > V))


def _newton(guess: Callable[[Array], Array], steps: int) -> Callable[[Sheet], Array]:
    """Steps r <- r (3 - V r^2) / 2 from a guess; sqrt and a division where V is not usual."""

    def root(s: Sheet) -> Array:
        V = np.asarray(s.spread + s.eps, s.work)
        usual = _usual(V)
        safe = np.where(usual, V, s.work(1))
        r = guess(safe).astype(s.work)
        for _ in range(steps):
            r = r * (s.work(1.5) - s.work(0.5) * (safe * r) * r)
        return np.where(usual, r, 1 / np.sqrt(V))

    return root


def _from_bits(V: Array) -> Array:
    bits = V.astype(np.float32).view(np.uint32)
    return (_MAGIC - (bits >> np.uint32(1))).view(np.float32)


def _of_12_bits(V: Array) -> Array:
    """What an approximate instruction gives: 12 bits."""
    r = 1 / np.sqrt(V.astype(np.float64))
    fraction, exponent = np.frexp(r)
    return np.asarray(np.ldexp(np.rint(fraction * 4096) / 4096, exponent))


def _wide(s: Sheet) -> Array:
    return np.asarray((1 / np.sqrt(s.spread.astype(np.float64) + s.eps)).astype(s.work))


def _goldschmidt(s: Sheet) -> Array:
    """Goldschmidt's coupled steps for root and inverse root, from 12 bits."""
    V = np.asarray(s.spread + s.eps, s.work)
    usual = _usual(V)
    safe = np.where(usual, V, s.work(1))
    r = _of_12_bits(safe).astype(s.work)
    g, h = safe * r, r * s.work(0.5)
    for _ in range(3):
        left = s.work(0.5) - g * h
        g, h = g + g * left, h + h * left
    return np.asarray(np.where(usual, 2 * h, 1 / np.sqrt(V)))


def _eps_in_float64(s: Sheet) -> Array:
    """Eps is added in float64, the root taken in the type that is computed in."""
    V = np.asarray((s.spread.astype(np.float64) + s.eps).astype(s.work))
    return np.asarray(s.work(1) / np.sqrt(V))


ROOTS: Mapping[str, Edits] = {
    "bits and four Newton steps": {"inv_std": _newton(_from_bits, 4)},
    "12 bits and three Newton steps": {"inv_std": _newton(_of_12_bits, 3)},
    "Goldschmidt": {"inv_std": _goldschmidt},
    "root in float64": {"inv_std": _wide},
    "eps in float64": {"inv_std": _eps_in_float64},
    "root of the reciprocal": {"inv_std": lambda s: np.sqrt(1 / (s.spread + s.eps))},
    "root twice removed": {
        "std": lambda s: np.sqrt(s.spread + s.eps),
        "inv_std": lambda s: s.std / (s.spread + s.eps),
    },
}
