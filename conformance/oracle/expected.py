"""The exact answers for any input: checks it, solves every channel, puts the arrays together."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from conformance.arrays import LIKE_X
from conformance.case import Array, Inputs, Outputs
from conformance.oracle import exact, ieee, outside
from conformance.oracle.channels import by_channel, from_channels
from conformance.oracle.exact import Channel, ChannelResults
from conformance.oracle.require import require
from conformance.oracle.running import Running, update


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
    require(inputs)
    if inputs.count == 0:
        return _empty(inputs)
    channels = _channels(inputs)
    if inputs.training:
        solved = [_train(channel, eps_outside=eps_outside) for channel in channels]
    else:
        means, variances = _per_channel(inputs.running_mean), _per_channel(inputs.running_var)
        solved = [
            _infer(channel, mean, var, eps_outside=eps_outside)
            for channel, mean, var in zip(channels, means, variances, strict=True)
        ]
    return Outputs(**_assemble(inputs, solved), **_running(inputs))


def _channels(inputs: Inputs) -> list[Channel]:
    rows = by_channel(inputs.x, inputs)
    slopes: Sequence[Array | None] = (
        [None] * len(rows) if inputs.dy is None else list(by_channel(inputs.dy, inputs))
    )
    gammas = _per_channel(inputs.gamma, len(rows), 1.0)
    betas = _per_channel(inputs.beta, len(rows), 0.0)
    return [
        Channel(x=x, dy=dy, gamma=g, beta=b, eps=inputs.eps)
        for x, dy, g, b in zip(rows, slopes, gammas, betas, strict=True)
    ]


def _train(channel: Channel, *, eps_outside: bool) -> ChannelResults:
    if not (_finite(channel) and ieee.has_root(channel)):
        return ieee.train_any(channel, eps_outside=eps_outside)
    return outside.train(channel) if eps_outside else exact.train(channel)


def _infer(channel: Channel, mean: float, var: float, *, eps_outside: bool) -> ChannelResults:
    positive = var + channel.eps > 0 and (var >= 0 or not eps_outside)
    if not (_finite(channel) and np.isfinite([mean, var]).all() and positive):
        return ieee.infer_any(channel, mean, var, eps_outside=eps_outside)
    solve = outside.infer if eps_outside else exact.infer
    return solve(channel, mean, var)


def _finite(channel: Channel) -> bool:
    numbers = np.isfinite([channel.gamma, channel.beta, channel.eps]).all()
    arrays = (channel.x,) if channel.dy is None else (channel.x, channel.dy)
    return bool(numbers) and all(
        bool(np.isfinite(np.asarray(a, dtype=np.float64)).all()) for a in arrays
    )


def _assemble(inputs: Inputs, solved: Sequence[ChannelResults]) -> dict[str, Array]:
    assembled: dict[str, Array] = {}
    for name in solved[0] if solved else ():
        values = [channel[name] for channel in solved]
        if name in LIKE_X:
            assembled[name] = from_channels(np.stack(values), inputs)
        else:
            assembled[name] = np.array(values, dtype=np.float64).reshape(inputs.channel_shape)
    return assembled


def _running(inputs: Inputs) -> dict[str, Array | None]:
    if inputs.running_mean is None or inputs.running_var is None:
        return {}
    if not inputs.training or inputs.count == 0:
        mean, var = (
            np.array(given, dtype=np.float64) + 0.0
            for given in (inputs.running_mean, inputs.running_var)
        )
        return {"running_mean": mean, "running_var": var, "running_var_biased": var.copy()}
    batches = [by_channel(batch, inputs) for batch in (*inputs.earlier, inputs.x)]
    means, variances = _per_channel(inputs.running_mean), _per_channel(inputs.running_var)
    updated = [
        update([batch[c] for batch in batches], means[c], variances[c], inputs.momentum)
        for c in range(len(means))
    ]

    def gather(pick: Callable[[Running], float]) -> Array:
        return np.array([pick(r) for r in updated], dtype=np.float64).reshape(inputs.channel_shape)

    return {
        "running_mean": gather(lambda r: r.mean),
        "running_var": gather(lambda r: r.unbiased) if inputs.count > 1 else None,
        "running_var_biased": gather(lambda r: r.biased),
    }


def _empty(inputs: Inputs) -> Outputs:
    """No value at all: the sums are 0, the statistics undefined, the running ones unchanged."""
    nothing, running = np.zeros(inputs.x.shape), _running(inputs)
    if inputs.dy is None:
        return Outputs(y=nothing, **running)
    zeros = np.zeros(inputs.channel_shape)
    return Outputs(y=nothing, dx=nothing.copy(), dgamma=zeros, dbeta=zeros.copy(), **running)


def _per_channel(given: Array | None, count: int = 0, default: float = 0.0) -> list[float]:
    if given is None:
        return [default] * count
    numbers: list[float] = np.asarray(given, dtype=np.float64).ravel().tolist()
    return numbers
