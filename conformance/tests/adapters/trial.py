"""What the adapter tests share: inputs to ask, and the error of an answer in error units."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest

from conformance.adapter import Path, why_not
from conformance.case import Actual, Array, Dialect, Inputs
from conformance.errors import Unsupported
from conformance.harness.probing import EVERYTHING, lacking
from conformance.oracle.bounds import scales, units
from conformance.oracle.expected import solve_inputs

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)

MASKED: dict[str, Any] = {
    "shape": (3, 5, 4),
    "axis": 2,
    "mask": np.arange(15).reshape(3, 5, 1) % 3 > 0,
}
"""A call with a mask that keeps two of three positions."""


def ask(
    shape: tuple[int, ...] = (6, 5),
    dtype: Any = np.float32,
    *,
    params: Any = None,
    axis: int | tuple[int, ...] = 1,
    offset: float = 0.5,
    **changes: Any,
) -> Inputs:
    """One call's inputs: signed gamma, dy correlated with x, buffers far from the batch.

    Args:
        shape: Shape of x.
        dtype: Type of x and dy.
        params: Type of the parameters; that of x if None.
        axis: The channel axis or axes.
        offset: Mean of x; its standard deviation is about 1.
        **changes: Any field of `Inputs` to set otherwise.
    """
    params = dtype if params is None else params
    axes = axis if isinstance(axis, tuple) else (axis,)
    channels = tuple(shape[a] for a in axes)
    draw = np.random.default_rng(7)
    noise = draw.normal(size=shape)
    fields: dict[str, Any] = {
        "x": (noise + offset).astype(dtype),
        "dy": (draw.normal(size=shape) / 2 + noise + 0.7).astype(dtype),
        "gamma": draw.uniform(-2, 2, channels).astype(params),
        "beta": draw.normal(size=channels).astype(params),
        "running_mean": draw.normal(3, 1, channels).astype(params),
        "running_var": draw.uniform(2, 5, channels).astype(params),
    }
    given = {"eps": 1e-3, "momentum": 0.3, "axis": axis, **fields, **changes}
    return Inputs(**{name: _locked(value) for name, value in given.items()})


def errors(inputs: Inputs, actual: Actual, dialect: Dialect) -> dict[str, float]:
    """The largest error of every output in `actual`, in error units; infinite if not finite."""
    outside = dialect.eps == "outside"
    expected = solve_inputs(inputs, eps_outside=outside)
    scale = scales(inputs, expected, eps_outside=outside)
    worst = {}
    for name, array in actual.items():
        biased = name == "running_var" and dialect.running_var == "biased"
        exact = getattr(expected, "running_var_biased" if biased else name)
        assert array.shape == exact.shape, name
        allowed = scale.get(name)  # None for buffers in test mode: they are not computed
        allowed = np.zeros(exact.shape) if allowed is None else allowed
        unit = units(inputs, exact, allowed, array.dtype)
        wide = array.astype(np.float64)
        with np.errstate(all="ignore"):  # a unit is 0 where nothing may be off
            off = np.where(wide == exact, 0.0, np.abs(wide - exact) / unit)
        worst[name] = float(np.where(np.isfinite(off), off, np.inf).max(initial=0.0))
    return worst


def answer_or_skip(path: Path, inputs: Inputs, *, refusals: bool = False) -> dict[str, Array]:
    """What a path answers; what it does not take, or a machine lacks, is skipped.

    Args:
        path: The path.
        inputs: The call.
        refusals: Whether it may refuse the call, too, which is skipped then.
    """
    reason = why_not(path.capabilities, inputs)
    if reason is not None:
        pytest.skip(reason)
    skip_if_lacking(path, inputs)
    try:
        return dict(path.run(inputs))
    except Unsupported as refusal:
        if not refusals:
            raise
        pytest.skip(str(refusal))


def skip_if_lacking(path: Path, inputs: Inputs) -> set[str]:
    """Skip where this machine was found not to take a call; else the outputs that it lacks."""
    found = lacking(path.probes, inputs)
    if EVERYTHING in found:
        pytest.skip(found[EVERYTHING])
    return set(found)


def _locked(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        locked: Array = value.copy()
        locked.setflags(write=False)
        return locked
    return value
