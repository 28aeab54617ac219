"""The largest, the smallest and the finest value of each channel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from conformance.case import Array
from conformance.float_types import finfo
from conformance.oracle.quick.tiles import tiles, wide
from conformance.oracle.rounding import Floats

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

LARGEST = 100
"""Numbers of the quick phase are below ``2**LARGEST``: no product of three overflows."""

FINEST = -300
"""Values of the quick phase are multiples of ``2**FINEST``."""


@dataclass(frozen=True, slots=True)
class Ranges:
    """What is known of the values of each channel; all ``(C,)``.

    Attributes:
        largest: The largest value; NaN or infinite where one is.
        smallest: The smallest value; the same.
        top: Every value is below ``2**top`` in size; 0 where all are 0.
        low: Every value is a multiple of ``2**low``; 0 where all are 0.
    """

    largest: Floats
    smallest: Floats
    top: Ints
    low: Ints

    @property
    def ordinary(self) -> Mask:
        """Where all values are finite and neither too large nor too fine."""
        finite = np.isfinite(self.largest) & np.isfinite(self.smallest)
        return np.asarray(finite & (self.top <= LARGEST) & (self.low >= FINEST))

    @property
    def constant(self) -> Mask:
        """Where all values are the same."""
        return np.asarray(self.largest == self.smallest)

    def at(self, channels: Mask) -> Ranges:
        """Those of some channels."""
        return Ranges(
            self.largest[channels], self.smallest[channels], self.top[channels], self.low[channels]
        )


def ranges(rows: Array) -> Ranges:
    """Measure every row of ``(C, M)``, M > 0, of any float type."""
    channels, count = rows.shape
    largest, smallest = np.full(channels, -np.inf), np.full(channels, np.inf)
    finest = np.full(channels, np.inf)
    for c, m in tiles(channels, count):
        block = wide(rows, c, m)
        largest[c] = np.maximum(largest[c], block.max(axis=1))
        smallest[c] = np.minimum(smallest[c], block.min(axis=1))
        size = np.abs(block, out=block)
        least = size.min(axis=1)
        if not least.all():
            size[size == 0] = np.inf
            least = size.min(axis=1)
        finest[c] = np.minimum(finest[c], least)
    top = exponent(np.maximum(np.abs(largest), np.abs(smallest)))
    low = exponent(finest) - (int(finfo(rows.dtype).nmant) + 1)
    zero = (largest == 0) & (smallest == 0)
    return Ranges(largest, smallest, np.where(zero, 0, top), np.where(zero, 0, low))


def exponent(values: Floats) -> Ints:
    """The smallest e with ``|value| < 2**e``; 0 for what is 0 or not finite."""
    tame = np.where(np.isfinite(values), values, 0.0)
    return np.asarray(np.frexp(tame)[1], dtype=np.int64)


def two_to(exponents: Ints) -> Floats:
    """Powers of two, exact."""
    return np.asarray(np.ldexp(1.0, exponents), dtype=np.float64)
