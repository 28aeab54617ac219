"""Whether a program printed what it was said to print: numbers within the digits that were claimed.

Two machines add in another order, so the last digits of a sum are no claim.  The text around the
numbers is one, and so are zeros with their sign, whole numbers, NaN, infinities and signals.
"""

from __future__ import annotations

import re
from decimal import Decimal

_NUMBER = re.compile(r"(?<![\w.])([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(?![\w.])")
"""A decimal number that is no part of a word or of a version such as 2.13.0."""

_BLANKS = re.compile(r"[ \t]+")
"""Numpy fills columns with blanks, as many as the longest number needs."""

_SHORT = 3
"""Numbers of fewer digits are not rounded: 0.5 is printed by what holds one half."""

_FULL = 6
"""Digits of such a number: as many as every float32 keeps."""

_MOST = 15
"""Digits that every float64 keeps; what is printed beyond them is no claim."""


def agrees(found: str, claimed: str) -> bool:
    """Whether a program that printed `found` did what `claimed` says.

    A number agrees if it is within half a unit of the last digit claimed, at most the fifteenth.
    A number of one or two digits, such as 0.5 or 2.0, is meant in full: it claims six digits.
    A number without point and exponent, a zero and every other word must be met exactly.
    """
    found_parts, claimed_parts = _NUMBER.split(found.strip()), _NUMBER.split(claimed.strip())
    if len(found_parts) != len(claimed_parts):
        return False
    words = zip(found_parts[::2], claimed_parts[::2], strict=True)
    numbers = zip(found_parts[1::2], claimed_parts[1::2], strict=True)
    return all(_BLANKS.sub(" ", a) == _BLANKS.sub(" ", b) for a, b in words) and all(
        _within(Decimal(a), b) for a, b in numbers
    )


def _within(found: Decimal, claimed: str) -> bool:
    value = Decimal(claimed)
    if found.is_zero() or value.is_zero():
        return found.is_zero() and value.is_zero() and found.is_signed() == value.is_signed()
    if claimed.lstrip("+-").isdigit():
        return found == value
    given = len(value.as_tuple().digits)
    digits = min(given, _MOST) if given >= _SHORT else _FULL
    # `adjusted` is the exponent of the first digit.
    return abs(found - value) <= Decimal(5).scaleb(value.adjusted() - digits)
