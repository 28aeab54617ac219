"""Batch normalization as people write it in their own projects, and correct.

The axes stay where they are and sums keep them; the backward pass goes through dvar and dmu to dx.
Half types are widened to float32 once and rounded once.  The faulty kernels are made from the
text of this file, so every line that is edited occurs once.
"""

from __future__ import annotations

import numpy as np

from conformance.case import Array, Inputs


class BatchNorm:
    """One layer during one call; everything per channel broadcasts against `x`."""

    def __init__(self, inputs: Inputs) -> None:
        """Read the parameters and the buffers."""
        self.inputs = inputs
        self.training, self.momentum = inputs.training, inputs.momentum
        self.work = np.dtype(np.float64 if inputs.x.dtype == np.float64 else np.float32)
        self.axes = tuple(a for a in range(inputs.x.ndim) if a not in inputs.channel_axes)
        self.shape = tuple(1 if a in self.axes else n for a, n in enumerate(inputs.x.shape))
        self.M = self.work.type(inputs.count)
        self.eps = inputs.eps
        self.gamma = self.read(inputs.gamma, 1)
        self.beta = self.read(inputs.beta, 0)
        self.running_mean = self.read(inputs.running_mean, 0)
        self.running_var = self.read(inputs.running_var, 1)

    def read(self, given: Array | None, default: float) -> Array:
        """A parameter in the work type; the default where there is none."""
        if given is None:
            return np.full(self.shape, default, self.work)
        return given.astype(self.work).reshape(self.shape)

    def total(self, values: Array) -> Array:
        """Sum per channel."""
        summed: Array = values.sum(axis=self.axes, keepdims=True)
        return summed

    def forward(self, x: Array) -> dict[str, Array]:
        """Normalize, and keep what the backward pass needs."""
        found: dict[str, Array] = {}
        if self.training:
            mean = self.total(x) / self.M
            var = self.total((x - mean) ** 2) / self.M
            found |= {"mean": mean, "var": var}
            self.update(mean, var)
        else:
            mean, var = self.running_mean, self.running_var
        xmu = x - mean
        inv_std = 1 / np.sqrt(var + self.eps)
        xhat = xmu * inv_std
        y = self.gamma * xhat + self.beta
        self.x, self.y, self.xmu, self.inv_std, self.xhat = x, y, xmu, inv_std, xhat
        self.mean, self.var = mean, var
        return {"y": y, "inv_std": inv_std, **found}

    def update(self, mean: Array, var: Array) -> None:
        """Move the buffers towards the batch; an empty batch moves nothing."""
        if self.M == 0:
            return
        m, unbiased = self.momentum, var * self.M / (self.M - 1)
        self.running_mean = (1 - m) * self.running_mean + m * mean
        self.running_var = (1 - m) * self.running_var + m * unbiased

    def backward(self, dy: Array) -> dict[str, Array]:
        """Gradients by x, gamma and beta."""
        xmu, inv_std, xhat = self.xmu, self.inv_std, self.xhat
        dbeta = self.total(dy)
        dgamma = self.total(dy * xhat)
        dxhat = dy * self.gamma
        if self.training:
            dvar = -0.5 * self.total(dxhat * xhat) * inv_std**2
            dmu = -self.total(dxhat * inv_std) + dvar * self.total(-2 * xmu) / self.M
            dx = dxhat * inv_std + dvar * 2 * xmu / self.M + dmu / self.M
        else:
            dx = dxhat * inv_std
        return {"dx": dx, "dgamma": dgamma, "dbeta": dbeta}


def batch_norm(inputs: Inputs) -> dict[str, Array]:
    """Run one call, forward and backward.

    Args:
        inputs: The call, in any layout; `Inputs.earlier` is the caller's affair.

    Returns:
        `y` and `dx` in the type of `x`, gradients and buffers in that of the parameters,
        `mean`, `var` and `inv_std` in the work type.
    """
    # NaN and infinities are answers here, judged by whoever asked.
    with np.errstate(all="ignore"):
        layer = BatchNorm(inputs)
        found = layer.forward(inputs.x.astype(layer.work))
        if inputs.dy is not None:
            found |= layer.backward(inputs.dy.astype(layer.work))
        found |= {"running_mean": layer.running_mean, "running_var": layer.running_var}
        return finish(inputs, found)


def finish(inputs: Inputs, found: dict[str, Array]) -> dict[str, Array]:
    """Give every output the shape and the type that the caller knows; leave out what is not his."""
    parameters = inputs.parameter_dtype
    types = {"y": inputs.x.dtype, "dx": inputs.x.dtype}
    types |= dict.fromkeys(("dgamma", "dbeta", "running_mean", "running_var"), parameters)
    shapes = {"y": inputs.x.shape, "dx": inputs.x.shape}
    absent = {
        name
        for name, given in (
            ("dgamma", inputs.gamma),
            ("dbeta", inputs.beta),
            ("running_mean", inputs.running_mean),
            ("running_var", inputs.running_var),
        )
        if given is None
    }
    return {
        name: value.astype(types.get(name, value.dtype)).reshape(
            shapes.get(name, inputs.channel_shape)
        )
        for name, value in found.items()
        if name not in absent
    }
