"""A Keras layer class as a function: made anew for every call, run without state of its own."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from conformance.case import Dialect, Inputs
from conformance.errors import AdapterError, Unsupported

DIALECT = Dialect(momentum="old", running_var="biased", layout="any")
"""What Keras's own layer does."""

_STATE = {
    "gamma": "gamma",
    "beta": "beta",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}
"""Names of a layer's variables to the contract's."""


NAMES = {
    **_STATE,
    "scale": "gamma",
    "weight": "gamma",
    "offset": "beta",
    "bias": "beta",
    "running_mean": "running_mean",
    "running_var": "running_var",
    "moving_var": "running_var",
}
"""Other names that a layer's variables may have."""


def dialect_of(layer_class: Any) -> Dialect:
    """What a layer class does: without ``axis`` in its constructor it has its channels last."""
    accepted = _accepted(layer_class)
    return DIALECT if accepted is None or "axis" in accepted else _LAST


_LAST = replace(DIALECT, layout="channels_last")


def _accepted(layer_class: Any) -> frozenset[str] | None:
    """The options that a constructor takes; None for whatever a base class takes."""
    listed = inspect.signature(layer_class.__init__).parameters.values()
    plain = frozenset(
        p.name for p in listed if p.kind is not inspect.Parameter.VAR_KEYWORD and p.name != "self"
    )
    passes_on = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in listed)
    if not passes_on:
        return plain
    base = next((c for c in layer_class.__mro__[1:] if "__init__" in vars(c)), object)
    if base.__name__ == "Layer":  # which takes these and no more
        return plain | {"dtype"}
    above = _accepted(base)
    return None if above is None else plain | above


def trains(layer_class: Any) -> bool:
    """Whether a layer is told the mode."""
    return "training" in inspect.signature(layer_class.call).parameters


def maker(layer_class: Any, first: Inputs, momentum: float) -> Callable[[], Any]:
    """What makes layers of a class with the options of a call, not built yet."""
    taken = _taken(
        _accepted(layer_class),
        axis=first.axis,
        center=first.beta is not None,
        scale=first.gamma is not None,
        dtype=_policy(first.x, first.gamma, first.beta, first.running_mean),
        epsilon=first.eps,
        momentum=momentum,
    )
    return lambda: layer_class(**taken)


def _taken(accepted: frozenset[str] | None, **wanted: Any) -> dict[str, Any]:
    """Those of some options that a constructor takes."""
    if accepted is None:
        return wanted
    for name, absent in (("center", "beta"), ("scale", "gamma")):
        if name not in accepted and not wanted[name]:
            raise Unsupported(f"the layer takes no {name}=False, and there is no {absent}")
    return {name: value for name, value in wanted.items() if name in accepted}


def from_layer(layer_class: Any) -> Callable[..., Any]:
    """A drop-in for `keras.layers.BatchNormalization` as a function of the contract.

    Its constructor takes any of ``axis, momentum, epsilon, center, scale, dtype``, and its
    variables have the names that Keras gives them, or others that mean one thing alone.
    """
    accepted = _accepted(layer_class)
    is_told = trains(layer_class)

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
        axis: int = -1,
    ) -> Any:
        known = {"epsilon": eps, "momentum": momentum}
        wanted = _taken(
            accepted,
            axis=axis,
            center=beta is not None,
            scale=gamma is not None,
            dtype=_policy(x, gamma, beta, running_mean),
            **{name: value for name, value in known.items() if value is not None},
        )
        layer = layer_class(**wanted)
        layer.build(x.shape)
        given = {
            "gamma": gamma,
            "beta": beta,
            "running_mean": running_mean,
            "running_var": running_var,
        }
        y, state = layer.stateless_call(
            [_given(v, given) for v in layer.trainable_variables],
            [_given(v, given) for v in layer.non_trainable_variables],
            x,
            **({"training": training} if is_told else {}),
        )
        kept = zip(layer.non_trainable_variables, state, strict=True)
        running = {NAMES[v.name]: value for v, value in kept if v.name in NAMES}
        return {"y": y, **({} if running_mean is None else running)}

    if accepted is not None:
        lacking = {
            name
            for name, option in (("eps", "epsilon"), ("momentum", "momentum"), ("axis", "axis"))
            if option not in accepted
        } | ({"training", "running_mean", "running_var"} if not is_told else set())
        listed = inspect.signature(batch_norm).parameters
        told = [p for name, p in listed.items() if name not in lacking]
        batch_norm.__signature__ = inspect.Signature(told)  # type: ignore[attr-defined]
    return batch_norm


def _policy(x: Any, *parameters: Any) -> str:
    """The type of a layer whose variables have the type of the parameters."""
    x_type = _type_name(x)
    others = [_type_name(p) for p in parameters if p is not None]
    return x_type if not others or others[0] == x_type else f"mixed_{x_type}"


def _type_name(value: Any) -> str:
    return str(getattr(value.dtype, "name", value.dtype))


def _given(variable: Any, given: dict[str, Any]) -> Any:
    if variable.name not in NAMES:
        raise AdapterError(
            f"the layer has a variable {variable.name!r}, expected {', '.join(_STATE)}. "
            "Use the names of keras.layers.BatchNormalization."
        )
    value = given[NAMES[variable.name]]
    return variable.value if value is None else value
