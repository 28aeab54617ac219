"""Exact results where a mask says which values the statistics are of, each rounded once.

The sums of x and of its squares are over the values that are kept, M of them in each channel, and
those over dy are over all: every value is normalized by the statistics, so every dy reaches them.
With these sums `train_from` of `conformance.oracle.exact`, and that of `outside`, hold as they are,
but for dx where a value is left out: no statistic depends on it, and

    dx_i = gamma r dy_i
"""

from __future__ import annotations

from operator import mul
from types import ModuleType

import numpy as np

from conformance.case import Array, Inputs, Outputs
from conformance.errors import InputError
from conformance.oracle import exact, outside
from conformance.oracle.channels import by_channel, kept
from conformance.oracle.exact import Affine, ChannelResults
from conformance.oracle.reference import assemble, gathered, per_channel, untouched
from conformance.oracle.rounding import integers
from conformance.oracle.running import update
from conformance.oracle.sums import BatchSums, GradientSums


def solve_masked(inputs: Inputs, *, eps_outside: bool = False) -> Outputs:
    """The exact results of a valid training call with a mask.

    Where it keeps nothing, the running statistics stay as they are and nothing else has a value.

    Args:
        inputs: The call.
        eps_outside: Use the dialect ``(x - mean) / (sqrt(var) + eps)`` instead.

    Raises:
        InputError: a number is not finite, or a channel has no root.
    """
    mask = kept(inputs)
    assert mask is not None  # noqa: S101 - the caller looked
    _require_finite(inputs)
    if not mask.any():
        return Outputs(**untouched(inputs))
    x = by_channel(inputs.x, inputs)
    slopes = [None] * len(x) if inputs.dy is None else list(by_channel(inputs.dy, inputs))
    gammas, betas = per_channel(inputs.gamma, len(x), 1.0), per_channel(inputs.beta, len(x), 0.0)
    module = outside if eps_outside else exact
    solved = [
        _train(*row, Affine(gamma, beta, inputs.eps), module)
        for row, gamma, beta in zip(zip(x, mask, slopes, strict=True), gammas, betas, strict=True)
    ]
    return Outputs(**assemble(inputs, solved), **_running(inputs, x, mask))


def _require_finite(inputs: Inputs) -> None:
    for name, array in inputs.given().items():
        if not np.isfinite(array.astype(np.float64)).all():
            raise InputError(f"a mask is given and {name} is not finite. Give finite numbers.")


def _train(
    x: Array, mask: Array, dy: Array | None, affine: Affine, module: ModuleType
) -> ChannelResults:
    """One channel: rows ``(positions,)``, by the formulas of a module."""
    X, ex = integers(x)
    counted = [value for value, keep in zip(X, mask.tolist(), strict=True) if keep]
    sums = BatchSums(X, ex, sum(counted), sum(map(mul, counted, counted)), len(counted))
    if sums.W == 0 and affine.eps == 0:
        raise InputError(
            "a mask is given, eps is 0, and the values of a channel that it keeps are all equal. "
            "Give an eps above 0."
        )
    if dy is None:
        return dict(module.train_from(sums, None, affine))
    D, ed = integers(dy)
    grad = GradientSums(D, ed, sum(D), sum(map(mul, X, D)))
    results = dict(module.train_from(sums, grad, affine))
    results["dx"] = np.where(mask, results["dx"], module.scaled(sums, grad, affine))
    return results


def _running(inputs: Inputs, x: Array, mask: Array) -> dict[str, Array | None]:
    if inputs.running_mean is None:
        return {}
    means, variances = per_channel(inputs.running_mean), per_channel(inputs.running_var)
    updated = [
        update([row[keep]], mean, var, inputs.momentum)
        for row, keep, mean, var in zip(x, mask, means, variances, strict=True)
    ]
    return gathered(inputs, updated, unbiased=bool((mask.sum(axis=1) > 1).all()))
