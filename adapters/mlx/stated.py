"""What MLX's layer does where a call says nothing, read from the layer itself."""

from __future__ import annotations

import inspect

import mlx.core as mx  # type: ignore[import-not-found, unused-ignore]  # checked without MLX too
from mlx import nn  # type: ignore[import-not-found, unused-ignore]  # the same


def defaults() -> dict[str, object]:
    """The defaults of ``mlx.nn.BatchNorm``."""
    layer = nn.BatchNorm(1)
    layer(mx.ones((2, 1)))  # the mean 1 moves a 0 to the weight that it had
    return {
        "eps": layer.eps,
        "momentum": layer.momentum,
        "new_weight": layer.running_mean.item(),
        "takes_mask": "mask" in inspect.signature(nn.BatchNorm.__call__).parameters,
    }
