"""Faults of the contract: what is written, aliased, promoted or left out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from conformance.case import Actual, Array
from conformance.faults.fault import Fault
from conformance.faults.sheet import Sheet
from conformance.float_types import TYPES
from conformance.oracle.channels import from_channels


def _overwriting_x(s: Sheet) -> Callable[[Actual], Actual]:
    def deliver(outputs: Actual) -> Actual:
        x = s.inputs.x
        if x.size:
            np.copyto(x, from_channels(s.x - s.center, s.inputs), casting="unsafe")
        return outputs

    return deliver


def _clobbered(s: Sheet, name: str, buffer: str) -> Array:
    """A parameter that is one array with a running statistic, read after the update."""
    given, kept = getattr(s.inputs, name), getattr(s.inputs, buffer)
    shared = given is not None and kept is not None and np.shares_memory(given, kept)
    return np.asarray(getattr(s, buffer) if shared and s.training else s.correct(name))


def _into_expanded_dy(s: Sheet) -> Array:
    """Write dx over dy, element by element, where the elements of dy are one in memory."""
    dy = np.asarray(s.inputs.dy)
    expanded = any(step == 0 and n > 1 for step, n in zip(dy.strides, dy.shape, strict=True))
    if not (expanded and s.training):
        return np.asarray(s.correct("dx"))
    value, mean = s.dy[:, :1], s.back_average(s.dy)
    along = s.back_average(s.dy * s.back_xhat)
    for i in range(s.count):
        value = s.gamma * s.back_inv_std * (value - mean - s.back_xhat[:, i : i + 1] * along)
    return np.asarray(np.broadcast_to(value, s.dy.shape))


FAULTS = (
    Fault(
        id="input-mutated",
        title="x is overwritten",
        math="x -= mean in the caller's array",
        touches=("x",),
        mode="both",
        shows="x compared before and after the call",
        hides="a fresh copy for each test",
        core=True,
        edits={"delivered": _overwriting_x},
    ),
    Fault(
        id="running-update-clobbers-affine",
        title="running statistics are written before gamma and beta are read",
        math="gamma, beta are the updated running_var, running_mean where they are one array",
        touches=("y", "dx"),
        mode="train",
        shows="gamma and running_var, beta and running_mean in one array",
        hides="arrays of their own",
        edits={
            "gamma": lambda s: _clobbered(s, "gamma", "running_var"),
            "beta": lambda s: _clobbered(s, "beta", "running_mean"),
        },
    ),
    Fault(
        id="output-dtype-promoted",
        title="y is float64 for every type of x",
        math="the values are right, the type is not",
        touches=("y",),
        mode="both",
        shows="a comparison of types",
        hides="allclose",
        types=tuple(t for t in TYPES if not t.startswith("float64")),
        edits={"delivered": lambda _: lambda found: {**found, "y": found["y"].astype(np.float64)}},
    ),
    Fault(
        id="std-gradient-nan-constant-channel",
        title="dx of a constant channel is NaN: the root is differentiated at 0",
        math="dx = 0 * inf where var = 0",
        touches=("dx",),
        mode="train",
        shows="a constant channel, or one value per channel",
        hides="no constant channel",
        edits={
            "dx": lambda s: (
                np.where(s.spread == 0, np.nan, s.correct("dx")) if s.training else s.correct("dx")
            )
        },
    ),
    Fault(
        id="gamma-none-is-zero",
        title="a missing gamma counts as 0",
        math="y = beta, dx = 0",
        touches=("y", "dx"),
        mode="both",
        shows="no gamma",
        hides="gamma given",
        edits={"gamma": lambda s: s.column(s.inputs.gamma, 0.0)},
    ),
    Fault(
        id="inverted-activation-output",
        title="dx is computed in the memory of an expanded dy",
        math="each element of dx overwrites the dy that the next one reads",
        touches=("dx",),
        mode="train",
        shows="dy with stride 0, as the gradient of y.sum() has",
        hides="dy with memory of its own",
        edits={"dx": _into_expanded_dy},
    ),
)
