"""Calling PyTorch: arrays to tensors and back, and gradients.

Shapes here are PyTorch's own, ``(N, C, *spatial)``; arrays of any other layout are transposed on
the way in and back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import ml_dtypes
import numpy as np
import torch  # type: ignore[import-not-found, unused-ignore]  # checked without PyTorch too
from torch import Tensor  # type: ignore[import-not-found, unused-ignore]  # the same

from conformance import layout
from conformance.case import Actual, Array, Inputs

_VECTOR = 16
"""Bytes of whose multiples PyTorch's own memory begins, and numpy's."""

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def device() -> str:
    """Where the paths run."""
    return f"cuda: {torch.cuda.get_device_name(DEVICE)}" if DEVICE.type == "cuda" else "cpu"


def tensor(array: Array) -> Tensor:
    """Copy `array` to a contiguous tensor on `DEVICE`.

    `torch.from_numpy` shares memory, refuses negative strides and knows no bfloat16: hence the
    copy, and the detour over the bits.
    """
    owned = np.array(array, order="C")
    if owned.dtype == ml_dtypes.bfloat16:
        shared = torch.from_numpy(owned.view(np.int16)).view(torch.bfloat16)
    else:
        shared = torch.from_numpy(owned)
    return shared.to(DEVICE)


def has_strides(array: Array) -> bool:
    """Whether `array` has strides of its own, and such as PyTorch can have: none is negative."""
    return not array.flags.c_contiguous and min(array.strides) >= 0


def strided(array: Array) -> Tensor:
    """Copy `array` to a tensor on `DEVICE` that has its strides, which are not negative.

    What lies between the values is copied with them: PyTorch's own copies close the gaps.
    """
    steps = [step // array.itemsize for step in array.strides]
    size = 1 + sum((n - 1) * step for n, step in zip(array.shape, steps, strict=True))
    flat = np.lib.stride_tricks.as_strided(array, (size,), (array.itemsize,), writeable=False)
    return tensor(flat).as_strided(array.shape, steps)


def placed(values: Array, copied: Tensor) -> Tensor:
    """The copy of contiguous `values`, one element off where they begin at no multiple of 16."""
    if values.ctypes.data % _VECTOR == 0 or not values.size:
        return copied
    room = torch.empty(copied.numel() + 1, dtype=copied.dtype, device=DEVICE)
    return room[1:].view(copied.shape).copy_(copied)


def array(value: Tensor) -> Array:
    """Copy a tensor to an array of the same type."""
    here = value.detach().cpu().contiguous()
    bits = here.dtype == torch.bfloat16
    found: Array = (here.view(torch.int16) if bits else here).numpy()
    return found.view(ml_dtypes.bfloat16) if bits else found


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensors:
    """The arrays of one call as tensors: `x` and `dy` are ``(N, C, *spatial)``."""

    x: Tensor
    dy: Tensor | None
    gamma: Tensor | None
    beta: Tensor | None
    running_mean: Tensor | None
    running_var: Tensor | None


def tensors(inputs: Inputs, memory_format: torch.memory_format | None = None) -> Tensors:
    """Copy the arrays of `inputs`; `x`, gamma and beta ask for their gradients if there is dy.

    Where `memory_format` is wanted `x` has it in any case, with the gaps that it came with if it
    came in that order.  Merged inputs part here: PyTorch updates the running statistics in place,
    and on the CPU before it reads weight and bias.
    """
    axis = _axis(inputs)
    grad = inputs.dy is not None

    def image(values: Array) -> Tensor:
        first = layout.channels_first(values, axis)
        if has_strides(values):
            return strided(first)
        # The order of a format is that of new memory; what stays contiguous stays where it was.
        return placed(values, tensor(first)) if memory_format is None else formatted(tensor(first))

    def formatted(values: Tensor) -> Tensor:
        return values if memory_format is None else values.to(memory_format=memory_format)

    def maybe(values: Array | None, *, grad: bool = False) -> Tensor | None:
        if values is None:
            return None
        copied = strided(values) if has_strides(values) else placed(values, tensor(values))
        return copied.requires_grad_(grad)

    return Tensors(
        x=formatted(image(inputs.x)).requires_grad_(grad),
        dy=None if inputs.dy is None else image(inputs.dy),
        gamma=maybe(inputs.gamma, grad=grad),
        beta=maybe(inputs.beta, grad=grad),
        running_mean=maybe(inputs.running_mean),
        running_var=maybe(inputs.running_var),
    )


def answer(inputs: Inputs, outputs: Mapping[str, Tensor | None]) -> Actual:
    """The outputs that exist, as arrays in the layout of `inputs`."""
    arrays = {name: array(value) for name, value in outputs.items() if value is not None}
    for name in arrays.keys() & {"y", "dx"}:
        arrays[name] = layout.from_channels_first(arrays[name], _axis(inputs))
    return arrays


def gradients(
    y: Tensor, dy: Tensor | None, leaves: Mapping[str, Tensor | None]
) -> dict[str, Tensor]:
    """Gradients of ``sum(y * dy)`` by those leaves that exist, by `torch.autograd.grad`."""
    if dy is None:
        return {}
    wanted = {name: leaf for name, leaf in leaves.items() if leaf is not None}
    found = torch.autograd.grad(y, list(wanted.values()), dy)
    return dict(zip(wanted, found, strict=True))


def _axis(inputs: Inputs) -> int:
    (axis,) = inputs.channel_axes
    return axis
