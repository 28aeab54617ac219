"""One instance of a PyTorch module, called many times; `steps` has the words."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import torch  # type: ignore[import-not-found, unused-ignore]  # not always there
from torch.utils.checkpoint import (  # type: ignore[import-not-found, unused-ignore]  # the same
    checkpoint,
)

from conformance.arrays import RUNNING
from conformance.case import Actual, Array, Inputs
from conformance.errors import Unsupported
from conformance.harness.kernels import steps, torch_classes
from conformance.harness.kernels.bridges import to_torch
from conformance.harness.kernels.fence import fenced
from conformance.harness.kernels.instance import (
    Living,
    another,
    halves,
    pickled,
    wants_gradients,
)
from conformance.harness.kernels.returned import as_numpy

_PARAMETERS = {"gamma": "weight", "beta": "bias"}


class TorchInstance(Living):
    """A module that lives for several calls."""

    LACKS = frozenset({steps.CLONE, steps.COMPILED})
    OF = "PyTorch modules"

    def __init__(self, module: type, first: Inputs, momentum: float) -> None:
        """Make it with the options, parameters and buffers of the first call."""
        accepted = torch_classes.options_of(module)
        options = torch_classes.chosen(accepted, first.gamma, first.beta, first.running_mean)
        known = {"eps": first.eps, "momentum": momentum}
        options |= {name: value for name, value in known.items() if name in accepted}
        dtype = _tensor(np.zeros(1, first.parameter_dtype)).dtype
        super().__init__(module(first.channel_shape[0], **options).to(dtype))
        self.give(first, steps.ASSIGN)

    def prepare(self, inputs: Inputs, how: str) -> None:
        """Do what a step asks for before the call."""
        if how == steps.CUMULATIVE:
            self._average_all()
        else:
            super().prepare(inputs, how)

    def copied(self, inputs: Inputs, how: str) -> Any:  # noqa: ARG002 - the layer has all
        """A deep copy, or what a pickle holds."""
        return copy.deepcopy(self.layer) if how == steps.DEEPCOPY else pickled(self.layer)

    def passed(self, inputs: Inputs, how: str) -> Actual:
        """Forward, and backward where that is due."""
        layer = self.layer.train(inputs.training)
        layer.zero_grad(set_to_none=True)
        x = _tensor(inputs.x).requires_grad_(how != steps.NO_GRAD)
        for own in layer.parameters():
            own.requires_grad_(how != steps.FROZEN)
        try:
            return self._passed(layer, x, inputs, how)
        except TypeError as error:
            if how == steps.CUMULATIVE:  # it computes with a momentum, which nothing promised
                raise Unsupported(f"no momentum None: {error}") from error
            raise

    def shown(self) -> Actual:
        """The running statistics."""
        state = {name: getattr(self.layer, name, None) for name in RUNNING}
        return {n: as_numpy(n, v.clone()) for n, v in state.items() if v is not None}

    def _average_all(self) -> None:
        """Let the running statistics be the averages of all batches from now on.

        Raises:
            Unsupported: it is not one of those for which PyTorch says that momentum None means it.
        """
        is_one = isinstance(self.layer, torch.nn.modules.batchnorm._BatchNorm)  # noqa: SLF001 - no public one
        if not is_one or self.layer.num_batches_tracked is None:
            raise Unsupported("no cumulative average is known of its class")
        if self.layer.momentum is not None:
            self.layer.momentum = None
            self.layer.num_batches_tracked.zero_()

    def give(self, inputs: Inputs, how: str) -> None:
        """Give it other parameters and buffers, in one of three ways."""
        given = {_PARAMETERS.get(n, n): _tensor(a) for n, a in inputs.given().items()}
        state = {n: v for n, v in given.items() if n not in ("x", "dy")}
        if how == steps.LOAD:
            self.layer.load_state_dict(self.layer.state_dict() | state)
            return
        for name, value in state.items():
            own = getattr(self.layer, name)
            if how == steps.REPLACE and name not in RUNNING:
                setattr(self.layer, name, torch.nn.Parameter(value.to(own.dtype)))
            elif how == steps.REPLACE:
                setattr(self.layer, name, value.to(own.dtype))
            else:
                with torch.no_grad():
                    own.copy_(value)

    def _passed(self, layer: Any, x: Any, inputs: Inputs, how: str) -> dict[str, Array]:
        if how == steps.NO_GRAD:
            with torch.no_grad():
                return {"y": as_numpy("y", layer(x))}
        if how == steps.CHECKPOINT:
            y = checkpoint(layer, x, use_reentrant=False)
        else:
            y = layer.forward(x) if how == steps.UNHOOKED else layer(x)
        told = as_numpy("y", y.clone())
        if inputs.dy is None or not wants_gradients(inputs, how):
            return {"y": told}
        if how == steps.ACCUMULATE:
            first, second = map(_tensor, halves(inputs.dy))
            y.backward(first)
            layer(x).backward(second)
        else:
            if how == steps.INTERLEAVED:
                layer(_tensor(another(inputs.x)))
            y.backward(_tensor(inputs.dy))
        slopes = {"dx": x.grad}
        for name, own in (("dgamma", "weight"), ("dbeta", "bias")):
            parameter = getattr(layer, own, None)
            slopes[name] = None if parameter is None else parameter.grad
        got = {n: as_numpy(n, v.clone()) for n, v in slopes.items() if v is not None}
        return {"y": told, **got}


def _tensor(array: Array) -> Any:
    return to_torch.tensor(fenced(array)).clone()
