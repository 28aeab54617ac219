"""What Welford's update loses with one accumulator (Welford, 1962).

    m_k = m_(k-1) + (x_k - m_(k-1)) / k          q_k = q_(k-1) + (x_k - m_(k-1)) (x_k - m_k)

An error of m at step k is worth k / M of itself at the end, since later steps pull the mean back.
The errors of m reach the variance squared, and times the mean of x_k - m_(k-1), which is not 0
while the mean is on its way:

    m_W = lost((x_k - m_(k-1)) / k;  partial sums |m_k|, weights k / M)
    v_W = lost((x_k - m_k) (x_k - m_(k-1))) / M + m_W^2 + 2 m_W |mean(x_k - m_(k-1))|

The larger of the natural and the reversed order counts.
"""

from __future__ import annotations

import numpy as np

from conformance.oracle.rounding import Floats
from conformance.oracle.sequential.sums import Losing


def welford(x: Floats, lost: Losing) -> tuple[Floats, Floats]:
    """Losses of mean and variance: columns ``(C, 1)`` for rows ``(C, M)``."""
    count = x.shape[1]
    k = np.arange(1.0, count + 1)
    mean = var = np.zeros((len(x), 1))
    for ordered in (x, x[:, ::-1]):
        running = np.cumsum(ordered, axis=1) / k
        before = np.concatenate([np.zeros_like(mean), running[:, :-1]], axis=1)
        off = ordered - before
        size = np.maximum(np.abs(running), np.abs(off) / k)
        weight = np.broadcast_to(k / count, x.shape)
        m = lost(off / k, size=size, weight=weight)
        drift = np.abs(off[:, 1:].sum(axis=1, keepdims=True)) / count
        squares = lost((ordered - running) * off) / count
        mean, var = np.maximum(mean, m), np.maximum(var, squares + m * m + 2 * m * drift)
    return mean, var
