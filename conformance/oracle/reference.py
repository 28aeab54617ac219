"""The integer method for whole inputs, one channel after the other: slow, and the reference.

`expected` takes it for what its floats do not bound; tests hold every float against it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from conformance.arrays import LIKE_X
from conformance.case import Array, Inputs, Outputs
from conformance.oracle import exact, ieee, outside
from conformance.oracle.channels import by_channel, from_channels
from conformance.oracle.exact import Channel, ChannelResults
from conformance.oracle.running import Running, update


def solve_by_integers(inputs: Inputs, *, eps_outside: bool = False) -> Outputs:
    """The exact results of inputs that are valid and not empty, by integers alone.

    Args:
        inputs: What to solve; at least one value per channel.
        eps_outside: Use the dialect ``(x - mean) / (sqrt(var) + eps)`` instead.
    """
    count = int(np.prod(inputs.channel_shape))
    solved = list(solve_channels(inputs, range(count), eps_outside=eps_outside))
    return Outputs(**assemble(inputs, solved), **_running(inputs))


def solve_channels(
    inputs: Inputs, wanted: Iterable[int], *, eps_outside: bool = False
) -> Iterator[ChannelResults]:
    """The results of some channels, one after the other; the running statistics apart."""
    x = by_channel(inputs.x, inputs)
    dy = None if inputs.dy is None else by_channel(inputs.dy, inputs)
    gammas, betas = (
        per_channel(inputs.gamma, len(x), 1.0),
        per_channel(inputs.beta, len(x), 0.0),
    )
    means, variances = per_channel(inputs.running_mean), per_channel(inputs.running_var)
    for c in wanted:
        slopes = None if dy is None else dy[c]
        channel = Channel(x=x[c], dy=slopes, gamma=gammas[c], beta=betas[c], eps=inputs.eps)
        if inputs.training:
            yield _train(channel, eps_outside=eps_outside)
        else:
            yield _infer(channel, means[c], variances[c], eps_outside=eps_outside)


def update_channels(inputs: Inputs, wanted: Iterable[int]) -> Iterator[Running]:
    """The running statistics of some channels after the batches of a training call."""
    batches = [by_channel(batch, inputs) for batch in (*inputs.earlier, inputs.x)]
    means, variances = per_channel(inputs.running_mean), per_channel(inputs.running_var)
    for c in wanted:
        yield update([batch[c] for batch in batches], means[c], variances[c], inputs.momentum)


def untouched(inputs: Inputs) -> dict[str, Array | None]:
    """The running statistics where no batch updates them."""
    if inputs.running_mean is None or inputs.running_var is None:
        return {}
    mean, var = (
        np.array(given, dtype=np.float64) + 0.0
        for given in (inputs.running_mean, inputs.running_var)
    )
    return {"running_mean": mean, "running_var": var, "running_var_biased": var.copy()}


def per_channel(given: Array | None, count: int = 0, default: float = 0.0) -> list[float]:
    """The numbers of a parameter, or `default` for each of `count` channels."""
    if given is None:
        return [default] * count
    numbers: list[float] = np.asarray(given, dtype=np.float64).ravel().tolist()
    return numbers


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


def assemble(inputs: Inputs, solved: Sequence[ChannelResults]) -> dict[str, Array]:
    """The results of all channels in their shapes; the running statistics apart."""
    assembled: dict[str, Array] = {}
    for name in solved[0] if solved else ():
        values = [channel[name] for channel in solved]
        if name in LIKE_X:
            assembled[name] = from_channels(np.stack(values), inputs)
        else:
            assembled[name] = np.array(values, dtype=np.float64).reshape(inputs.channel_shape)
    return assembled


def _running(inputs: Inputs) -> dict[str, Array | None]:
    if not inputs.training or inputs.running_mean is None:
        return untouched(inputs)
    updated = list(update_channels(inputs, range(inputs.running_mean.size)))
    return gathered(inputs, updated, unbiased=inputs.count > 1)


def gathered(
    inputs: Inputs, updated: Sequence[Running], *, unbiased: bool
) -> dict[str, Array | None]:
    """The running statistics of all channels in their shape, with the unbiased variance or not."""

    def gather(pick: Callable[[Running], float]) -> Array:
        return np.array([pick(r) for r in updated], dtype=np.float64).reshape(inputs.channel_shape)

    return {
        "running_mean": gather(lambda r: r.mean),
        "running_var": gather(lambda r: r.unbiased) if unbiased else None,
        "running_var_biased": gather(lambda r: r.biased),
    }
