"""The formulas on single numbers: sums that keep their rounding errors, merged moments, 1/std.

Everything is typed by `real` (float32 or float64) to the last literal: Numba gives
``float32 + 0.0`` the type float64, NumPy gives it float32, and the kernels must compute the same
in both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numba import cuda  # type: ignore[import-not-found, unused-ignore]  # absent when checked

Real: TypeAlias = Any
"""``np.float32`` or ``np.float64``, the class; mypy holds that these cannot be hashed."""

Device: TypeAlias = Any
"""A function that kernels call on the device; Numba has no types."""

Kernel: TypeAlias = Any
"""What is launched: ``kernel[grid, block](...)``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arithmetic:
    """The device functions of one type.

    A compensated sum is a pair ``(sum, error)``, moments are a triple ``(count, mean, m2)`` with
    ``m2`` the sum of squared deviations from the mean.

    Attributes:
        real: ``np.float32`` or ``np.float64``, the type of everything below.
        add: Merges two compensated sums.
        total: The value of a compensated sum.
        merge: Merges two sets' moments.
    """

    real: Real
    add: Device
    total: Device
    merge: Device


def make(real: Real, *, simulated: bool) -> Arithmetic:
    """Build the device functions that compute in `real`.

    Args:
        real: ``np.float32`` or ``np.float64``.
        simulated: Leave them plain Python. The simulator takes two locks for every call of a
            device function, which it needs only for those that say ``cuda.``.
    """
    jit = _as_it_is if simulated else cuda.jit(device=True)
    return Arithmetic(
        real=real,
        add=jit(_add),
        total=jit(_total),
        merge=jit(_make_merge(real)),
    )


def _as_it_is(function: Device) -> Device:
    return function


def _add(a: Any, b: Any) -> Any:
    """Add two compensated sums: what the addition rounds away goes to the second member.

    Knuth's TwoSum, exact for any order of magnitudes (The Art of Computer Programming 2, 4.2.2,
    theorem B), used as in Ogita, Rump and Oishi, "Accurate sum and dot product" (2005): the error
    of the total is that of one rounding, however many terms there are.
    """
    s = a[0] + b[0]
    part = s - a[0]
    lost = (a[0] - (s - part)) + (b[0] - part)
    return (s, (a[1] + b[1]) + lost)


def _total(a: Any) -> Any:
    corrected = a[0] + a[1]
    # An infinite term makes the error term NaN; the sum itself is still what IEEE says it is.
    return corrected if corrected == corrected else a[0]  # noqa: PLR0124 - NaN is not itself


def _make_merge(real: Real) -> Device:
    zero = real(0)

    def merge(a: Any, b: Any) -> Any:
        """Merge the moments of two sets; one of them may be empty, or a single value.

        Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample
        variances" (1979), equation 2.1; with a single value it is Welford's step (1962).
        """
        count = a[0] + b[0]
        if count == zero:
            return a
        weight = b[0] / count
        delta = b[1] - a[1]
        mean = a[1] + delta * weight
        if mean != mean:  # noqa: PLR0124 - NaN is not itself
            # Infinities of one sign have that infinity as mean; the difference of two has none.
            mean = a[1] + b[1]
        # delta * delta first would overflow for a huge mean even where one of the sets is empty.
        return (count, mean, (a[2] + b[2]) + delta * (delta * (a[0] * weight)))

    return merge


@cuda.jit(device=True)  # type: ignore[untyped-decorator, unused-ignore]  # Numba has no types
def inverse_std(variance: Any, eps: Any) -> Any:
    """``1 / sqrt(variance + eps)`` in float64: computed once per channel, it costs nothing."""
    radicand = np.float64(variance) + np.float64(eps)
    if radicand > 0:
        return np.float64(1) / np.float64(math.sqrt(radicand))
    # Spelled out because Python raises where the hardware gives 1 / 0 = inf and sqrt(-1) = NaN.
    return np.float64(math.inf) if radicand == 0 else np.float64(math.nan)


@cuda.jit(device=True)  # type: ignore[untyped-decorator, unused-ignore]  # Numba has no types
def moving(old: Any, new: Any, momentum: Any) -> Any:
    """``(1 - momentum) * old + momentum * new`` in float64, `momentum` weighting the new value."""
    share = np.float64(momentum)
    return (np.float64(1) - share) * np.float64(old) + share * np.float64(new)
