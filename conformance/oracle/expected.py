"""The exact answers for any input: checks it, solves every channel, puts the arrays together."""

from __future__ import annotations

import numpy as np

from conformance.case import Array, Inputs, Outputs
from conformance.oracle.blocks.exact import solve_block
from conformance.oracle.blocks.require import require_block
from conformance.oracle.masked import solve_masked
from conformance.oracle.quick.solve import solve_quickly
from conformance.oracle.reference import untouched
from conformance.oracle.require import require


def expected(
    x: Array,
    gamma: Array | None = None,
    beta: Array | None = None,
    dy: Array | None = None,
    *,
    running_mean: Array | None = None,
    running_var: Array | None = None,
    eps: float = 1e-5,
    momentum: float = 0.1,
    training: bool = True,
    axis: int | tuple[int, ...] = 1,
    mask: Array | None = None,
) -> Outputs:
    """The exact results of batch normalization, each proven correctly rounded to float64.

    Inputs are taken for what they are, binary fractions; nothing is rounded before the end.

    Args:
        x: The batch, ``(N, C, *spatial)`` or with its channels on `axis`; float64, float32,
            float16 or an ml_dtypes float.  NaN and infinities stay in their channel.
        gamma: Scale, ``(C,)``; None counts as 1.
        beta: Shift, ``(C,)``; None counts as 0.
        dy: Upstream gradient, shape of `x`; None leaves the gradients out.
        running_mean: Running mean before the call, ``(C,)``, or None.
        running_var: Running variance before the call, ``(C,)``, or None.
        eps: Added to the variance under the root.
        momentum: Weight of the new batch's statistics in the running ones.
        training: Normalize by the batch's statistics; False: by the running ones.
        axis: The channel axis, or a tuple of axes for the per-activation mode.
        mask: Which values the statistics of a training batch are of: bool, as many axes as `x`,
            each as long as there or 1, True for a value that counts.  All values are normalized.

    Returns:
        Every output that is defined, as float64; see `Outputs`.

    Raises:
        InputError: a shape, type or number on which batch normalization is not defined.
    """
    return solve_inputs(
        Inputs(
            x=x,
            dy=dy,
            gamma=gamma,
            beta=beta,
            running_mean=running_mean,
            running_var=running_var,
            eps=eps,
            momentum=momentum,
            training=training,
            axis=axis,
            mask=mask,
        )
    )


def solve_inputs(inputs: Inputs, *, eps_outside: bool = False) -> Outputs:
    """`expected` for `Inputs`, earlier batches included.

    Args:
        inputs: What to solve.
        eps_outside: Use the dialect ``(x - mean) / (sqrt(var) + eps)`` instead.

    Raises:
        InputError: as for `expected`.
    """
    if inputs.block is not None:
        require_block(inputs)  # first: the shape of what is normalized follows from it
    require(inputs)
    if inputs.block is not None:
        return Outputs(y=solve_block(inputs))
    if inputs.count == 0:
        return _empty(inputs)
    if inputs.masked:
        return solve_masked(inputs, eps_outside=eps_outside)
    return solve_quickly(inputs, eps_outside=eps_outside)


def _empty(inputs: Inputs) -> Outputs:
    """No value at all: the sums are 0, the statistics undefined, the running ones unchanged."""
    nothing, running = np.zeros(inputs.x.shape), untouched(inputs)
    if inputs.dy is None:
        return Outputs(y=nothing, **running)
    zeros = np.zeros(inputs.channel_shape)
    return Outputs(y=nothing, dx=nothing.copy(), dgamma=zeros, dbeta=zeros.copy(), **running)
