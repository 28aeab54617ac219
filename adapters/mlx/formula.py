"""Batch normalization as it is written in MLX where the layer does not do: any axes, any rank."""

from __future__ import annotations

from typing import Any

import mlx.core as mx  # type: ignore[import-not-found, unused-ignore]  # checked without MLX too

from conformance.case import Actual, Inputs

from .calling import Arrays, array, differentiate, own


def run(inputs: Inputs) -> Actual:
    """Run `mx.mean`, `mx.var` and `mx.rsqrt`, with `mx.vjp`; half precision goes by float32."""
    kept = inputs.channel_axes
    rest = tuple(a for a in range(inputs.x.ndim) if a not in kept)
    shape = tuple(n if a in kept else 1 for a, n in enumerate(inputs.x.shape))

    def forward(arrays: Arrays) -> Any:
        x = _wide(arrays["x"])
        values = {
            name: _wide(value).reshape(shape)
            for name, value in arrays.items()
            if name not in ("x", "dy")
        }
        if inputs.training:
            mean, var = mx.mean(x, rest, keepdims=True), mx.var(x, rest, keepdims=True)
        else:
            mean, var = values["running_mean"], values["running_var"]
        y = (x - mean) * mx.rsqrt(var + inputs.eps)
        y = y * values["gamma"] if "gamma" in values else y
        y = y + values["beta"] if "beta" in values else y
        return y.astype(arrays["x"].dtype)

    given = {name: own(value) for name, value in inputs.given().items()}
    return {name: array(value) for name, value in differentiate(forward, given).items()}


def _wide(value: Any) -> Any:
    return value.astype(mx.float32) if value.itemsize == mx.float16.size else value
