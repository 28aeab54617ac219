"""A Keras layer class as a function: made anew for every call, run without state of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conformance.case import Dialect
from conformance.errors import AdapterError

DIALECT = Dialect(momentum="old", running_var="biased", layout="any")
"""What Keras's own layer does."""

_STATE = {
    "gamma": "gamma",
    "beta": "beta",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}
"""Names of a layer's variables to the contract's."""


def from_layer(layer_class: Any) -> Callable[..., Any]:
    """A drop-in for `keras.layers.BatchNormalization` as a function of the contract.

    Its constructor takes ``axis, momentum, epsilon, center, scale, dtype``, and its variables have
    the names that Keras gives them.
    """

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
        layer = layer_class(
            axis=axis,
            center=beta is not None,
            scale=gamma is not None,
            dtype=_policy(x, gamma, beta, running_mean),
            **{name: value for name, value in known.items() if value is not None},
        )
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
            training=training,
        )
        kept = zip(layer.non_trainable_variables, state, strict=True)
        running = {_STATE[v.name]: value for v, value in kept if v.name in _STATE}
        return {"y": y, **({} if running_mean is None else running)}

    return batch_norm


def _policy(x: Any, *parameters: Any) -> str:
    """The type of a layer whose variables have the type of the parameters."""
    x_type = _type_name(x)
    others = [_type_name(p) for p in parameters if p is not None]
    return x_type if not others or others[0] == x_type else f"mixed_{x_type}"


def _type_name(value: Any) -> str:
    return str(getattr(value.dtype, "name", value.dtype))


def _given(variable: Any, given: dict[str, Any]) -> Any:
    if variable.name not in _STATE:
        raise AdapterError(
            f"the layer has a variable {variable.name!r}, expected {', '.join(_STATE)}. "
            "Use the names of keras.layers.BatchNormalization."
        )
    value = given[_STATE[variable.name]]
    return variable.value if value is None else value
