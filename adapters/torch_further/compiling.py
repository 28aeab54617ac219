"""The public function, compiled once for batches of any size."""

from __future__ import annotations

import torch  # type: ignore[import-not-found, unused-ignore]  # checked without PyTorch too
from torch import Tensor  # type: ignore[import-not-found, unused-ignore]  # the same
from torch.nn import functional as F  # type: ignore[import-not-found, unused-ignore]  # noqa: N812 - PyTorch's name

from conformance.case import Actual, Inputs

from ..torch.functions import functional


def dynamic(inputs: Inputs) -> Actual:
    """Run the function compiled by Inductor for dynamic shapes, first on a batch of twice the size.

    What answers is the code that this first batch had compiled, unless PyTorch finds itself that
    the second one needs another.
    """
    torch.compiler.reset()
    return functional(inputs, batch_norm=_after_another)


def _after_another(x: Tensor, *rest: Tensor | float | None) -> Tensor:
    made = torch.compile(F.batch_norm, backend="inductor", fullgraph=True, dynamic=True)
    first, *others = (_apart(value) for value in (torch.cat([x, x]), *rest))
    y = made(first, *others)
    leaves = [v for v in (first, *others) if isinstance(v, Tensor) and v.requires_grad]
    if leaves:
        torch.autograd.grad(y, leaves, torch.ones_like(y))
    found: Tensor = made(x, *rest)
    return found


def _apart(value: Tensor | float | None) -> Tensor | float | None:
    """A copy that is a leaf of its own; anything but a tensor as it is."""
    if not isinstance(value, Tensor):
        return value
    return value.detach().clone().requires_grad_(value.requires_grad)
