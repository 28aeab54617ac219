"""The modules, and whatever is made of one."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeAlias

import torch  # type: ignore[import-not-found, unused-ignore]  # checked without PyTorch too
from torch import Tensor, nn  # type: ignore[import-not-found, unused-ignore]  # the same

from conformance.case import Actual, Inputs
from conformance.errors import Unsupported

from .calling import DEVICE, Tensors, answer, gradients, tensors
from .refusing import refusals

Made: TypeAlias = Callable[[nn.Module, Tensor], Any]
"""What makes of a module and its x whatever is called, with the module's parameters and buffers."""

MODULES = {2: nn.BatchNorm1d, 3: nn.BatchNorm1d, 4: nn.BatchNorm2d, 5: nn.BatchNorm3d}
"""The module for each rank of `x`."""


def module(inputs: Inputs, made: Made | None = None) -> Actual:
    """Run the module for the rank of `x`, in its mode, or what is made of it."""
    if inputs.gamma is None and inputs.beta is not None:
        raise Unsupported("the modules have no bias without a weight")
    given = tensors(inputs)
    layer = MODULES[inputs.x.ndim](
        given.x.shape[1],
        eps=inputs.eps,
        momentum=inputs.momentum,
        affine=given.gamma is not None,
        track_running_stats=given.running_mean is not None,
        device=DEVICE,
        dtype=_parameter_type(given),
        **_without_bias(given),
    )
    state = {
        "weight": given.gamma,
        "bias": given.beta,
        "running_mean": given.running_mean,
        "running_var": given.running_var,
    }
    known = {name: value.detach() for name, value in state.items() if value is not None}
    if given.running_mean is not None:
        known["num_batches_tracked"] = torch.tensor(0)
    layer.load_state_dict(known)
    layer.train(inputs.training)
    with refusals():
        called = layer if made is None else made(layer, given.x)
        y = called(given.x)
        own = {name: getattr(called, name, None) for name in state}
        leaves = {"dx": given.x, "dgamma": own["weight"], "dbeta": own["bias"]}
        grads = gradients(y, given.dy, leaves)
    running = {name: own[name] for name in ("running_mean", "running_var")}
    return answer(inputs, {"y": y, **grads, **running})


def _without_bias(given: Tensors) -> dict[str, bool]:
    """What the modules are told of a weight without a bias: older releases cannot have that.

    Raises:
        Unsupported: this release is one of them.
    """
    if given.gamma is None or given.beta is not None:
        return {}
    if "bias" not in inspect.signature(nn.BatchNorm1d).parameters:
        raise Unsupported("the modules of this release have no weight without a bias")
    return {"bias": False}


def _parameter_type(given: Tensors) -> torch.dtype:
    held = (given.gamma, given.beta, given.running_mean, given.running_var, given.x)
    return next(value.dtype for value in held if value is not None)
