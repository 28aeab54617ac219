"""Numbers that are the same on every machine and under every numpy.

A stream is Philox-4x64 in counter mode, keyed by a text; only its raw 64-bit words are used, and
what follows is integer arithmetic and the float64 operations that IEEE 754 fixes bit for bit
(+ - * / and the square root), so no release of numpy or of a C library can change a case.
"""

from __future__ import annotations

import hashlib

import numpy as np

from conformance.case import Array

_HALF_SUM = 6 * 0xFFFF
"""Mean of a sum of twelve 16-bit integers."""


class Stream:
    """An endless sequence of numbers, determined by its seed alone.

    Args:
        seed: Any text; the first 16 bytes of its SHA-256, little-endian, are the key of the
            Philox generator, whose counter starts at zero.
    """

    def __init__(self, seed: str) -> None:
        """Start the sequence."""
        key = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:16], "little")
        self._generator = np.random.Philox(key=key)

    def words(self, count: int) -> Array:
        """The next `count` words, uint64."""
        return np.asarray(self._generator.random_raw(count), dtype=np.uint64)

    def uniform(self, rows: int, columns: int = 1) -> Array:
        """Uniform numbers in [0, 1): the upper 53 bits of a word, times 2**-53.

        Returns:
            float64 of shape ``(rows, columns)``, drawn row after row.
        """
        bits = self.words(rows * columns) >> np.uint64(11)
        return bits.astype(np.float64).reshape(rows, columns) * 2.0**-53

    def normal(self, rows: int, columns: int = 1) -> Array:
        """Nearly normal numbers: sums of twelve uniform ones (Irwin and Hall, 1927).

        Each number takes three words, cut into twelve 16-bit integers; their sum minus its mean,
        times 2**-16.  Mean 0, standard deviation 1 (to 1e-10), all within +-6.

        Returns:
            float64 of shape ``(rows, columns)``, multiples of 2**-16, drawn row after row.
        """
        parts = self.words(rows * columns * 3).view(np.uint16)  # in any order: they are added
        numbers = parts.reshape(-1, 12).sum(axis=1, dtype=np.int64) - _HALF_SUM
        return np.asarray(numbers.astype(np.float64).reshape(rows, columns) * 2.0**-16)

    def order(self, rows: int, columns: int) -> Array:
        """A random order of ``range(columns)`` for each row: the ranks of fresh words.

        Returns:
            Integers of shape ``(rows, columns)``.
        """
        words = self.words(rows * columns).reshape(rows, columns)
        return np.asarray(np.argsort(words, axis=1, kind="stable"))
