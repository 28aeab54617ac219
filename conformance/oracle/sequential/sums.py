"""How far a sum may be from exact whose terms were added one after the other, from the terms.

A partial sum s is a multiple of the spacing Q of the numbers of its size.  Adding t to it and
rounding gives s + t + e with e = rint_Q(t) - t: ties and changes of size apart, the error of a step
depends on the term and on Q alone.  So the error of a sum is no random walk but a function of its
terms.  Equal terms make equal errors, which add up; terms that are spread out make errors of
either sign, which cancel but for their square root:

    lost(t) = sum_k B(Q_k) + 6.6 sqrt(sum_k W(Q_k))

    Q_k   spacing at env_k, the largest that the k-th partial sum is in the orders allowed for
    B(Q)  max over q <= Q of (1/M) sum over 32 segments of |sum of e_q(t_i) in the segment|
    W(Q)  max over q <= Q of mean e_q(t_i)^2
    env_k max(|s_k|, |s_M - s_(k-1)|, k |mean t| + 4 std(t) sqrt(k (M - k) / M), max|t|)

env has the natural order, the reversed one, a random one with 4 standard deviations, and one large
term that comes first.  The segments keep the errors of ordered data from cancelling.  q runs over
real numbers, since a kernel may add t / M or gamma t, whose bits are others: four to an octave,
from four octaves below the smallest Q.  Terms that are 0 are dropped: adding 0 is exact.

6.6 standard deviations of a normal distribution leave 4e-11 on both sides: what is left when B is
taken off is taken for independent.  That is a model and no proof.  (u sum|s_k| is proven, and
as wide for every data as this is for equal terms; Higham, Accuracy and Stability of Numerical
Algorithms, 2002, section 4.2, and sqrt(M) in place of M: Higham and Mary, 2019.)  The class is that
of orders that do not look at the values: an order that sorts them gathers equal terms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from conformance.oracle.rounding import Floats

Bools = npt.NDArray[np.bool_]

_DEVIATIONS = 6.6
_WANDERING = 4.0
"""Standard deviations that a partial sum in random order may be off its straight line."""

_SEGMENTS = 32
_PER_OCTAVE = 4
_OCTAVES_BELOW = 4
_OCTAVES = 40
"""Partial sums that are smaller than the largest by more octaves count as if they were not."""


class Losing(Protocol):
    """What sums lose: `Lost` from the data, or `AtMost` from their size alone."""

    def __call__(
        self, terms: Floats, *, size: Floats | None = None, weight: Floats | None = None
    ) -> Floats:
        """Bound of the error of every row's sum.

        Args:
            terms: Rows ``(C, M)``, float64, finite.
            size: Of the partial sums, where they are not those of the terms; ``(C, M)``.
            weight: What is left at the end of an error that is made at a step; ``(C, M)``.

        Returns:
            Column ``(C, 1)``, absolute.
        """


@dataclass(frozen=True, slots=True)
class Lost:
    """The bound of this module's docstring.

    Attributes:
        bits: Of the type that is added in.
        exact: Sums that are exact in every order lose nothing.  A kernel that adds scaled terms
            loses there, so that this is for inputs that were made for exact sums.
    """

    bits: int
    exact: bool = False

    def __call__(
        self, terms: Floats, *, size: Floats | None = None, weight: Floats | None = None
    ) -> Floats:
        """See `Losing`."""
        kept: Bools = terms != 0 if size is None else size > 0
        env = _envelope(terms, kept) if size is None else size
        weights = kept.astype(np.float64) if weight is None else kept * weight
        found = _lost(terms, env, weights, kept, self.bits)
        none = kept.sum(axis=1, keepdims=True) <= 1
        if self.exact and size is None:
            none |= exact_in_every_order(terms, self.bits)
        return np.where(none, 0.0, found)


@dataclass(frozen=True, slots=True)
class AtMost:
    """What `Lost` is never above, at the cost of one pass: (M + 6.6 sqrt(M)) u max env.

    |e| is at most Q / 2, and that at most u env.

    Attributes:
        bits: Of the type that is added in.
        exact: As for `Lost`.
    """

    bits: int
    exact: bool = False

    def __call__(
        self, terms: Floats, *, size: Floats | None = None, weight: Floats | None = None
    ) -> Floats:
        """See `Losing`."""
        count, absolute = terms.shape[1], np.abs(terms)
        if size is None:
            # A row of zeros but one has a standard deviation: its walk is not within sum|t|.
            wandering = _WANDERING / 2 * _root_of_squares(absolute)
            largest = absolute.sum(axis=1, keepdims=True) + wandering
        else:
            largest = size.max(axis=1, keepdims=True, initial=0.0)
        most = 1.0 if weight is None else weight.max(axis=1, keepdims=True, initial=0.0)
        found = (count + _DEVIATIONS * np.sqrt(count)) * 2.0**-self.bits * largest * most
        if self.exact and size is None:
            found = np.where(exact_in_every_order(terms, self.bits), 0.0, found)
        return np.asarray(found)


def exact_in_every_order(terms: Floats, bits: int) -> Bools:
    """Whether every partial sum in every order is a number of `bits` bits; bools ``(C, 1)``.

    All partial sums are multiples of the lowest bit of any term and at most sum|t|, which is below
    2^bits of them: below, since a float64 sum of 2^53 + 1 is rounded to 2^53.
    """
    part, exponent = np.frexp(terms)
    whole = np.abs(np.ldexp(part, 53)).astype(np.int64)
    lowest = np.log2(np.maximum(whole & -whole, 1)) + exponent - 53
    lowest = np.where(terms == 0, np.inf, lowest).min(axis=1, keepdims=True, initial=np.inf)
    found: Bools = np.abs(terms).sum(axis=1, keepdims=True) < np.exp2(bits + lowest)
    return found


def _envelope(terms: Floats, kept: Bools) -> Floats:
    """env: how large the k-th partial sum may be, ``(C, M)``; k counts the terms that are kept."""
    count = np.maximum(kept.sum(axis=1, keepdims=True), 1)
    k, partial = np.cumsum(kept, axis=1), np.cumsum(terms, axis=1)
    whole = partial[:, -1:]
    mean = whole / count
    deviation = _root_of_squares(np.where(kept, terms - mean, 0.0), count)
    wandering = np.abs(mean) * k + _WANDERING * deviation * np.sqrt(k * (count - k) / count)
    ordered = np.maximum(np.abs(partial), np.abs(whole - partial + terms))
    largest = np.abs(terms).max(axis=1, keepdims=True)
    return np.asarray(np.maximum(np.maximum(ordered, wandering), largest))


def _root_of_squares(values: Floats, count: Floats | int = 1) -> Floats:
    """``sqrt(sum v^2 / count)`` of rows, a column: of numbers whose squares are none, too."""
    exponent = np.frexp(np.abs(values).max(axis=1, keepdims=True, initial=0.0))[1]
    squares = np.ldexp(values, -exponent) ** 2
    return np.asarray(np.ldexp(np.sqrt(squares.sum(axis=1, keepdims=True) / count), exponent))


def _lost(terms: Floats, env: Floats, weights: Floats, kept: Bools, bits: int) -> Floats:
    """The sums over k, octave by octave: partial sums within one share Q."""
    octave = np.frexp(env)[1]
    top = np.where(kept, octave, np.iinfo(octave.dtype).min).max(axis=1, keepdims=True)
    top = np.maximum(top, -1000)  # a row without terms
    octave = np.maximum(octave - top, -_OCTAVES)
    terms = np.where(kept, np.ldexp(terms, -top), 0.0)  # rows now share the largest Q
    low = np.where(kept, octave, 0).min(axis=1, keepdims=True)
    count = np.maximum(kept.sum(axis=1, keepdims=True), 1)
    coherent, scattered, B, W = (np.zeros(count.shape) for _ in range(4))
    for o in range(int(low.min()) - _OCTAVES_BELOW, 1):
        due = low - _OCTAVES_BELOW <= o
        for part in range(_PER_OCTAVE):
            q = 2.0 ** (o - bits - part / _PER_OCTAVE)
            b, w = _errors(terms, q, count)
            B, W = np.maximum(B, due * b), np.maximum(W, due * w)
        here = weights * (octave == o)
        coherent += here.sum(axis=1, keepdims=True) * B
        scattered += (here * here).sum(axis=1, keepdims=True) * W
    return np.asarray(np.ldexp(coherent + _DEVIATIONS * np.sqrt(scattered), top))


def _errors(terms: Floats, q: float, count: Floats) -> tuple[Floats, Floats]:
    """Mean of the segments' summed errors, and mean squared error, on a grid of spacing q."""
    e = terms / q
    e -= np.rint(e)
    edges = np.unique(np.linspace(0, terms.shape[1], _SEGMENTS + 1).astype(int)[:-1])
    together = np.abs(np.add.reduceat(e, edges, axis=1)).sum(axis=1, keepdims=True)
    squares = np.einsum("ij,ij->i", e, e)[:, np.newaxis]
    return together * q / count, squares * q * q / count
