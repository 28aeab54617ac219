"""PyTorch's two kinds of class as functions: `nn.Module` like BatchNorm, `autograd.Function`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import torch  # type: ignore[import-not-found, unused-ignore]  # not always there

from conformance.errors import AdapterError, Unsupported
from conformance.harness.kernels import contract
from conformance.harness.kernels.contract import Parameters

_STATE = ("weight", "bias", "running_mean", "running_var")
_OPTIONS = ("eps", "momentum", "affine", "bias", "track_running_stats", "device", "dtype")


def from_module(module: type) -> Callable[..., Any]:
    """A drop-in for ``nn.BatchNorm1d``, ``2d`` or ``3d`` as a function of the contract.

    The module is made anew for every call and given the case's parameters and buffers, under the
    names that PyTorch's own modules use; gradients flow to them.

    Raises:
        AdapterError: its constructor asks for what no batch normalization layer is given.
    """
    accepted = options_of(module)

    def batch_norm(
        x: Any,
        gamma: Any = None,
        beta: Any = None,
        *,
        running_mean: Any = None,
        running_var: Any = None,
        eps: float | None = None,
        momentum: float | None = None,
        training: bool = True,
    ) -> Any:
        options = chosen(accepted, gamma, beta, running_mean)
        options |= {n: v for n, v in (("eps", eps), ("momentum", momentum)) if v is not None}
        layer = module(x.shape[1], **options).to(x.device).train(training)
        _check_rank(layer, x)
        given = dict(zip(_STATE, (gamma, beta, running_mean, running_var), strict=True))
        state = {name: value for name, value in given.items() if value is not None}
        _check_state(layer, state)
        # A module's own parameters and buffers are contiguous, whatever the arrays of a case are.
        own = {name: value.contiguous() for name, value in state.items()}
        _give(layer, own)
        y = layer(x)
        with torch.no_grad():
            for name in ("running_mean", "running_var"):
                if name in own and own[name] is not state[name]:
                    state[name].copy_(own[name])
        return y

    return batch_norm


def from_function(function: Any) -> tuple[Callable[..., Any], Parameters]:
    """An `autograd.Function` as a function of the contract: its ``apply``, by position.

    Raises:
        AdapterError: its ``forward`` asks for what a kernel is not given.
    """
    has_context = function.setup_context is inspect.getattr_static(
        function.__mro__[-2], "setup_context", None
    )
    forward = function.forward
    first = next(iter(inspect.signature(forward).parameters), "")
    takes = contract.parameters(forward, skip=int(has_context or first == "ctx"))

    def apply(*arguments: Any) -> Any:
        found = function.apply(*arguments)
        return found[0] if isinstance(found, tuple) else found

    every = Parameters(names=takes.names, positional=len(takes.names), required=takes.required)
    return apply, every


def options_of(module: type) -> frozenset[str]:
    """The options of a module's constructor that it can be given.

    Raises:
        AdapterError: it asks for what no batch normalization layer is given.
    """
    listed = list(inspect.signature(module).parameters.values())
    if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in listed):
        return frozenset(_OPTIONS)
    strangers = [
        p.name
        for p in listed[1:]
        if p.default is inspect.Parameter.empty
        and p.kind is not inspect.Parameter.VAR_POSITIONAL
        and p.name not in _OPTIONS
    ]
    if strangers or not listed:
        raise AdapterError(
            f"{module.__name__}{inspect.signature(module)} asks for "
            f"{', '.join(strangers) or 'nothing'}; wanted was the constructor of nn.BatchNorm2d: "
            "(num_features, eps, momentum, affine, track_running_stats). Give others a default."
        )
    return frozenset(p.name for p in listed[1:])


def chosen(accepted: frozenset[str], gamma: Any, beta: Any, running_mean: Any) -> dict[str, Any]:
    """Constructor options for what is there and what is not."""
    if gamma is None and beta is not None:
        raise Unsupported("the modules have no bias without a weight")
    absent = {
        "affine": gamma is None,
        "bias": beta is None and gamma is not None,
        "track_running_stats": running_mean is None,
    }
    wanted = [name for name, is_absent in absent.items() if is_absent]
    refused = [name for name in wanted if name not in accepted]
    if refused:
        raise Unsupported(f"the module takes no {refused[0]}=False")
    return dict.fromkeys(wanted, False)


def _give(layer: Any, own: dict[str, Any]) -> None:
    """Put tensors in the places of parameters and buffers, for good: the layer is of this call.

    What recomputes its forward pass in the backward pass finds them there still.
    """
    for name, value in own.items():
        places = layer._parameters if name in layer._parameters else layer._buffers  # noqa: SLF001 - a leaf that is no Parameter has no other way in
        places[name] = value


def _check_rank(layer: Any, x: Any) -> None:
    """Ask a module that knows its ranks; PyTorch's own do."""
    check = getattr(layer, "_check_input_dim", None)
    if check is None:
        return
    try:
        check(x)
    except ValueError as refusal:
        raise Unsupported(str(refusal)) from refusal


def _check_state(layer: Any, state: dict[str, Any]) -> None:
    own = {*dict(layer.named_parameters()), *dict(layer.named_buffers())}
    missing = [name for name in state if name not in own]
    if missing:
        raise AdapterError(
            f"{type(layer).__name__} has no {', '.join(missing)}; its state is "
            f"{', '.join(sorted(own)) or 'empty'}. Use the names of nn.BatchNorm2d: weight, bias, "
            "running_mean, running_var."
        )
