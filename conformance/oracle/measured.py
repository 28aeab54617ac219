"""What the scales need to know of one batch, in float64: that suffices for a scale."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from conformance.case import LIMIT, Array, Inputs
from conformance.errors import InputError
from conformance.oracle.arithmetic import roundoff, underflow
from conformance.oracle.channels import by_channel, counts, kept
from conformance.oracle.rounding import Floats


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows ``(C, M)`` and columns ``(C, 1)``; n values count, those where `kept` is 1."""

    size: Floats  # |x|
    mean: Floats
    d: Floats  # x - mean, signed
    A1: Floats
    var: Floats
    S_var: Floats
    n: Floats | int
    kept: Floats | float = 1.0


def bessel(n: Floats | int) -> Floats | float:
    """``n / (n - 1)``, which makes a variance of n values unbiased; n of one value."""
    return n / np.maximum(n - 1, 1)


def measured(inputs: Inputs, x: Array) -> Batch:
    """A batch under training; float64 statistics suffice for a scale."""
    rows, mask, n = by_channel(wide(x), inputs), kept(inputs), counts(inputs)
    weight: Floats | float = 1.0 if mask is None else wide(mask)

    def average(values: Floats) -> Floats:
        return np.asarray((values * weight).sum(axis=1, keepdims=True) / n)

    mean = average(rows)
    size, d = np.abs(rows) + underflow(inputs), rows - mean
    A1, var, cross = average(size), average(d * d), average(np.abs(d) * size)
    S_var = var + 2 * cross + LIMIT * roundoff(inputs) * A1 * A1
    return Batch(size, mean, d, A1, var, S_var, n, weight)


def given(inputs: Inputs) -> Batch:
    """Test mode: the statistics are inputs, without error."""
    rows, mean, var = by_channel(wide(inputs.x), inputs), *given_statistics(inputs)
    size, A1 = np.abs(rows) + underflow(inputs), np.abs(mean) + underflow(inputs)
    return Batch(size, mean, rows - mean, A1, var, np.zeros_like(var), inputs.count)


def given_statistics(inputs: Inputs) -> tuple[Floats, Floats]:
    """The running mean and variance before the call: columns ``(C, 1)``."""
    if inputs.running_mean is None or inputs.running_var is None:
        raise InputError("running statistics are None, expected both. Pass both for their scales.")
    return column(inputs.running_mean), column(inputs.running_var)


def column(values: Array | None) -> Floats:
    """As float64, one row per channel."""
    return wide(values).reshape(-1, 1)


def wide(values: Array | None) -> Floats:
    """As float64."""
    return np.asarray(values, dtype=np.float64)
