"""A Flax module class, nnx or linen, as a function: made anew for every call."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import Any, Protocol, cast

import jax.numpy as jnp  # type: ignore[import-not-found, unused-ignore]  # checked without JAX too
from flax import nnx  # type: ignore[import-not-found, unused-ignore]  # the same

from conformance.arrays import RUNNING
from conformance.case import Dialect, Inputs
from conformance.errors import AdapterError
from conformance.harness.kernels import constructor, contract, linen_layers, nnx_layers

DIALECT = Dialect(momentum="old", running_var="biased", layout="any")
"""What Flax's own two layers do."""

_LAST = replace(DIALECT, layout="channels_last")

MODES: Mapping[str, bool] = MappingProxyType(
    {
        "use_running_average": False,
        "deterministic": False,
        "training": True,
        "train": True,
        "is_training": True,
    }
)
"""Words with which a module is told the mode, each with what it is in training."""

_ABSENT = {"use_scale": "gamma", "use_bias": "beta"}
_EPS = ("epsilon", "eps")
_KNOWN = frozenset(
    {"axis", "momentum", *_EPS, "dtype", "param_dtype", *_ABSENT, "rngs", *MODES, "parent", "name"}
)


class Form(Protocol):
    """One of Flax's two interfaces: how a module of it is called once."""

    def once(
        self,
        layer: Any,
        given: Mapping[str, Any],
        x: Any,
        words: Mapping[str, bool],
        *,
        training: bool,
    ) -> tuple[Any, dict[str, Any]]:
        """One call of a new instance: y, and the running statistics after it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a class is built and called.

    Attributes:
        module: The class.
        form: Its interface.
        accepted: The options that its constructor takes.
        told: The words of the mode that its call takes.
        counts: The option of its constructor that is the number of channels; None if it has none.
    """

    module: Any
    form: Form
    accepted: frozenset[str]
    told: frozenset[str]
    counts: str | None

    def words(self, *, training: bool) -> dict[str, bool]:
        """What a call is told of the mode."""
        return {word: value == training for word, value in MODES.items() if word in self.told}

    def fields(self, *, training: bool) -> dict[str, bool]:
        """What the constructor is told of the mode: nothing that the call is told."""
        left = self.accepted - self.told
        return {word: value == training for word, value in MODES.items() if word in left}

    def made(self, channels: int, *, training: bool, **wanted: Any) -> Any:
        """An instance with those of the options that the constructor takes."""
        told = {**wanted, "rngs": nnx.Rngs(0), **self.fields(training=training)}
        chosen = constructor.taken(self.accepted, _ABSENT, told)
        return self.module(**chosen, **({self.counts: channels} if self.counts else {}))


def plan(module: Any) -> Plan:
    """Read the constructor and the call of a class.

    Raises:
        AdapterError: its constructor asks for what no batch normalization layer is given.
    """
    asked = constructor.asked(module, _KNOWN)
    if len(asked) > 1:
        raise AdapterError(
            f"{module.__name__}{inspect.signature(module.__init__)} asks for {', '.join(asked)}; "
            "wanted was the constructor of flax.nnx.BatchNorm: (num_features, *, axis, momentum, "
            "epsilon, dtype, param_dtype, use_bias, use_scale, use_running_average, rngs), or any "
            "part of it. Give others a default."
        )
    return Plan(
        module=module,
        form=cast("Form", nnx_layers if issubclass(module, nnx.Module) else linen_layers),
        accepted=constructor.accepted(module),
        told=frozenset(inspect.signature(module.__call__).parameters) & MODES.keys(),
        counts=asked[0] if asked else None,
    )


def dialect_of(module: Any) -> Dialect:
    """What a class does: without ``axis`` in its constructor it has its channels last."""
    return DIALECT if "axis" in constructor.accepted(module) else _LAST


def maker(own: Plan, first: Inputs, momentum: float) -> Callable[[], Any]:
    """What makes instances of a class with the options of a call."""
    axis = first.channel_axes[0] if "axis" in own.accepted else first.x.ndim - 1
    return partial(
        own.made,
        first.x.shape[axis],
        training=first.training,
        **_types(first.x.dtype, first.parameter_dtype),
        **dict.fromkeys(_EPS, first.eps),
        momentum=momentum,
        axis=first.axis,
        use_scale=first.gamma is not None,
        use_bias=first.beta is not None,
    )


def from_module(module: Any) -> Callable[..., Any]:
    """A drop-in for `flax.nnx.BatchNorm` or `flax.linen.BatchNorm` as a function of the contract.

    Raises:
        AdapterError: its constructor asks for what no batch normalization layer is given.
    """
    own = plan(module)

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
        arrays = dict(zip(_ARRAYS, (gamma, beta, running_mean, running_var), strict=True))
        given = {name: array for name, array in arrays.items() if array is not None}
        numbers = {"momentum": momentum, **dict.fromkeys(_EPS, eps)}
        layer = own.made(
            x.shape[axis],
            training=training,
            **_types(x.dtype, next(iter(given.values()), x).dtype),
            **{name: value for name, value in numbers.items() if value is not None},
            axis=axis,
            use_scale=gamma is not None,
            use_bias=beta is not None,
        )
        y, running = own.form.once(layer, given, x, own.words(training=training), training=training)
        return {"y": y, **{name: v for name, v in running.items() if name in given}}

    contract.leave_out(batch_norm, _lacking(own))
    return batch_norm


_ARRAYS = ("gamma", "beta", *RUNNING)


def _lacking(own: Plan) -> set[str]:
    """Parameters of the contract that a class has no use for."""
    options = {"eps": _EPS, "momentum": ("momentum",), "axis": ("axis",)}
    found = {name for name, words in options.items() if own.accepted.isdisjoint(words)}
    is_told = own.told or own.fields(training=True) or own.form is cast("Form", nnx_layers)
    return found if is_told else found | {"training", *RUNNING}


def _types(x: Any, parameters: Any) -> dict[str, Any]:
    """The types of a layer: y has the type of x, as who mixes types asks for."""
    return {"dtype": jnp.dtype(x), "param_dtype": jnp.dtype(parameters)}
