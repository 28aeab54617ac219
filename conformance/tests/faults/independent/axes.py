"""Faults of axes, layouts and strides."""

from __future__ import annotations

from dataclasses import replace
from math import prod

import numpy as np

from conformance.case import Actual, Array, Inputs, Kernel
from conformance.tests.faults.independent import plain
from conformance.tests.faults.independent.dx_formula import DVAR
from conformance.tests.faults.independent.edit import CLOSED_DX, TRAINING_DX, Edit, edited, where
from conformance.tests.faults.independent.forward_formula import Y
from conformance.tests.faults.independent.mode_confusion import BACKWARD
from conformance.tests.faults.independent.numerics import VARIANCE

XHAT = "xhat = xmu * inv_std"


def _is_spatial(inputs: Inputs) -> bool:
    return isinstance(inputs.axis, int) and inputs.x.ndim > 2


def _is_channels_last(inputs: Inputs) -> bool:
    return _is_spatial(inputs) and inputs.channel_axes == (inputs.x.ndim - 1,)


def _as_channels_first(inputs: Inputs) -> tuple[int, ...]:
    """The shape that the bytes would have with the channels second."""
    N, *rest = (n for a, n in enumerate(inputs.x.shape) if a not in inputs.channel_axes)
    return (N, *inputs.channel_shape, *rest)


def _walked_channels_first(inputs: Inputs) -> Actual:
    """Every array walked as ``(N, C, rest)``, whatever its axes mean."""
    shape = _as_channels_first(inputs)
    dy = None if inputs.dy is None else inputs.dy.reshape(shape)
    answer = plain.batch_norm(replace(inputs, x=inputs.x.reshape(shape), dy=dy, axis=1))
    return {n: v.reshape(inputs.x.shape) if n in {"y", "dx"} else v for n, v in answer.items()}


def _in_memory_order(inputs: Inputs) -> Actual:
    """As many elements as `x` has, from the start of the buffer that it is a view of."""
    buffer = inputs.x
    while isinstance(buffer.base, np.ndarray):
        buffer = buffer.base
    flat = buffer.ravel(order="K")
    x = np.resize(flat.view(inputs.x.dtype), inputs.x.shape)
    return plain.batch_norm(replace(inputs, x=x))


def _relabelled(x: Array) -> Array:
    """Channels-last bytes read as channels-first; the result is channels-last again."""
    N, *spatial, C = x.shape
    return np.moveaxis(x.reshape(N, C, *spatial), 1, -1)


def _over(axes_of: str, count: str) -> Kernel:
    """Training with statistics over some of the axes; dx is the gradient of that very y.

    The statistics that are returned and kept, and dbeta, are those of the channel.
    """
    return edited(
        Edit(
            XHAT,
            "xhat = xmu * inv_std\n"
            "if self.training:\n"
            f"    self.over = {axes_of}\n"
            f"    self.n = self.work.type({count})\n"
            "    xmu = x - x.sum(axis=self.over, keepdims=True) / self.n\n"
            "    used_var = (xmu**2).sum(axis=self.over, keepdims=True) / self.n\n"
            "    self.used_inv_std = 1 / np.sqrt(used_var + self.eps)\n"
            "    xhat = xmu * self.used_inv_std",
        ),
        Edit(
            TRAINING_DX,
            "along = (dxhat * xhat).sum(axis=self.over, keepdims=True) / self.n\n"
            "level = dxhat.sum(axis=self.over, keepdims=True) / self.n\n"
            "dx = self.used_inv_std * (dxhat - level - xhat * along)",
        ),
        prod=prod,
    )


KERNELS: dict[str, Kernel] = {
    "axis-ignored-channels-first": where(
        lambda inputs: isinstance(inputs.axis, int) and inputs.channel_axes != (1,),
        _walked_channels_first,
    ),
    "input-strides-ignored": where(
        lambda inputs: not inputs.x.flags.c_contiguous, _in_memory_order
    ),
    "bwd-input-layout-reinterpreted": where(
        _is_channels_last,
        edited(
            Edit(
                BACKWARD,
                "inv_std, xmu = self.inv_std, relabelled(self.x) - self.mean\nxhat = xmu * inv_std",
            ),
            CLOSED_DX,
            relabelled=_relabelled,
        ),
    ),
    "per-activation-stats": where(_is_spatial, _over("self.axes[:1]", "x.shape[self.axes[0]]")),
    "per-sample-stats": _over("self.axes[1:]", "prod(x.shape[a] for a in self.axes[1:])"),
    "affine-broadcast-on-last-axis": where(
        lambda inputs: _is_spatial(inputs) and inputs.x.shape[-1:] == inputs.channel_shape,
        edited(Edit(Y, "y = self.gamma.ravel() * xhat + self.beta.ravel()")),
    ),
    "count-uses-channels": edited(
        Edit(VARIANCE, "C = mean.size\nvar = self.total((x - mean) ** 2) / C"),
        Edit(DVAR, DVAR + "\nC = dvar.size"),
        Edit(TRAINING_DX, "dx = dxhat * inv_std + dvar * 2 * xmu / C + dmu / C"),
    ),
}
