"""Batch normalization as a user of ``autograd.numpy`` writes it, and its gradients.

The formula is Ioffe and Szegedy 2015, algorithm 1.  Half precision is widened to float32 inside
the differentiated function, so that y and dx are rounded once.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any, TypeAlias

import autograd.numpy as anp  # type: ignore[import-not-found, unused-ignore]  # absent when checked
import numpy as np
from autograd import make_vjp  # type: ignore[import-not-found, unused-ignore]  # the same

from conformance.case import Actual, Inputs

Statistics: TypeAlias = Callable[[Any, tuple[int, ...]], tuple[Any, Any]]
"""Mean and biased variance over axes, which stay with length 1."""


def by_functions(x: Any, axes: tuple[int, ...]) -> tuple[Any, Any]:
    """What ``anp.mean`` and ``anp.var`` give."""
    return anp.mean(x, axis=axes, keepdims=True), anp.var(x, axis=axes, keepdims=True)


def by_sums(x: Any, axes: tuple[int, ...]) -> tuple[Any, Any]:
    """The same written out, with sums that are divided by a Python number."""
    count = math.prod(x.shape[a] for a in axes)
    mean = anp.sum(x, axis=axes, keepdims=True) / count
    return mean, anp.sum((x - mean) ** 2, axis=axes, keepdims=True) / count


def run(inputs: Inputs, *, statistics: Statistics) -> Actual:
    """Run the formula, and what `make_vjp` makes of it where there is a gradient."""
    given = {"x": inputs.x, "gamma": inputs.gamma, "beta": inputs.beta}
    leaves = {name: values.copy() for name, values in given.items() if values is not None}
    # NaN, infinity and 0/0 are answers, judged by whoever asked; numpy warns of empty means.
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        y, saved = _forward(leaves, inputs, statistics)
        found = {"y": y} | {n: v.reshape(inputs.channel_shape) for n, v in saved.items()}
        if inputs.dy is None:
            return found
        pull_back, found["y"] = make_vjp(lambda traced: _forward(traced, inputs, statistics)[0])(
            leaves
        )
        slopes = pull_back(inputs.dy.copy())
    return found | {f"d{name}": slope for name, slope in slopes.items()}


def _forward(
    leaves: dict[str, Any], inputs: Inputs, statistics: Statistics
) -> tuple[Any, dict[str, Any]]:
    """Compute y and what it was normalized by, of arrays or of what autograd traces."""
    x = leaves["x"]
    compute = np.promote_types(inputs.x.dtype, np.float32)
    shape = [n if a in inputs.channel_axes else 1 for a, n in enumerate(inputs.x.shape)]
    axes = tuple(a for a in range(inputs.x.ndim) if a not in inputs.channel_axes)
    # Whoever needs no cast writes none: it would bring the gradient back to the type of x as well.
    wide, saved = (x if compute == inputs.x.dtype else x.astype(compute)), {}
    if inputs.training:
        mean, var = statistics(wide, axes)
        saved = {"mean": mean, "var": var}
    else:
        given = (inputs.running_mean, inputs.running_var)
        mean, var = (np.asarray(v, compute).reshape(shape) for v in given)
    inv_std = 1 / anp.sqrt(var + float(inputs.eps))
    y = (wide - mean) * inv_std
    if "gamma" in leaves:
        y = y * anp.reshape(leaves["gamma"], shape)
    if "beta" in leaves:
        y = y + anp.reshape(leaves["beta"], shape)
    rounded = y if compute == inputs.x.dtype else y.astype(inputs.x.dtype)
    return rounded, saved | {"inv_std": inv_std}
