"""The public function, and whatever is called as it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import torch  # type: ignore[import-not-found, unused-ignore]  # checked without PyTorch too
from torch import Tensor  # type: ignore[import-not-found, unused-ignore]  # the same
from torch.nn import functional as F  # type: ignore[import-not-found, unused-ignore]  # noqa: N812 - PyTorch's name

from conformance.case import Actual, Inputs

from .calling import answer, gradients, tensors
from .refusing import refusals

BatchNorm: TypeAlias = Callable[..., Tensor]
"""A function that is called as ``torch.nn.functional.batch_norm`` is."""


def functional(
    inputs: Inputs,
    batch_norm: BatchNorm = F.batch_norm,
    memory_format: torch.memory_format | None = None,
) -> Actual:
    """Run ``torch.nn.functional.batch_norm`` and `torch.autograd.grad`."""
    given = tensors(inputs, memory_format)
    with refusals():
        y = batch_norm(
            given.x,
            given.running_mean,
            given.running_var,
            given.gamma,
            given.beta,
            inputs.training,
            inputs.momentum,
            inputs.eps,
        )
        leaves = {"dx": given.x, "dgamma": given.gamma, "dbeta": given.beta}
        grads = gradients(y, given.dy, leaves)
    running = {"running_mean": given.running_mean, "running_var": given.running_var}
    return answer(inputs, {"y": y, **grads, **running})


def channels_last(inputs: Inputs) -> Actual:
    """Run `functional` on tensors whose memory is in the channels-last order."""
    formats = {4: torch.channels_last, 5: torch.channels_last_3d}
    return functional(inputs, memory_format=formats[inputs.x.ndim])
