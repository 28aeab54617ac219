"""What a channel's statistics become: the saved ones, and the running ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import cuda  # type: ignore[import-not-found, unused-ignore]  # absent when checked

from .arithmetic import inverse_std, moving

# ruff: noqa: PLR0917 - kernels are launched by position, Numba knows no keywords
# mypy: disable-error-code="untyped-decorator"
# Numba has no types, so to mypy every kernel is decorated by something unknown.


@cuda.jit(device=True)
def keep(
    channel: Any,
    mean: Any,
    variance: Any,
    count: Any,
    eps: Any,
    momentum: Any,
    saved: Any,
    running: Any,
) -> None:
    """Save the batch's statistics for the backward pass and update the running ones.

    Args:
        channel: Index of the channel; one thread calls this for it.
        mean: Mean of the batch.
        variance: Biased variance of the batch.
        count: M, an integer.
        eps: Added to the variance, float64.
        momentum: Weight of the new value, float64.
        saved: ``(3, C)``: mean, biased variance, ``1 / sqrt(variance + eps)``; written.
        running: ``(2, C)``: running mean and running N-1 variance; updated. The N-1 variance of
            a single value does not exist: its biased one, 0, is used then.
    """
    saved[0, channel] = mean
    saved[1, channel] = variance
    saved[2, channel] = inverse_std(variance, eps)
    unbiased = np.float64(variance)
    if count > 1:
        unbiased = unbiased * np.float64(count) / np.float64(count - 1)
    running[0, channel] = moving(running[0, channel], mean, momentum)
    running[1, channel] = moving(running[1, channel], unbiased, momentum)


@cuda.jit
def from_running(running: Any, eps: Any, saved: Any) -> None:
    """Test mode: the running statistics are the ones to normalize by; one thread a channel."""
    channel = cuda.grid(1)
    if channel < running.shape[1]:
        saved[0, channel] = running[0, channel]
        saved[1, channel] = running[1, channel]
        saved[2, channel] = inverse_std(running[1, channel], eps)
