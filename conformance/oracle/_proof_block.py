"""Whether stored values are the exact results of a deployed block, each rounded once.

From the definitions, value by value: every output gathers the inputs that it is a sum of, where the
generator moves whole windows and spreads what is transposed; and no root is taken:

    one root         n / sqrt(V) against a midpoint by the squares of both, as everywhere
    several roots    each between two fractions g <= 1 / sqrt(V) <= h that are certified by their
                     squares, g^2 V <= 1 <= h^2 V, and narrowed until the sum lies on one side
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product as every
from typing import TypeAlias

import numpy as np

from conformance.block import Block, Product
from conformance.case import Array, Inputs
from conformance.oracle._proof_integers import whole_numbers

_BITS = 53
_MOST_DOUBLINGS = 8
_FIRST_BITS = 128
_SMALLEST = Fraction(1, 1 << 1074)

Index: TypeAlias = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Value:
    """``sum n / sqrt(V) + shift``, exactly."""

    roots: Sequence[tuple[Fraction, Fraction]]
    shift: Fraction

    def exceeds(self, bound: Fraction) -> int | None:
        """1, 0 or -1 as the value is above, at or below a bound; None where it stays open."""
        off = bound - self.shift
        roots = [(n, V) for n, V in self.roots if n]
        if not roots:
            return _sign(-off)
        if len(roots) == 1:
            ((n, V),) = roots
            return _sign(n * abs(n) - off * abs(off) * V)
        bits = _FIRST_BITS
        for _ in range(_MOST_DOUBLINGS):
            ends = [_enclosed(n, V, bits) for n, V in roots]
            if sum(low for low, _ in ends) > off:
                return 1
            if sum(high for _, high in ends) < off:
                return -1
            bits *= 2
        return None


def misrounded_values(inputs: Inputs, stored: Array) -> Iterator[tuple[Index, str]]:
    """Places of a stored y that do not hold the rounded value, and why."""
    asked = _Asked(inputs)
    for place in every(*map(range, stored.shape)):
        why = _why(asked.value(place), float(stored[place]), relu=asked.block.relu)
        if why:
            yield place, why


def _why(value: _Value, stored: float, *, relu: bool) -> str:
    """What is wrong with a stored value; empty where it is the value, rounded once."""
    if not math.isfinite(stored):
        return "is not finite, a number was wanted: all that this value depends on is finite"
    if stored == 0 and math.copysign(1, stored) < 0:
        return "is -0, +0 was wanted: exact zeros and underflows are stored as +0"
    if relu and stored < 0:
        return "is negative, at least 0 was wanted behind a rectifier"
    even = _is_even(stored)
    for side, toward in (("small", math.inf), ("large", -math.inf)):
        if relu and stored == 0 and side == "large":
            continue  # whatever is below
        other = math.nextafter(stored, toward)
        at = value.exceeds(_midpoint(stored, other))
        if at is None:
            return "cannot be decided: the exact value lies too near a midpoint"
        past = at if side == "small" else -at
        if past > 0 or (past == 0 and not even):
            return f"is too {side}: the exact value lies past the midpoint to {other!r}"
    return ""


def _midpoint(stored: float, other: float) -> Fraction:
    if math.isinf(other):  # it stands for 2^1024
        return (Fraction(stored) + Fraction(1 << 1024) * _sign(Fraction(stored))) / 2
    return (Fraction(stored) + Fraction(other)) / 2


def _is_even(stored: float) -> bool:
    """Whether its significand is, so that a tie is its own."""
    unit = max(_SMALLEST, Fraction(math.ulp(stored)))
    return (Fraction(stored) / unit).numerator % 2 == 0


def _sign(number: Fraction) -> int:
    return (number > 0) - (number < 0)


def _enclosed(n: Fraction, V: Fraction, bits: int) -> tuple[Fraction, Fraction]:
    """Fractions on either side of ``n / sqrt(V)``, certified by their squares."""
    extra = bits + max(V.numerator.bit_length() - V.denominator.bit_length(), 0)
    guess = math.isqrt((V.denominator << 2 * extra) // V.numerator)
    g, h = Fraction(guess, 1 << extra), Fraction(guess + 1, 1 << extra)
    if not g * g * V <= 1 <= h * h * V:
        raise ArithmeticError(f"{guess} is no root of {V}: this is a fault of the proof")
    return (n * g, n * h) if n > 0 else (n * h, n * g)


class _Asked:
    """The numbers of a call, as fractions and as integers over one unit."""

    def __init__(self, inputs: Inputs) -> None:
        block = inputs.block
        assert block is not None  # noqa: S101 - the proof of a block is asked for blocks alone
        self.block: Block = block
        self._axis = inputs.channel_axes[0]
        self._x = _Whole(inputs.x)
        self._skip = None if block.skip is None else _Whole(block.skip)
        self._weight = None if block.product is None else _Whole(block.product.weight)
        own = (inputs.gamma, inputs.beta, inputs.running_mean, inputs.running_var)
        self._norms = [_Norm(own, inputs.eps)]
        if block.second is not None:
            other = block.second
            given = (other.gamma, other.beta, other.running_mean, other.running_var)
            self._norms.append(_Norm(given, inputs.eps))

    def value(self, place: Index) -> _Value:
        """The exact value there, before the rectifier."""
        added = Fraction(0) if self._skip is None else self._skip.at(place)
        if self.block.norm_first:
            found = self._before(place)
        else:
            z = self._sum(place) + (added if self.block.skip_first else 0)
            channel = place[self._axis]
            found = _Value(
                [norm.scaled(channel, z) for norm in self._norms],
                sum((norm.beta(channel) for norm in self._norms), Fraction(0)),
            )
        if self.block.skip_first:
            return found
        return _Value(found.roots, found.shift + added)

    def _sum(self, place: Index) -> Fraction:
        """What is normalized there."""
        product, weight = self.block.product, self._weight
        if product is None or weight is None:
            return self._x.at(place)
        total = sum(
            weight.n[weight_at] * self._x.n[x_at]
            for weight_at, x_at in _gathered(product, place, self._x.shape, self._axis)
        )
        return Fraction(total) * _power(weight.e + self._x.e) + self._bias(product, place)

    def _before(self, place: Index) -> _Value:
        """The normalization first: a root for every channel of x."""
        (norm,), product, weight = self._norms, self.block.product, self._weight
        if product is None or weight is None:
            channel = place[self._axis]
            return _Value([norm.scaled(channel, self._x.at(place))], norm.beta(channel))
        sums: dict[int, Fraction] = {}
        shift = self._bias(product, place)
        for weight_at, x_at in _gathered(product, place, self._x.shape, self._axis):
            channel, w = x_at[self._axis], weight.at(weight_at)
            n, _ = norm.scaled(channel, self._x.at(x_at))
            sums[channel] = sums.get(channel, Fraction(0)) + w * n
            shift += w * norm.beta(channel)
        return _Value([(n, norm.variance(c)) for c, n in sums.items()], shift)

    def _bias(self, product: Product, place: Index) -> Fraction:
        if product.bias is None:
            return Fraction(0)
        return Fraction(float(product.bias[place[_features(product, self._x.shape, self._axis)]]))


class _Norm:
    """One normalization, channel by channel."""

    def __init__(self, given: Sequence[Array | None], eps: float) -> None:
        self._gamma, self._beta, self._mean, self._var = given
        self._eps = Fraction(eps)

    def scaled(self, channel: int, z: Fraction) -> tuple[Fraction, Fraction]:
        """``gamma (z - mean)`` and V."""
        n = _of(self._gamma, channel, 1) * (z - _of(self._mean, channel, 0))
        return n, self.variance(channel)

    def variance(self, channel: int) -> Fraction:
        """V."""
        return _of(self._var, channel, 0) + self._eps

    def beta(self, channel: int) -> Fraction:
        """The shift."""
        return _of(self._beta, channel, 0)


def _of(values: Array | None, channel: int, absent: int) -> Fraction:
    return Fraction(absent) if values is None else Fraction(float(values[channel]))


class _Whole:
    """An array as integers by index, over one power of two."""

    def __init__(self, values: Array) -> None:
        flat = np.asarray(values, dtype=np.float64)
        numbers, self.e = whole_numbers(flat.ravel(), _BITS)
        self.shape = flat.shape
        self.n: Mapping[Index, int] = dict(zip(np.ndindex(*flat.shape), numbers, strict=True))

    def at(self, place: Index) -> Fraction:
        """The number there."""
        return Fraction(self.n[place]) * _power(self.e)


def _power(e: int) -> Fraction:
    return Fraction(1 << e) if e >= 0 else Fraction(1, 1 << -e)


def _features(product: Product, shape: Index, axis: int) -> int:
    return len(shape) - 1 if product.kind == "linear" else axis


def _gathered(
    product: Product, place: Index, shape: Index, axis: int
) -> Iterator[tuple[Index, Index]]:
    """Where the weight and x lie of every product that is summed at a place of the output."""
    features = _features(product, shape, axis)
    out = place[features]
    if product.kind == "linear":
        for given in range(shape[features]):
            yield (out, given), (*place[:features], given, *place[features + 1 :])
        return
    spatial = [a for a in range(1, len(shape)) if a != features]
    transposed = product.kind == "conv_transpose"
    group, of_group = divmod(out, product.channels // product.groups)
    for tap in every(*map(range, product.weight.shape[2:])):
        seen = _seen(product, tap, place, shape, spatial)
        if seen is None:
            continue
        width = shape[features] // product.groups
        for within in range(width):
            given = group * width + within
            weight_at = (given, of_group, *tap) if transposed else (out, within, *tap)
            yield weight_at, (*seen[:features], given, *seen[features + 1 :])


def _seen(
    product: Product, tap: Index, place: Index, shape: Index, spatial: Sequence[int]
) -> Index | None:
    """The place of x that a tap of the kernel meets; None in the padding, or between strides."""
    found = list(place)
    for at, a in enumerate(spatial):
        reach = tap[at] * product.dilation[at]
        if product.kind == "conv":
            position = place[a] * product.stride[at] + reach - product.padding[at]
        else:
            position, left = divmod(place[a] + product.padding[at] - reach, product.stride[at])
            if left:
                return None
        if not 0 <= position < shape[a]:
            return None
        found[a] = position
    return tuple(found)
