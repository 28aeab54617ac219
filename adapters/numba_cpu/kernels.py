"""The kernels: two passes over each channel, sums in float64, everything else as well.

``x`` and ``dy`` have the shape ``(N, C, S)``: every channel is N runs of S values that lie next to
each other.  What a kernel returns per channel is float64; y and dx are rounded once, to the type
of ``x``.
"""

from __future__ import annotations

from typing import Any

import numba  # type: ignore[import-not-found, unused-ignore]  # absent when types are checked
import numpy as np

# Without the model of NumPy 0/0 would raise, as Python's own does: an empty batch has a mean of it.
compiled = numba.njit(error_model="numpy")


@compiled  # type: ignore[untyped-decorator, unused-ignore]  # it has no types
def statistics(x: Any) -> Any:
    """Mean and biased variance of every channel: the mean first, then squared deviations."""
    N, C, S = x.shape
    mean, var = np.empty(C), np.empty(C)
    for c in range(C):
        total = 0.0
        for n in range(N):
            for s in range(S):
                total += np.float64(x[n, c, s])
        center = total / (N * S)
        # What rounding left in the mean is known from the deviations, whose sum should be 0.
        squares, rest = 0.0, 0.0
        for n in range(N):
            for s in range(S):
                deviation = np.float64(x[n, c, s]) - center
                squares += deviation * deviation
                rest += deviation
        mean[c] = center
        var[c] = (squares - rest * rest / (N * S)) / (N * S)
    return mean, var


@compiled  # type: ignore[untyped-decorator, unused-ignore]  # the same
def forward(x: Any, mean: Any, inv_std: Any, gamma: Any, beta: Any) -> Any:
    """``y = (x - mean) * inv_std * gamma + beta``."""
    N, C, S = x.shape
    y = np.empty_like(x)
    for n in range(N):
        for c in range(C):
            for s in range(S):
                xhat = (np.float64(x[n, c, s]) - mean[c]) * inv_std[c]
                y[n, c, s] = xhat * gamma[c] + beta[c]
    return y


@compiled  # type: ignore[untyped-decorator, unused-ignore]  # the same
def parameter_gradients(x: Any, dy: Any, mean: Any, inv_std: Any) -> Any:
    """``dgamma`` and ``dbeta``: the sums of ``dy * xhat`` and of ``dy``."""
    N, C, S = x.shape
    dgamma, dbeta = np.empty(C), np.empty(C)
    for c in range(C):
        products, total = 0.0, 0.0
        for n in range(N):
            for s in range(S):
                slope = np.float64(dy[n, c, s])
                products += slope * ((np.float64(x[n, c, s]) - mean[c]) * inv_std[c])
                total += slope
        dgamma[c], dbeta[c] = products, total
    return dgamma, dbeta


@compiled  # type: ignore[untyped-decorator, unused-ignore]  # the same
def backward(x: Any, dy: Any, saved: Any, scale: Any, means: Any) -> Any:
    """``dx`` where the statistics are those of `x`, and so have a gradient themselves.

    `saved` is the mean and the inverse root, `means` those of ``dy * xhat`` and of ``dy``.
    """
    N, C, S = x.shape
    dx = np.empty_like(x)
    for n in range(N):
        for c in range(C):
            for s in range(S):
                xhat = (np.float64(x[n, c, s]) - saved[0, c]) * saved[1, c]
                slope = np.float64(dy[n, c, s]) - means[1, c] - xhat * means[0, c]
                dx[n, c, s] = scale[c] * slope
    return dx


@compiled  # type: ignore[untyped-decorator, unused-ignore]  # the same
def backward_of_test_mode(dy: Any, scale: Any) -> Any:
    """``dx`` where the statistics are given: `x` has no part in it."""
    N, C, S = dy.shape
    dx = np.empty_like(dy)
    for n in range(N):
        for c in range(C):
            for s in range(S):
                dx[n, c, s] = scale[c] * np.float64(dy[n, c, s])
    return dx
