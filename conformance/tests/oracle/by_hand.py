"""Random inputs, and batch normalization of them in 400 digits, written as in the paper."""

from __future__ import annotations

from typing import Any

import mpmath  # type: ignore[import-untyped]  # not annotated upstream
import numpy as np

from conformance.case import Array, Inputs

DIGITS = 400


def make(
    shape: tuple[int, ...], dtype: Any, *, axis: Any = 1, seed: int = 0, **more: Any
) -> Inputs:
    """Inputs with random values of a type."""
    rng = np.random.default_rng(seed)

    def draw(size: Any) -> Array:
        return np.asarray(rng.normal(size=size), dtype=dtype)

    channels = tuple(np.array(shape)[np.atleast_1d(np.array(axis))].tolist())
    given_ = {
        "x": draw(shape) * dtype(3) + dtype(1),
        "dy": draw(shape),
        "gamma": draw(channels),
        "beta": draw(channels),
        "running_mean": draw(channels),
        "running_var": np.abs(draw(channels)) + dtype(0.5),
        "axis": axis,
    }
    return Inputs(**{**given_, **more})


def rows(inputs: Inputs, array: Array) -> list[list[Any]]:
    """Channels of an array of the shape of x, as exact high-precision numbers."""
    moved = np.moveaxis(
        array.astype(np.float64), inputs.channel_axes, range(len(inputs.channel_axes))
    )
    flat = moved.reshape(int(np.prod(inputs.channel_shape)), -1)
    return [[mpmath.mpf(v) for v in row] for row in flat.tolist()]


def batch_norm(inputs: Inputs, *, eps_outside: bool = False) -> dict[str, list[Any]]:
    """Outputs per channel: y and dx as lists of float64 rows, the others as float64 numbers."""
    with mpmath.workdps(DIGITS):
        found: dict[str, list[Any]] = {}
        for c, x in enumerate(rows(inputs, inputs.x)):
            dy = rows(inputs, inputs.dy)[c] if inputs.dy is not None else [mpmath.mpf(0)] * len(x)
            for name, value in _channel(inputs, c, x, dy, eps_outside=eps_outside).items():
                found.setdefault(name, []).append(value)
        return found


def _channel(
    inputs: Inputs, c: int, x: list[Any], dy: list[Any], *, eps_outside: bool
) -> dict[str, Any]:
    M, eps = len(x), mpmath.mpf(inputs.eps)
    gamma = _number(inputs.gamma, c, 1.0)
    beta = _number(inputs.beta, c, 0.0)
    if inputs.training:
        mean = mpmath.fsum(x) / M
        var = mpmath.fsum((v - mean) ** 2 for v in x) / M
    else:
        mean, var = _number(inputs.running_mean, c, 0.0), _number(inputs.running_var, c, 1.0)
    sigma = mpmath.sqrt(var)
    r = 1 / (sigma + eps) if eps_outside else 1 / mpmath.sqrt(var + eps)
    y = [gamma * (v - mean) * r + beta for v in x]
    dgamma = mpmath.fsum(g * (v - mean) for g, v in zip(dy, x, strict=True)) * r
    if not inputs.training:
        dx = [gamma * r * g for g in dy]
    else:
        # dL/dvar and dL/dmean as in Ioffe and Szegedy (2015), then the three parts of dL/dx
        by_r = mpmath.fsum(gamma * g * (v - mean) for g, v in zip(dy, x, strict=True))
        dr_dvar = -(r**2) / (2 * sigma) if eps_outside else -(r**3) / 2
        dvar = by_r * dr_dvar
        dmean = -r * gamma * mpmath.fsum(dy)
        dx = [
            gamma * g * r + dvar * 2 * (v - mean) / M + dmean / M
            for g, v in zip(dy, x, strict=True)
        ]
    return {
        "y": [float(v) for v in y],
        "dx": [float(v) for v in dx],
        "dgamma": float(dgamma),
        "dbeta": float(mpmath.fsum(dy)),
        "mean": float(mean),
        "var": float(var),
        "inv_std": float(r),
    }


def _number(array: Array | None, c: int, default: float) -> Any:
    return mpmath.mpf(default if array is None else float(array.ravel()[c]))
