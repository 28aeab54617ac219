"""The two numbers of a call, from small integers: eps and momentum."""

from __future__ import annotations

import numpy as np

from conformance.checking.search.small import Draw, small

_EPS = (1e-5, 1e-5, 1e-5, 1e-3, 1e-3, 1.0, 1e-8, 2.0, 0.0)
_DECADES = 8
_PARTS = 64
_MOMENTA = (0.1, 0.1, 0.5, 0.0, 1.0, 1.5, -0.25)
_FRACTIONS = 3
"""How often momentum is some fraction, for seven times that it is one of the above."""


def draw_eps(draw: Draw) -> float:
    """From 1e-8 to 1, and 0 and 2; 1e-5 and 1e-3 more often than others."""
    return _eps(draw(small(len(_EPS) + _DECADES - 1)), draw(small(_PARTS - 1)))


def draw_momentum(draw: Draw) -> float:
    """From 0 to 1, both included, and beyond on either side; binary fractions apart from 0.1."""
    kind, part = draw(small(len(_MOMENTA) + _FRACTIONS - 1)), draw(small(_PARTS - 2))
    return _MOMENTA[kind] if kind < len(_MOMENTA) else (part + 1) / _PARTS


def _eps(kind: int, part: int) -> float:
    if kind < len(_EPS):
        return _EPS[kind]
    decade = -1 - (kind - len(_EPS))
    # What float32 can hold: a kernel is not to blame for an eps that it cannot be given.
    return float(np.float32((1 + part / _PARTS) * 10.0**decade))
