"""Arrays of binary fractions: Python's integers over one common power of two, nothing rounded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from conformance.case import Array
from conformance.oracle.rounding import integers


@dataclass(frozen=True, slots=True)
class Dyadic:
    """``n * 2**e``, n an array of Python's integers; shapes are broadcast as numpy does."""

    n: Array
    e: int

    def __add__(self, other: Dyadic) -> Dyadic:
        """The sum, over the smaller power."""
        e = min(self.e, other.e)
        return _exact(self.over(e) + other.over(e), e)

    def __sub__(self, other: Dyadic) -> Dyadic:
        """The difference, over the smaller power."""
        e = min(self.e, other.e)
        return _exact(self.over(e) - other.over(e), e)

    def __mul__(self, other: Dyadic) -> Dyadic:
        """The product, element by element."""
        return _exact(self.n * other.n, self.e + other.e)

    def over(self, e: int) -> Array:
        """The integers over ``2**e``, which is not larger than its own power."""
        return np.asarray(self.n * (1 << (self.e - e)), dtype=object)

    def shaped(self, *shape: int) -> Dyadic:
        """The same numbers in another shape."""
        return Dyadic(self.n.reshape(shape), self.e)


def _exact(n: object, e: int) -> Dyadic:
    """Of arrays without axes numpy makes Python's numbers: they become arrays again."""
    return Dyadic(np.asarray(n, dtype=object), e)


def dyadic(values: Array | float) -> Dyadic:
    """Finite binary floats as they are."""
    array = np.asarray(values)
    n, e = integers(array)
    whole = np.empty(len(n), dtype=object)
    whole[:] = n
    return Dyadic(whole.reshape(array.shape), e)
