"""A Keras layer class as a function: made anew for every call, run without state of its own."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from conformance.case import Dialect, Inputs
from conformance.errors import AdapterError
from conformance.harness.kernels import constructor, contract
from conformance.harness.kernels.variables import NAMES

DIALECT = Dialect(momentum="old", running_var="biased", layout="any")
"""What Keras's own layer does."""


def dialect_of(layer_class: Any) -> Dialect:
    """What a layer class does: without ``axis`` in its constructor it has its channels last."""
    return DIALECT if "axis" in constructor.accepted(layer_class) else _LAST


_LAST = replace(DIALECT, layout="channels_last")


def trains(layer_class: Any) -> bool:
    """Whether a layer is told the mode."""
    return "training" in inspect.signature(layer_class.call).parameters


def maker(layer_class: Any, first: Inputs, momentum: float) -> Callable[[], Any]:
    """What makes layers of a class with the options of a call, not built yet."""
    wanted = {
        "axis": first.axis,
        "center": first.beta is not None,
        "scale": first.gamma is not None,
        "dtype": _policy(first.x, first.gamma, first.beta, first.running_mean),
        "epsilon": first.eps,
        "momentum": momentum,
    }
    taken = constructor.taken(constructor.accepted(layer_class), _ABSENT, wanted)
    return lambda: layer_class(**taken)


_ABSENT = {"center": "beta", "scale": "gamma"}


def from_layer(layer_class: Any) -> Callable[..., Any]:
    """A drop-in for `keras.layers.BatchNormalization` as a function of the contract.

    Its constructor takes any of ``axis, momentum, epsilon, center, scale, dtype``, and its
    variables have the names that Keras gives them, or others that mean one thing alone.
    """
    accepted = constructor.accepted(layer_class)
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
        wanted = {
            "axis": axis,
            "center": beta is not None,
            "scale": gamma is not None,
            "dtype": _policy(x, gamma, beta, running_mean),
            **{name: value for name, value in known.items() if value is not None},
        }
        layer = layer_class(**constructor.taken(accepted, _ABSENT, wanted))
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

    options = (("eps", "epsilon"), ("momentum", "momentum"), ("axis", "axis"))
    lacking = {name for name, option in options if option not in accepted}
    lacking |= set() if is_told else {"training", "running_mean", "running_var"}
    contract.leave_out(batch_norm, lacking)
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
            f"the layer has a variable {variable.name!r}, expected gamma, beta, moving_mean, "
            "moving_variance. Use the names of keras.layers.BatchNormalization."
        )
    value = given[NAMES[variable.name]]
    return variable.value if value is None else value
