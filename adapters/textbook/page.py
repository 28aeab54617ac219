"""From the suite's arrays to the page of a document, and back.

The documents write ``np.sum(x, axis=0)`` for a batch of shape ``(N, D)``, or sum over n, h and w
of ``x[N][C][H][W]``.  Both read here as: sum over every axis that is no channel axis, and let
that axis stay with length 1, so that a statistic broadcasts against `x` in any layout.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from conformance.case import Array, Inputs

Values: TypeAlias = dict[str, Array]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The inputs in the type that is computed in; per-channel arrays broadcast against `x`.

    Attributes:
        x: The batch, float32 or float64.
        gamma: Scale per channel; ones where the layer has none.
        beta: Shift per channel; zeros where the layer has none.
        running_mean: None where no running statistics are kept.
        running_var: None exactly where `running_mean` is.
        eps: A plain Python float, which never widens float32 arrays.
        momentum: Weight of the new batch, a plain Python float.
        axes: The axes to sum over.
        N: Number of values per channel, as a scalar of the type of `x`.
    """

    x: Array
    gamma: Array
    beta: Array
    running_mean: Array | None
    running_var: Array | None
    eps: float
    momentum: float
    axes: tuple[int, ...]
    N: Any

    def sum(self, values: Array) -> Array:
        """Sum per channel."""
        total: Array = np.sum(values, axis=self.axes, keepdims=True)
        return total

    def mean(self, values: Array) -> Array:
        """Mean per channel: what ``np.mean`` computes, without its warning on an empty batch."""
        average: Array = self.sum(values) / self.N
        return average

    def running(self) -> tuple[Array, Array]:
        """The running mean and variance that test mode normalizes by."""
        if self.running_mean is None or self.running_var is None:
            raise ValueError(
                "running_mean and running_var are None in test mode, arrays were wanted. "
                "Pass both, or training=True."
            )
        return self.running_mean, self.running_var


@dataclass(frozen=True, slots=True, kw_only=True)
class Derivation:
    """One document's batch normalization, as four functions and a rule for the buffers.

    `forward` and `forward_test` return outputs and what the backward pass needs;
    `backward` and `backward_test` take that and the upstream gradient.  `update` returns the
    new running mean and variance.
    """

    forward: Callable[[Batch], tuple[Values, Values]]
    backward: Callable[[Batch, Array, Values], Values]
    forward_test: Callable[[Batch], tuple[Values, Values]]
    backward_test: Callable[[Batch, Array, Values], Values]
    update: Callable[[Batch, Array, Array], tuple[Array, Array]]


def unbiased_update(batch: Batch, mean: Array, var: Array) -> tuple[Array, Array]:
    """The buffers where a document is silent: PyTorch's rule, N - 1 and weight on the new."""
    running_mean, running_var = batch.running()
    m, N = batch.momentum, batch.N
    new_mean = (1 - m) * running_mean + m * mean
    new_var = (1 - m) * running_var + m * (var * N / (N - 1))
    return new_mean, new_var


def answer(derivation: Derivation, inputs: Inputs) -> Values:
    """Run one derivation on one call's inputs.

    Args:
        derivation: The document's functions.
        inputs: The call; `Inputs.earlier` is the caller's affair.

    Returns:
        `y` and `dx` in the type of `x`, gradients and running statistics in the type of the
        parameter that they belong to, `mean`, `var` and `inv_std` in the type computed in.
    """
    # NaN, infinity and 0/0 are answers here, judged by whoever asked; they are no accidents.
    with np.errstate(all="ignore"):
        batch = _read(inputs)
        forward = derivation.forward if inputs.training else derivation.forward_test
        backward = derivation.backward if inputs.training else derivation.backward_test
        values, cache = forward(batch)
        if inputs.dy is not None:
            dy = inputs.dy.astype(batch.x.dtype, copy=False)
            values |= backward(batch, dy, cache)
        if inputs.training and inputs.count and inputs.running_mean is not None:
            new = derivation.update(batch, values["mean"], values["var"])
            values["running_mean"], values["running_var"] = new
        written = _write(inputs, values)
    # Test mode and a batch of nothing leave the buffers as they are.
    for name, given in (("running_mean", inputs.running_mean), ("running_var", inputs.running_var)):
        if given is not None:
            written.setdefault(name, given.copy())
    return written


def _read(inputs: Inputs) -> Batch:
    x = inputs.x
    # Sums in half precision are no correct implementation of any document: widen once, here,
    # and round once, in `_write`.
    compute = np.dtype(np.float32) if x.dtype.itemsize == np.float16().itemsize else x.dtype
    channels = inputs.channel_axes
    shape = tuple(int(n) if a in channels else 1 for a, n in enumerate(x.shape))

    def per_channel(given: Array | None) -> Array | None:
        return None if given is None else given.astype(compute, copy=False).reshape(shape)

    gamma, beta = per_channel(inputs.gamma), per_channel(inputs.beta)
    return Batch(
        x=x.astype(compute, copy=False),
        gamma=np.ones(shape, compute) if gamma is None else gamma,
        beta=np.zeros(shape, compute) if beta is None else beta,
        running_mean=per_channel(inputs.running_mean),
        running_var=per_channel(inputs.running_var),
        eps=float(inputs.eps),
        momentum=float(inputs.momentum),
        axes=tuple(a for a in range(x.ndim) if a not in channels),
        N=compute.type(inputs.count),
    )


def _write(inputs: Inputs, values: Values) -> Values:
    absent = {
        name for name, given in (("dgamma", inputs.gamma), ("dbeta", inputs.beta)) if given is None
    }
    params = inputs.parameter_dtype
    dtypes = {"y": inputs.x.dtype, "dx": inputs.x.dtype}
    dtypes |= dict.fromkeys(("dgamma", "dbeta", "running_mean", "running_var"), params)
    shapes = dict.fromkeys(("y", "dx"), inputs.x.shape)
    return {
        name: value.astype(dtypes.get(name, value.dtype), copy=False).reshape(
            shapes.get(name, inputs.channel_shape)
        )
        for name, value in values.items()
        if name not in absent
    }
