"""PyTorch tensors, on the GPU where PyTorch sees one; gradients by autograd."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ml_dtypes
import numpy as np
import torch  # type: ignore[import-not-found, unused-ignore]  # checked without PyTorch too

from conformance.arrays import GRADIENT_OF
from conformance.errors import Unsupported
from conformance.harness.kernels.bridges import Forward
from conformance.harness.kernels.fence import Fenced

PACKAGES = ("torch",)
IN_PLACE = True
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")

_REFUSALS = (
    "Expected more than 1 value per channel when training",
    "input tensor must have at least one element",
)
"""PyTorch's own words for calls that its public function does not take."""


def device() -> str:
    """Where kernels run."""
    return f"cuda: {torch.cuda.get_device_name(DEVICE)}" if DEVICE.type == "cuda" else "cpu"


def run(
    forward: Forward,
    fences: Mapping[str, Fenced],
    leaves: tuple[str, ...],
    key: object,  # noqa: ARG001 - PyTorch compiles by itself
) -> dict[str, Any]:
    """Call the kernel on tensors; on the CPU they share memory with the fences."""
    flats = {name: _flat(fence) for name, fence in fences.items()}
    tensors = {name: _view(flats[name], fence) for name, fence in fences.items()}
    for name in leaves:
        tensors[name].requires_grad_()
    try:
        found = forward(tensors)
        if leaves:
            found |= _gradients(found, tensors, leaves)
    except (ValueError, RuntimeError) as error:
        if any(words in str(error) for words in _REFUSALS):
            raise Unsupported(str(error)) from error
        raise
    if DEVICE.type != "cpu":
        torch.cuda.synchronize()
        for name, fence in fences.items():
            _bits(torch.from_numpy(_plain(fence.flat))).copy_(_bits(flats[name].cpu()))
    return found


def tensor(fence: Fenced) -> Any:
    """An array as a tensor, where kernels run."""
    return _view(_flat(fence), fence)


def _flat(fence: Fenced) -> Any:
    shared = torch.from_numpy(_plain(fence.flat))
    typed = shared.view(torch.bfloat16) if fence.flat.dtype == ml_dtypes.bfloat16 else shared
    return typed.to(DEVICE)


def _plain(flat: Any) -> Any:
    """The buffer in a type that numpy and PyTorch both know."""
    return flat.view(np.int16) if flat.dtype == ml_dtypes.bfloat16 else flat


def _bits(flat: Any) -> Any:
    return flat.view(torch.uint8)


def _view(flat: Any, fence: Fenced) -> Any:
    tensor = flat.as_strided(fence.shape, fence.steps, fence.start)
    return tensor.flip(fence.reversed_axes) if fence.reversed_axes else tensor


def _gradients(
    found: Mapping[str, Any], tensors: Mapping[str, Any], leaves: tuple[str, ...]
) -> dict[str, Any]:
    y = found.get("y")
    if y is None or not y.requires_grad:
        return {}
    by = [tensors[name] for name in leaves]
    # A y of the wrong type is the judge's affair: its gradients are looked at all the same.
    got = torch.autograd.grad(y, by, tensors["dy"].to(y.dtype), allow_unused=True)
    # What y does not depend on has the gradient zero: autograd says None.
    whole = [torch.zeros_like(b) if g is None else g for b, g in zip(by, got, strict=True)]
    return {GRADIENT_OF[name]: value for name, value in zip(leaves, whole, strict=True)}
