"""The operators below the function, which also return what they save."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import torch  # type: ignore[import-not-found, unused-ignore]  # checked without PyTorch too
from torch import Tensor  # type: ignore[import-not-found, unused-ignore]  # the same

from conformance.case import Actual, Inputs

from .calling import answer, tensors
from .refusing import refusals

Operator: TypeAlias = Callable[..., Any]
"""An operator of PyTorch, or what is called as one."""


def native(
    inputs: Inputs,
    forward: Operator = torch.ops.aten.native_batch_norm,
    backward: Operator = torch.ops.aten.native_batch_norm_backward,
) -> Actual:
    """Run the operators below the function, or others that are called as they are."""
    given = tensors(inputs)
    x, gamma, beta = given.x.detach(), given.gamma, given.beta
    running = (given.running_mean, given.running_var)
    found: dict[str, Tensor | None] = {}
    with refusals(), torch.no_grad():
        y, mean, inv_std = forward(
            x, gamma, beta, *running, inputs.training, inputs.momentum, inputs.eps
        )
        if given.dy is not None:
            mask = [True, gamma is not None, beta is not None]
            grads = backward(
                given.dy, x, gamma, *running, mean, inv_std, inputs.training, inputs.eps, mask
            )
            found = dict(zip(("dx", "dgamma", "dbeta"), grads, strict=True))
    # In test mode the CPU saves empty tensors, and the GPU a copy of the running mean.
    found["mean"] = mean if inputs.training else None
    found["inv_std"] = inv_std if inv_std.numel() == x.shape[1] else None
    return answer(inputs, {"y": y, **found, "running_mean": running[0], "running_var": running[1]})
