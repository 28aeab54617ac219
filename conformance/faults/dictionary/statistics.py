"""Faults of the statistics of a batch: which values enter them, and how exactly."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from conformance.arrays import RUNNING
from conformance.case import Array
from conformance.faults.fault import BY_STATISTICS, Fault
from conformance.faults.sheet import Formula, Sheet

_BFLOAT16_BITS, _TF32_BITS = 8, 11
_WIDE_BLOCK = 1024
_VECTOR, _VECTORS = 4, range(193, 1000)


def _shares(s: Sheet) -> Callable[[Array], Array]:
    """Two shares of the samples, the first larger where N is odd, averaged without their counts."""
    each = s.count // max(s.samples, 1)
    cut = (s.samples + 1) // 2 * each

    def average(rows: Array) -> Array:
        parts = [part for part in (rows[:, :cut], rows[:, cut:]) if part.shape[1]]
        means = [part.mean(axis=1, keepdims=True) for part in parts]
        return np.asarray(np.mean(means, axis=0, dtype=s.work) if means else s.total(rows) / 0)

    return average


def _rounded(values: Array, bits: int) -> Array:
    """Rounded to so many significant bits."""
    mantissa, exponent = np.frexp(values)
    return np.asarray(np.ldexp(np.round(mantissa * 2**bits) / 2**bits, exponent), values.dtype)


def _statistics_of(bits: int) -> dict[str, Formula]:
    """Statistics of an x that a matrix unit has rounded."""

    def variance(s: Sheet) -> Array:
        return np.asarray(s.average((_rounded(s.x, bits) - s.mean) ** 2))

    return {"mean": lambda s: s.average(_rounded(s.x, bits)), "var": variance}


def _without_last_of_blocks(s: Sheet) -> Array:
    """The sum of x misses the last value of each block of 1023."""
    lost = s.x[:, _WIDE_BLOCK - 2 :: _WIDE_BLOCK - 1]
    return np.asarray((s.total(s.x) - s.total(lost)) / s.work(s.count))


def _without_block_tail(s: Sheet) -> Callable[[Array], Array]:
    """Sums over whole blocks of 1024 where there is more than one block."""

    def average(rows: Array) -> Array:
        whole = s.count // _WIDE_BLOCK * _WIDE_BLOCK or s.count
        return np.asarray(s.total(rows[:, :whole]) / s.work(s.count))

    return average


def _without_vector_tail(s: Sheet) -> Array:
    """The sum of x misses what is left of the last vector, in the path for middling M."""
    tail = s.count % _VECTOR if s.count in _VECTORS else 0
    return np.asarray(s.total(s.x[:, : s.count - tail]) / s.work(s.count))


def _single(cell: str) -> Formula:
    """A statistic of float64 rounded to float32."""
    return lambda s: s.correct(cell).astype(np.float32).astype(s.work)


FAULTS = (
    Fault(
        id="uneven-shares",
        title="two uneven shares of a batch are averaged without their counts",
        math="mean, var: (average of the first half + average of the second) / 2",
        touches=BY_STATISTICS,
        mode="train",
        shows="an odd number of samples",
        hides="shares of one size",
        edits={"average": _shares, "back_average": lambda s: s.correct("back_average")},
    ),
    Fault(
        id="double-statistics-in-single",
        title="mean and inv_std of float64 are kept in float32",
        math="mean, inv_std rounded to 24 bits, all else in float64",
        touches=("y", "dx", "dgamma", "mean", "var", "inv_std", *RUNNING),
        mode="both",
        shows="float64 and a bound below 1e-7",
        hides="float32; float64 with rtol 1e-5",
        types=("float64",),
        edits={
            "mean": _single("mean"),
            "center": _single("center"),
            "inv_std": _single("inv_std"),
        },
    ),
    Fault(
        id="statistics-of-bfloat16",
        title="the statistics are those of x rounded to bfloat16",
        math="mean, var of bfloat16(x), all else from x",
        touches=BY_STATISTICS,
        mode="train",
        shows="float32 with rtol below 4e-3",
        hides="bfloat16; rtol 1e-2",
        types=("float32",),
        edits=_statistics_of(_BFLOAT16_BITS),
    ),
    Fault(
        id="statistics-of-tf32",
        title="the statistics are those of x rounded to 11 bits, as tensor cores have it",
        math="mean, var of tf32(x), all else from x",
        touches=BY_STATISTICS,
        mode="train",
        shows="float32 with rtol below 5e-4",
        hides="half precision; rtol 1e-3",
        types=("float32",),
        edits=_statistics_of(_TF32_BITS),
    ),
    Fault(
        id="last-of-block-dropped",
        title="the sum for the mean misses the last value of each block of 1023",
        math="mean = (sum(x) - x[1022] - x[2045] - ...) / M; var about that mean",
        touches=BY_STATISTICS,
        mode="train",
        shows="M of 1023 and more, and a mean away from 0",
        hides="M below 1023",
        edits={"mean": _without_last_of_blocks},
    ),
    Fault(
        id="last-partial-block-of-1024-dropped",
        title="beyond 1024 values the last partial block of 1024 is not summed",
        math="mean, var: sums over floor(M / 1024) 1024 values, divided by M",
        touches=BY_STATISTICS,
        mode="train",
        shows="M above 1024, no multiple of 1024",
        hides="M of 1024 and less, or a multiple of it",
        edits={"average": _without_block_tail, "back_average": lambda s: s.correct("back_average")},
    ),
    Fault(
        id="vector-tail-dropped",
        title="for 192 < M < 1000 the sum for the mean misses the tail of a vector of 4",
        math="mean: the sum over floor(M / 4) 4 values, divided by M",
        touches=BY_STATISTICS,
        mode="train",
        shows="M between 192 and 1000, no multiple of 4",
        hides="any other M",
        edits={"mean": _without_vector_tail},
    ),
)
