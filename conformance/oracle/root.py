"""r = 1 / sqrt(var + eps), or 1 / (sigma + eps), and how it moves with the variance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from conformance.oracle.rounding import Floats


@dataclass(frozen=True, slots=True)
class Root:
    """r, w, k and (2 k) as `conformance.oracle.bounds` has them; columns ``(C, 1)``.

    k is the sensitivity of log r to the variance, (2 k) that of log(r w).
    """

    r: Floats
    w: Floats
    k: Floats
    twice_k: Floats


def roots(var: Floats, eps: float, *, eps_outside: bool) -> Root:
    """The root of a variance ``(C, 1)``, with eps inside it or outside."""
    if eps_outside:
        sigma = np.sqrt(var)
        r, w = 1 / (sigma + eps), 1 / sigma
        k = r * w / 2
        return Root(r, w, k, k + w * w / 2)
    r = 1 / np.sqrt(var + eps)
    return Root(r, r, r * r / 2, r * r)
