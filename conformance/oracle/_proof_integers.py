"""Binary fractions as integers over a common unit, which is a power of two."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from conformance.oracle._proof_rounding import FloatArray

_NEVER = np.iinfo(np.int32).max  # an exponent that no unit has: zero fits every unit


def whole_numbers(values: FloatArray, bits: int) -> tuple[list[int], int]:
    """Write finite `values` of at most `bits` significant bits as integers over one unit.

    Returns:
        The integers and the exponent of the unit: ``values = integers * 2**exponent``.
    """
    fraction, exponent = np.frexp(values)
    significand = np.ldexp(fraction, bits).astype(np.int64).tolist()
    exponent = np.where(values == 0, _NEVER, exponent)
    least = int(exponent.min(initial=_NEVER))
    if least == _NEVER:
        return [0] * len(significand), 0
    places = np.where(values == 0, 0, exponent - least).tolist()
    return [s << p for s, p in zip(significand, places, strict=True)], least - bits


def unit_of(value: Fraction) -> int:
    """The largest exponent <= 0 of a unit in which the binary fraction `value` is an integer."""
    return 1 - value.denominator.bit_length()


def in_unit(value: Fraction, exponent: int) -> int:
    """`value` in units of ``2**exponent``, where ``exponent <= unit_of(value)``."""
    return (value.numerator << -exponent) // value.denominator


def ratio(numerator: int, denominator: int, exponent: int) -> Fraction:
    """``numerator / denominator * 2**exponent``."""
    up, down = max(exponent, 0), max(-exponent, 0)
    return Fraction(numerator << up, denominator << down)
