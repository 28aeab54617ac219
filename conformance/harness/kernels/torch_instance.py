"""One instance of a PyTorch module, called many times; `steps` has the words."""

from __future__ import annotations

import copy
from typing import Any

import cloudpickle  # type: ignore[import-untyped]  # it has no types
import numpy as np
import torch  # type: ignore[import-not-found, unused-ignore]  # not always there
from torch.utils.checkpoint import (  # type: ignore[import-not-found, unused-ignore]  # the same
    checkpoint,
)

from conformance.case import Actual, Array, Inputs
from conformance.errors import Unsupported
from conformance.harness.kernels import steps, torch_classes
from conformance.harness.kernels.bridges import to_torch
from conformance.harness.kernels.fence import fenced
from conformance.harness.kernels.returned import as_numpy

_PARAMETERS = {"gamma": "weight", "beta": "bias"}
_BUFFERS = ("running_mean", "running_var")


class TorchInstance:
    """A module that lives for several calls."""

    def __init__(self, module: type, first: Inputs, momentum: float) -> None:
        """Make it with the options, parameters and buffers of the first call."""
        accepted = torch_classes.options_of(module)
        options = torch_classes.chosen(accepted, first.gamma, first.beta, first.running_mean)
        known = {"eps": first.eps, "momentum": momentum}
        options |= {name: value for name, value in known.items() if name in accepted}
        dtype = _tensor(np.zeros(1, first.parameter_dtype)).dtype
        self._layer: Any = module(first.channel_shape[0], **options).to(dtype)
        self._original = self._layer
        self._set(first, steps.ASSIGN)

    def __call__(self, inputs: Inputs, how: str) -> Actual:
        """Take a step."""
        self._prepare(inputs, how)
        layer = self._layer.train(inputs.training)
        layer.zero_grad(set_to_none=True)
        x = _tensor(inputs.x).requires_grad_(how != steps.NO_GRAD)
        for own in layer.parameters():
            own.requires_grad_(how != steps.FROZEN)
        try:
            found = self._passed(layer, x, inputs, how)
        except TypeError as error:
            if how == steps.CUMULATIVE:  # it computes with a momentum, which nothing promised
                raise Unsupported(f"no momentum None: {error}") from error
            raise
        if how == steps.INTERLEAVED:  # its buffers are of another batch by now
            return found
        state = {name: getattr(layer, name, None) for name in _BUFFERS}
        return found | {n: as_numpy(n, v.clone()) for n, v in state.items() if v is not None}

    def _prepare(self, inputs: Inputs, how: str) -> None:
        if how in (steps.LOAD, steps.ASSIGN, steps.REPLACE):
            self._set(inputs, how)
        elif how in (steps.DEEPCOPY, steps.PICKLE):
            self._original = self._layer
            is_copy = how == steps.DEEPCOPY
            self._layer = copy.deepcopy(self._layer) if is_copy else _pickled(self._layer)
        elif how == steps.ORIGINAL:
            self._layer = self._original
        elif how == steps.CUMULATIVE:
            self._average_all()

    def _average_all(self) -> None:
        """Let the running statistics be the averages of all batches from now on.

        Raises:
            Unsupported: it is not one of those for which PyTorch says that momentum None means it.
        """
        is_one = isinstance(self._layer, torch.nn.modules.batchnorm._BatchNorm)  # noqa: SLF001 - no public one
        if not is_one or self._layer.num_batches_tracked is None:
            raise Unsupported("no cumulative average is known of its class")
        if self._layer.momentum is not None:
            self._layer.momentum = None
            self._layer.num_batches_tracked.zero_()

    def _set(self, inputs: Inputs, how: str) -> None:
        """Give it other parameters and buffers, in one of three ways."""
        given = {_PARAMETERS.get(n, n): _tensor(a) for n, a in inputs.given().items()}
        state = {n: v for n, v in given.items() if n not in ("x", "dy")}
        if how == steps.LOAD:
            self._layer.load_state_dict(self._layer.state_dict() | state)
            return
        for name, value in state.items():
            own = getattr(self._layer, name)
            if how == steps.REPLACE and name not in _BUFFERS:
                setattr(self._layer, name, torch.nn.Parameter(value.to(own.dtype)))
            elif how == steps.REPLACE:
                setattr(self._layer, name, value.to(own.dtype))
            else:
                with torch.no_grad():
                    own.copy_(value)

    def _passed(self, layer: Any, x: Any, inputs: Inputs, how: str) -> dict[str, Array]:
        """Forward, and backward where that is due."""
        if how == steps.NO_GRAD:
            with torch.no_grad():
                return {"y": as_numpy("y", layer(x))}
        if how == steps.CHECKPOINT:
            y = checkpoint(layer, x, use_reentrant=False)
        else:
            y = layer.forward(x) if how == steps.UNHOOKED else layer(x)
        told = as_numpy("y", y.clone())
        if inputs.dy is None or how == steps.FORWARD:
            return {"y": told}
        dy = _tensor(inputs.dy)
        if how == steps.ACCUMULATE:
            first = torch.arange(dy.numel()).reshape(dy.shape) % 2 == 0
            y.backward(torch.where(first, dy, 0))
            layer(x).backward(torch.where(first, 0, dy))
        else:
            if how == steps.INTERLEAVED:
                layer(-2 * x.detach().flip(0))
            y.backward(dy)
        slopes = {"dx": x.grad}
        for name, own in (("dgamma", "weight"), ("dbeta", "bias")):
            parameter = getattr(layer, own, None)
            slopes[name] = None if parameter is None else parameter.grad
        got = {n: as_numpy(n, v.clone()) for n, v in slopes.items() if v is not None}
        return {"y": told, **got}


def _tensor(array: Array) -> Any:
    return to_torch.tensor(fenced(array)).clone()


def _pickled(layer: Any) -> Any:
    """The layer as another process would have it; its class may have no name to import."""
    try:
        return cloudpickle.loads(cloudpickle.dumps(layer))
    except (TypeError, AttributeError, cloudpickle.pickle.PicklingError) as error:
        raise Unsupported(f"it cannot be pickled: {error}") from error
