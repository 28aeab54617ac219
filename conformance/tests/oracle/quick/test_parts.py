"""The parts of the quick phase: exact sums, double-word numbers, blocks."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from conformance.oracle.quick import limbs, pairs, ranges
from conformance.oracle.quick.tiles import tiles


@pytest.mark.parametrize("spread", [0, 8, 9, 10, 11, 30, 31, 32, 51, 52, 53, 72])
@pytest.mark.parametrize("count", [2, 5, 4096, 4097])
def test_sums_are_exact(spread: int, count: int) -> None:
    """Whatever the span of the exponents, the four sums are those of Python's integers."""
    rng = np.random.default_rng(spread)
    x = np.ldexp(rng.uniform(1, 2, (2, count)), rng.integers(0, spread + 1, (2, count)))
    x *= rng.choice([-1.0, 1.0], (2, count))
    x[:, 0], x[:, -1] = 2.0**spread, -1.0  # multiples of 2^-52 below 2^(spread + 1)
    dy = x[:, ::-1] / 4
    found = limbs.sums(x, ranges.ranges(x), dy, ranges.ranges(dy))
    for c in range(2):
        X, D = (
            [int(Fraction(v) / Fraction(2) ** int(low[c])) for v in row[c].tolist()]
            for row, low in ((x, found.ex), (dy, found.ed))
        )
        products = sum(a * b for a, b in zip(X, D, strict=True))
        wanted = sum(X), sum(a * a for a in X), sum(D), products
        assert (found.S1[c], found.Sxx[c], found.Sd[c], found.Sdx[c]) == wanted


def test_what_limbs_cannot_hold_is_told() -> None:
    """Exponents that lie further apart than the limbs reach make a channel not sliceable."""
    x = np.array([[2.0**72, 1.0], [2.0**74, 1.0]])
    assert limbs.sliceable(ranges.ranges(x)).tolist() == [True, False]


def test_the_largest_sums_of_limbs_are_exact() -> None:
    """Odd limbs of nearly the largest size, all of one sign, over more than a flush of blocks."""
    count = 4096 * (limbs._FLUSH + 1) + 3
    odd = 2**20 - 1 - 2 * np.random.default_rng(0).integers(0, 500, count)
    x = odd[None, :] * 2.0**11  # multiples of 2^(63 - 52): the highest of the limbs above 2^-52
    x[0, 0] = 1.0
    found = limbs.sums(x, ranges.ranges(x))
    unit = Fraction(2) ** int(found.ex[0])
    values = [int(v) for v in x[0].tolist()]
    assert found.S1[0] * unit == sum(values)
    assert found.Sxx[0] * unit**2 == sum(v * v for v in values)


def _pair(rng: np.random.Generator) -> pairs.Pair:
    high = np.ldexp(rng.uniform(-1, 1, 500), rng.integers(-20, 20, 500))
    return pairs.fast_two_sum(high, high * rng.uniform(-1, 1, 500) * 2.0**-53)


def _exact(pair: pairs.Pair) -> list[Fraction]:
    return [Fraction(h) + Fraction(t) for h, t in zip(*(p.tolist() for p in pair), strict=True)]


OPERATIONS: dict[str, tuple[Callable[[Any, Any], pairs.Pair], Callable[[Any, Any], Fraction]]] = {
    "plus": (pairs.plus, lambda a, b: a + b),
    "times": (pairs.times, lambda a, b: a * b),
    "over": (pairs.over, lambda a, b: a / b),
}
WITH_FLOAT: dict[str, tuple[Callable[[Any, Any], pairs.Pair], Callable[[Any, Any], Fraction]]] = {
    "plus_float": (pairs.plus_float, lambda a, b: a + b),
    "times_float": (pairs.times_float, lambda a, b: a * b),
    "over_float": (pairs.over_float, lambda a, b: a / b),
}


@pytest.mark.parametrize("name", [*OPERATIONS, *WITH_FLOAT])
def test_double_word_operations_keep_their_bound(name: str) -> None:
    """No operation is off by more than 2^-101 of its result, cancellation included."""
    rng = np.random.default_rng(5)
    a, b = _pair(rng), _pair(rng)
    b[0][:100], b[1][:100] = -a[0][:100], a[1][:100] * 0.9  # sums that nearly cancel
    if name in WITH_FLOAT:
        b = pairs.exactly(b[0])
        made, exact = WITH_FLOAT[name][0](a, b[0]), WITH_FLOAT[name][1]
    else:
        made, exact = OPERATIONS[name][0](a, b), OPERATIONS[name][1]
    for found, one, other in zip(_exact(made), _exact(a), _exact(b), strict=True):
        wanted = exact(one, other)
        assert abs(found - wanted) <= Fraction(pairs.ROUNDOFF) * abs(wanted)


def test_double_word_root_keeps_its_bound() -> None:
    """The square of a root is its number within twice the bound."""
    a = _pair(np.random.default_rng(6))
    a = np.where(a[0] < 0, -a[0], a[0]), np.where(a[0] < 0, -a[1], a[1])
    for found, wanted in zip(_exact(pairs.root(a)), _exact(a), strict=True):
        assert abs(found * found - wanted) <= 2 * Fraction(pairs.ROUNDOFF) * wanted


def test_integers_become_pairs_within_their_bound() -> None:
    """Two roundings of an integer lose at most 2^-106 of it."""
    numbers = np.array([3**k * (-1) ** k for k in range(300)], dtype=object)
    made = pairs.from_integers(numbers, np.zeros(300, np.int64))
    for found, wanted in zip(_exact(made), numbers.tolist(), strict=True):
        assert abs(found - wanted) <= Fraction(2) ** -106 * abs(wanted)


@pytest.mark.parametrize(("channels", "count"), [(1, 1), (3, 50_000), (70_000, 1), (100, 300)])
def test_tiles_cover_every_value_once(channels: int, count: int) -> None:
    """Blocks overlap nowhere and leave nothing out."""
    seen = np.zeros((channels, count), np.int64)
    for c, m in tiles(channels, count):
        seen[c, m] += 1
    assert (seen == 1).all()


def test_ranges_tell_what_is_not_finite() -> None:
    """A NaN or an infinity anywhere makes its channel, and no other, out of the ordinary."""
    x = np.ones((4, 9), np.float16)
    x[0, 3], x[1, 8], x[2, 0] = np.nan, np.inf, -np.inf
    with np.errstate(all="ignore"):
        assert ranges.ranges(x).ordinary.tolist() == [False, False, False, True]
