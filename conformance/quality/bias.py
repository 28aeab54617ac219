"""Whether errors have a direction: a sign test over independent calls.

Per call, output and direction one number, in which everything is that errors share:

    s = mean over the elements of (actual - exact) / unit * direction, clipped at +-4

Directions are up, away from zero, and away from what the value moves from: beta for y, the old
value for running statistics.  Over n calls

    Z = |sum s| / sqrt(sum s^2),      P(Z >= z) <= 2 exp(-z^2 / 2)

if each s is as likely positive as negative, given its size (Hoeffding, 1963, for the signs): no
variance is assumed.  Z is at most sqrt(n).  An alarm has a chance of 1e-9 for all tests of a check
together: z = sqrt(2 log(2 tests / 1e-9)), 7.2 for 9 outputs, 3 directions and 4 types.

An algorithm may be honest and biased: one Newton step for the root comes from below.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from conformance.case import Array, Inputs
from conformance.oracle.rounding import Floats

CHANCE = 1e-9
"""Of an alarm about a kernel without bias, in one check."""

_MOST = 4.0

DIRECTIONS = ("up", "away from zero", "past its mark")
_BACKWARD = {
    "up": "down",
    "away from zero": "toward zero",
    "past its mark": "short of its mark",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bias:
    """An output whose errors lean to one side.

    Attributes:
        output: Its name.
        toward: Where to: ``"up"``, ``"down"``, ``"toward zero"``, ``"away from zero"``, ``"past its
            mark"`` or ``"short of its mark"``.
        units: Mean error in that direction, in units.
        Z: The statistic.
        chance: A bound of how likely as much is without bias in any test of the check.
    """

    output: str
    toward: str
    units: float
    Z: float
    chance: float


def marks(output: str, exact: Array, inputs: Inputs) -> tuple[Floats, Floats, Floats]:
    """The directions of an output, in the order of `DIRECTIONS`; each of its shape."""
    wide = np.asarray(exact, dtype=np.float64)
    start = np.zeros_like(wide)
    if output == "y" and inputs.beta is not None:
        shape = [1] * wide.ndim
        shape[inputs.channel_axes[0]] = -1
        start = inputs.beta.astype(np.float64).reshape(shape)
    elif output.startswith("running"):
        start = np.asarray(getattr(inputs, output), dtype=np.float64)
    return np.ones_like(wide), np.sign(wide), np.sign(wide - start)


def leaning(error: Floats, directions: Sequence[Floats]) -> tuple[float, ...]:
    """S of one call, for each direction.

    Args:
        error: ``(actual - exact) / unit``, signed and finite.
        directions: Of the same shape.
    """
    means = (float((error * direction).mean()) for direction in directions)
    return tuple(min(max(mean, -_MOST), _MOST) for mean in means)


def statistic(s: Floats) -> float:
    """Z of the numbers of one direction; 0 where there is no error."""
    size = math.sqrt(float((s * s).sum()))
    return abs(float(s.sum())) / size if size else 0.0


def threshold(tests: int) -> float:
    """Z from which on the chance of an alarm in so many tests is below `CHANCE`."""
    return math.sqrt(2 * math.log(2 * tests / CHANCE))


def find(output: str, s: Floats, tests: int) -> Bias | None:
    """The bias of an output, in the direction that shows it most; None without an alarm.

    Args:
        output: Its name.
        s: One row per call, one column per direction.
        tests: How many tests the check makes.
    """
    Z = [statistic(column) for column in s.T]
    at = int(np.argmax(Z))
    if Z[at] < threshold(tests):
        return None
    mean, name = float(s[:, at].mean()), DIRECTIONS[at]
    return Bias(
        output=output,
        toward=name if mean > 0 else _BACKWARD[name],
        units=abs(mean),
        Z=Z[at],
        chance=min(1.0, tests * 2 * math.exp(-(Z[at] ** 2) / 2)),
    )
