"""Whether a mutant is the same function as its original, proven in a finite field.

The textbook's formulas are rational functions of their inputs and of one square root per channel.
They run as they stand over the integers modulo the prime p = 2^127 - 1, where nothing is rounded,
at random points where every variance, with eps and without, is a square.

Two such functions that differ agree at a random point with probability below D 2^k / p
(Schwartz 1980; Zippel 1979): D is the degree of the norm of their difference, the product over
all signs of its roots, which is free of roots; 2^-k is the part of all points at which the k
numbers that must be squares are.  Here k <= 24, two for each variance of a point, and a norm over
2^6 signs of formulas that have degree 2^7 in each of 120 values has D < 2^20.  So a point errs
with probability below 2^-83, and a mutant is the same only if it agrees at 13 points.

Signs are those of real numbers: as p = 3 mod 4, of the two roots of a square one is a square
itself.  That one counts as positive, and products and roots of positive numbers are positive.

What is the same in the field may differ where arithmetic is not that of real numbers: by rounding,
at a constant channel, at an infinity, in an empty batch.  Only cases tell; see `Kinship`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from enum import Enum
from functools import cache
from math import prod
from typing import Any, Final, TypeAlias

import numpy as np

from conformance.case import Actual, Array, Inputs, Kernel
from conformance.power.mutants import Mutant, kernel, original

P: Final = 2**127 - 1
"""A Mersenne prime (Lucas 1876); 3 modulo 4."""

Number: TypeAlias = "Element | int | float"


class NoRootError(ArithmeticError):
    """The square root of what is no square, in the field the root of a negative number."""


class Element:
    """A number modulo `P` that numpy holds in arrays of objects; never changed.

    Integers and floats that it meets are read exactly, as the rationals that they are.
    """

    __slots__ = ("value",)

    def __init__(self, value: int) -> None:
        """Take the residue of an integer."""
        self.value = value % P

    def __add__(self, other: Number) -> Element:
        return NotImplemented if (o := _residue(other)) is None else Element(self.value + o)

    def __sub__(self, other: Number) -> Element:
        return NotImplemented if (o := _residue(other)) is None else Element(self.value - o)

    def __rsub__(self, other: Number) -> Element:
        return NotImplemented if (o := _residue(other)) is None else Element(o - self.value)

    def __mul__(self, other: Number) -> Element:
        return NotImplemented if (o := _residue(other)) is None else Element(self.value * o)

    def __truediv__(self, other: Number) -> Element:
        return (
            NotImplemented if (o := _residue(other)) is None else Element(self.value * _inverse(o))
        )

    def __rtruediv__(self, other: Number) -> Element:
        return (
            NotImplemented if (o := _residue(other)) is None else Element(o * _inverse(self.value))
        )

    __radd__, __rmul__ = __add__, __mul__

    def __pow__(self, exponent: float) -> Element:
        """A power; of a half-integer exponent, that power of the positive root."""
        if not isinstance(exponent, int | float):
            return NotImplemented
        twice = int(2 * exponent)
        if twice != 2 * exponent:
            raise ArithmeticError(
                f"the exponent is {exponent!r}, a multiple of 0.5 was wanted. "
                "Only square roots exist in the field."
            )
        if twice % 2:
            return self.sqrt() ** twice
        power = abs(twice) // 2
        return Element(pow(self.value if twice >= 0 else _inverse(self.value), power, P))

    def __neg__(self) -> Element:
        return Element(-self.value)

    def __eq__(self, other: object) -> bool:
        residue = _residue(other)
        return NotImplemented if residue is None else self.value == residue

    def __hash__(self) -> int:
        return hash(self.value)

    def __bool__(self) -> bool:
        return self.value != 0

    def __repr__(self) -> str:
        return f"Element({self.value})"

    @property
    def is_square(self) -> bool:
        """Whether it has a root: Euler's criterion.  Zero counts as none: it has no inverse."""
        return pow(self.value, (P - 1) // 2, P) == 1

    def sqrt(self) -> Element:
        """The root that is a square itself; ``np.sqrt`` calls this.

        Raises:
            NoRootError: there is none.
        """
        root = pow(self.value, (P + 1) // 4, P)
        if root * root % P != self.value:
            raise NoRootError(f"{self.value} is no square modulo 2^127 - 1. Choose another point.")
        return Element(root)


def _residue(number: object) -> int | None:
    if isinstance(number, Element):
        return number.value
    if isinstance(number, int):
        return number % P
    if isinstance(number, float):
        above, below = number.as_integer_ratio()
        return above * _inverse(below) % P
    return None


def _inverse(value: int) -> int:
    if value % P == 0:
        raise ZeroDivisionError("division by zero in the field. Choose another point.")
    return pow(value, -1, P)


class Kinship(Enum):
    """What a mutant is to its original, by the field and by its answers to real calls.

    `DIFFERENT` and `SPECIAL` ones are there to be killed.  A `ROUNDING` one is killed where it
    loses too much; where no case shows that, it is an honest algorithm, as `IDENTICAL` ones are.
    """

    DIFFERENT = "another function"
    SPECIAL = "the same function, but a number where the original gives none, or the reverse"
    ROUNDING = "the same function, rounded in another way"
    IDENTICAL = "the same function, and the same bits in every call"


def kinship(mutant: Mutant, calls: Iterable[Inputs]) -> Kinship:
    """Say what a mutant is to its original.

    Rounding moves a number; it does not make one, nor take one away.  So where the field sees no
    difference, a NaN or an infinity that only one of the two returns is one of another kind:
    of a guard that is gone, of a type that is too narrow.

    Args:
        mutant: One of `mutants`.
        calls: Real calls, such as those of the golden cases; a few suffice for no mutant that
            `equivalent` tells from its original.
    """
    if not equivalent(mutant):
        return Kinship.DIFFERENT
    run, reference = kernel(mutant), original(mutant.path)
    found = Kinship.IDENTICAL
    for inputs in calls:
        expected = reference(inputs)
        actual = _attempt(run, inputs)
        if actual is None or not _alike(actual, expected, np.isfinite):
            return Kinship.SPECIAL
        if not _alike(actual, expected, np.nan_to_num):
            found = Kinship.ROUNDING
    return found


def _attempt(run: Kernel, inputs: Inputs) -> Actual | None:
    try:
        return run(inputs)
    except Exception:  # noqa: BLE001 - whatever a mutant raises, it gives no answer
        return None


def _alike(actual: Actual, expected: Actual, view: Callable[[Array], Array]) -> bool:
    """Whether the same outputs are there, of the same type and shape, and look the same."""
    return actual.keys() == expected.keys() and all(
        actual[name].dtype == value.dtype and np.array_equal(view(actual[name]), view(value))
        for name, value in expected.items()
    )


def equivalent(mutant: Mutant) -> bool:
    """Whether a mutant is the same function as its original in exact arithmetic.

    What raises in the field is not the same: the original does not.
    """
    run = kernel(mutant, to_number=_as_it_is)
    return all(
        _agrees(run, inputs, expected)
        for inputs, expected in zip(points(), _answers(mutant.path), strict=True)
    )


def _agrees(run: Kernel, inputs: Inputs, expected: Actual) -> bool:
    actual = _attempt(run, inputs)
    return (
        actual is not None
        and actual.keys() == expected.keys()
        and all(
            actual[name].shape == value.shape and bool((actual[name] == value).all())
            for name, value in expected.items()
        )
    )


@cache
def _answers(path: str) -> tuple[Actual, ...]:
    run = original(path, to_number=_as_it_is)
    return tuple(run(inputs) for inputs in points())


def _as_it_is(number: Any) -> Any:
    return number


class _Inputs(Inputs):
    """Inputs whose count is a number of the field, so that ``1 / N`` is exact."""

    __slots__ = ()

    @property
    def count(self) -> Any:
        return Element(super().count)


_CALLS: tuple[dict[str, Any], ...] = (
    {"shape": (4, 3)},
    {"shape": (4, 3), "training": False},
    {"shape": (4, 3, 2, 5)},
    {"shape": (4, 3, 2, 5), "training": False},
    {"shape": (3, 2, 4), "axis": 2},
    {"shape": (3, 2, 4), "axis": 2, "training": False},
    {"shape": (3, 2, 4), "without": ("gamma",)},
    {"shape": (3, 2, 4), "without": ("gamma",), "training": False},
    {"shape": (3, 2, 4), "without": ("beta",)},
    {"shape": (3, 2, 4), "without": ("beta",), "training": False},
    {"shape": (3, 2, 4), "without": ("running_mean", "running_var")},
    {"shape": (3, 2, 4), "without": ("dy",)},
    {"shape": (5, 2, 3), "axis": (1, 2)},
)
"""Every kind of call that is made: no two axes of one length, each input once absent."""


@cache
def points() -> tuple[Inputs, ...]:
    """A random point of the field for every kind of call."""
    rng = random.Random(2**127 - 1)  # noqa: S311 - reproducible, and nothing is secret
    return tuple(_point(rng, **call) for call in _CALLS)


def _point(
    rng: random.Random,
    *,
    shape: tuple[int, ...],
    axis: int | tuple[int, ...] = 1,
    training: bool = True,
    without: tuple[str, ...] = (),
) -> Inputs:
    eps: Any = _draw(rng)
    momentum: Any = _draw(rng)
    axes = (axis,) if isinstance(axis, int) else axis
    channels = tuple(shape[a] for a in axes)
    others = [n for a, n in enumerate(shape) if a not in axes]
    C, M = prod(channels), prod(others)
    rows = np.array([_channel(rng, M, eps) for _ in range(C)], dtype=object)
    given: dict[str, Any] = {
        "x": np.moveaxis(rows.reshape(*channels, *others), range(len(axes)), axes),
        "dy": _array([_draw(rng) for _ in range(C * M)], shape),
        "running_var": _array([_variance(rng, eps) for _ in range(C)], channels),
    }
    for name in ("gamma", "beta", "running_mean"):
        given[name] = _array([_draw(rng) for _ in range(C)], channels)
    given |= dict.fromkeys(without)
    return _Inputs(eps=eps, momentum=momentum, training=training, axis=axis, **given)


def _channel(rng: random.Random, M: int, eps: Element) -> list[Element]:
    """Values whose variance is a square, as it is and with eps."""
    while True:
        x = np.array([_draw(rng) for _ in range(M)], dtype=object)
        if _is_positive(((x - x.sum() / M) ** 2).sum() / M, eps):
            return list(x)


def _variance(rng: random.Random, eps: Element) -> Element:
    while True:
        if _is_positive(variance := _draw(rng), eps):
            return variance


def _is_positive(variance: Element, eps: Element) -> bool:
    return variance.is_square and (variance + eps).is_square


def _draw(rng: random.Random) -> Element:
    return Element(rng.randrange(P))


def _array(elements: list[Element], shape: tuple[int, ...]) -> Array:
    return np.array(elements, dtype=object).reshape(shape)
