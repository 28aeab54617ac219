"""Integers from binary floats, and back with one rounding that is proven correct.

A finite binary float is an integer times a power of two.  `integers` takes an array apart;
the two `round_*` functions put exact results together again.  A result is either rational, and
Python's integer division rounds it correctly, or an integer multiple of one square root, which
`math.isqrt` encloses between neighbouring integers: where both ends round to the same float64,
so does every number between them (Ziv's test); where they do not, the precision is doubled.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from conformance.case import Array

Floats = npt.NDArray[np.float64]

_MANTISSA_BITS = 53
_INT64_BITS = 62
_FLOAT_BITS = 1023
_MIN_NORMAL_EXPONENT = -1021  # of frexp: 2**-1022 is 0.5 * 2**-1021
_MAX_EXPONENT = 1024
_FIRST_PRECISION = 112  # 53 bits to keep, the others make an undecided case improbable


def integers(values: Array) -> tuple[list[int], int]:
    """Write finite binary floats as integers over one common power of two.

    Args:
        values: Any shape, flattened in C order; finite, of a type that float64 holds exactly.

    Returns:
        ``(n, e)`` with ``values.flat[i] == n[i] * 2**e`` exactly; e is as large as possible.
    """
    mantissas, exponents = np.frexp(np.asarray(values, dtype=np.float64).ravel())
    wide = (mantissas * 2.0**_MANTISSA_BITS).astype(np.int64)
    nonzero = wide != 0
    if not nonzero.any():
        return [0] * wide.size, 0
    trailing = np.frexp((wide & -wide).astype(np.float64))[1] - 1
    trailing[~nonzero] = 0
    odd = wide >> trailing
    powers = exponents.astype(np.int64) - _MANTISSA_BITS + trailing
    common = int(powers[nonzero].min())
    shifts = np.where(nonzero, powers - common, 0)
    if int((shifts + _MANTISSA_BITS - trailing).max()) <= _INT64_BITS:
        return (odd << shifts).tolist(), common
    return [n << s for n, s in zip(odd.tolist(), shifts.tolist(), strict=True)], common


def integer(value: float) -> tuple[int, int]:
    """`integers` of one finite number."""
    (n,), e = integers(np.array(value))
    return n, e


def round_fraction(value: Fraction) -> float:
    """Round a rational number to float64; overflow becomes an infinity, -0 becomes +0."""
    return _divide(value.numerator, value.denominator)


def round_integers(numbers: Sequence[int], exponent: int) -> Floats:
    """Round every ``numbers[i] * 2**exponent`` to float64, shape ``(len(numbers),)``."""
    largest = max(max(numbers, default=0), -min(numbers, default=0))
    if largest.bit_length() <= _FLOAT_BITS:
        rounded = np.fromiter(map(float, numbers), np.float64, len(numbers))
        powers = np.frexp(rounded)[1][rounded != 0].astype(np.int64) + exponent
        # ldexp is exact here unless it leaves the normal range, where it would round again.
        if not powers.size or (
            powers.min() >= _MIN_NORMAL_EXPONENT and powers.max() <= _MAX_EXPONENT - 1
        ):
            return np.asarray(np.ldexp(rounded, exponent), dtype=np.float64)
    up, down = (1 << max(exponent, 0)), (1 << max(-exponent, 0))
    return np.array([_divide(n * up, down) for n in numbers], dtype=np.float64)


def round_surds(
    multiples: Sequence[int], radicand: Fraction, exponent: int, offset: tuple[int, int] = (0, 0)
) -> Floats:
    """Round every ``multiples[i] * sqrt(radicand) * 2**exponent + offset`` to float64.

    It always ends: a rational root is divided exactly; for an irrational one the value is
    irrational too unless ``multiples[i]`` is 0, so it lies strictly between two midpoints.

    Args:
        multiples: Integers q.
        radicand: A positive rational number.
        exponent: Power of two of the products.
        offset: ``(n, e)``: the integer n times ``2**e``.

    Returns:
        The correctly rounded values, ``(len(multiples),)``; exact zeros are +0.
    """
    multiples, plus, exponent = _align(multiples, exponent, offset)
    num, den = radicand.numerator, radicand.denominator
    root = math.isqrt(num * den)
    if root * root == num * den:
        up, down = (1 << max(exponent, 0)), (1 << max(-exponent, 0)) * den
        exact = [_divide((q * root + plus * den) * up, down) for q in multiples]
        return np.array(exact, dtype=np.float64)
    values = np.empty(len(multiples), dtype=np.float64)
    open_indices = np.arange(len(multiples))
    precision = _FIRST_PRECISION
    while open_indices.size:
        bits = max(precision - (num.bit_length() - den.bit_length()) // 2, 0)
        constant = math.isqrt((num << 2 * bits) // den)  # constant <= sqrt * 2**bits < constant + 1
        base = plus << bits
        low = [q * constant + base for q in multiples]
        high = [at + q for at, q in zip(low, multiples, strict=True)]
        at_low = round_integers(low, exponent - bits)
        at_high = round_integers(high, exponent - bits)
        values[open_indices] = at_low
        undecided = np.flatnonzero(at_low != at_high)
        multiples = [multiples[i] for i in undecided.tolist()]
        open_indices = open_indices[undecided]
        precision *= 2
    return values


def _align(
    multiples: Sequence[int], exponent: int, offset: tuple[int, int]
) -> tuple[Sequence[int], int, int]:
    """Bring the products and the offset to the smaller of their two exponents."""
    plus, plus_exponent = offset
    shift = exponent - plus_exponent
    if plus == 0:
        return multiples, plus, exponent
    if shift <= 0:
        return multiples, plus << -shift, exponent
    return [q << shift for q in multiples], plus, plus_exponent


def _divide(numerator: int, denominator: int) -> float:
    try:
        return numerator / denominator + 0.0  # -0.0 + 0.0 is +0.0
    except OverflowError:
        return math.inf if (numerator > 0) == (denominator > 0) else -math.inf
