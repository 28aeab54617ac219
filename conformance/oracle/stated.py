"""The bounds of a case as numbers, for whoever judges without this package.

Of every output that is due, for the type that the case has: `unit`, one error unit per element
(`conformance.oracle.bounds`), and `loss`, what sums one after the other may lose beyond grade A
(`conformance.oracle.sequential`), in units of that element:

    |actual - expected| <= limit * unit               grade A
    |actual - expected| <= (limit + loss) * unit      grade B

Both are rounded up to `BITS` significant bits, so that what another machine's sums make of the last
bits of a float64 is not seen, and are float32 where that holds them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from conformance.arrays import DUE_FIELD, LIKE_X
from conformance.case import Array, Case
from conformance.oracle.bounds import scales, units
from conformance.oracle.channels import by_channel, from_channels, is_empty
from conformance.oracle.rounding import Floats
from conformance.oracle.sequential.classes import SUMS, channels_at_once, cost

UNIT, LOSS = "unit/", "loss/"
"""What stands before the name of an output."""

BITS = 16
"""Significant bits of a stated bound: at most 0.003 % more than the bound itself."""


def stated(case: Case) -> dict[str, Array]:
    """The bounds of a case.

    Args:
        case: A case with its exact answers.

    Returns:
        ``"unit/y"``, ``"loss/y"`` and so on, each of the shape of its output; a loss only where
        some element has one.  A unit that is not finite bounds nothing: there, and where what is
        expected is not finite, an answer agrees if it is NaN or infinite as the expected one is.
    """
    inputs, due = case.inputs, case.expected.items()
    scale, found = scales(inputs, case.expected), dict[str, Array]()
    lost = {} if is_empty(inputs) else _lost(case)
    for field, expected in due.items():
        name = DUE_FIELD.get(field, field)
        unit = units(inputs, expected, scale[name], inputs.dtype_of(name))
        found[UNIT + field] = _up(unit)
        if name in lost:
            with np.errstate(all="ignore"):
                loss = np.where((unit > 0) & np.isfinite(unit), lost[name] / unit, 0.0)
            if loss.any():
                found[LOSS + field] = _up(loss)
    return found


def _lost(case: Case) -> Mapping[str, Floats]:
    """What adding one by one may lose, absolute, in the shape of each output."""
    inputs = case.inputs
    channels = np.arange(len(by_channel(inputs.x, inputs)))
    step = channels_at_once(inputs)
    parts = [
        cost(inputs, case.problem.limit, channels[start : start + step])
        for start in range(0, len(channels), step)
    ]
    valid = np.concatenate([part.valid for part in parts]) if parts else np.zeros((0, 1), bool)
    found = {}
    for name in parts[0].of if parts else ():
        rows = np.concatenate([part.of[name] for part in parts])
        rows = np.where(valid | (name in SUMS), rows, 0.0)
        shaped = name in LIKE_X
        found[name] = from_channels(rows, inputs) if shaped else rows.reshape(inputs.channel_shape)
    return found


def _up(values: Floats) -> Array:
    """Rounded up to `BITS` bits; float32 where that holds all of them, normal and finite."""
    part, exponent = np.frexp(values)
    up = np.ldexp(np.ceil(np.ldexp(part, BITS)), exponent - BITS)
    up = np.where(np.isfinite(values), up, values)
    info, size = np.finfo(np.float32), np.abs(up[np.isfinite(up) & (up != 0)])
    if size.size and (size.min() < info.tiny or size.max() > info.max):
        return np.asarray(up)
    return np.asarray(up, dtype=np.float32)
