"""What a kernel's parameters and results may be called, and what is answered to other names."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

from conformance.arrays import MASK, OUTPUT_NAMES
from conformance.case import Inputs
from conformance.errors import AdapterError

ARGUMENTS = (
    "x",
    "gamma",
    "beta",
    "dy",
    "running_mean",
    "running_var",
    "eps",
    "momentum",
    "training",
    "axis",
    MASK,
)
"""What a kernel may be given, by name; it is given those that it names.

One that takes whatever comes, by ``**``, is given all but a mask: it would not know of it.
"""

SAME: Mapping[str, str] = MappingProxyType(
    {
        "input": "x",
        "inputs": "x",
        "weight": "gamma",
        "scale": "gamma",
        "bias": "beta",
        "shift": "beta",
        "offset": "beta",
        "dout": "dy",
        "grad_y": "dy",
        "grad_output": "dy",
        "moving_mean": "running_mean",
        "moving_var": "running_var",
        "moving_variance": "running_var",
        "epsilon": "eps",
        "is_training": "training",
    }
)
"""Other names that mean one thing alone, in PyTorch, TensorFlow or papers: taken as they are.

So are all names in another case, such as ``X``.
"""

_MEANT = {
    "data": "x",
    "w": "gamma",
    "b": "beta",
    "grad": "dy",
    "train": "training",
    "decay": "momentum",
    "mean": "running_mean",
    "var": "running_var",
    "dim": "axis",
    "channel_axis": "axis",
}
_MEANT_OUTPUT = {
    "out": "y",
    "output": "y",
    "grad_x": "dx",
    "grad_input": "dx",
    "dw": "dgamma",
    "dweight": "dgamma",
    "grad_gamma": "dgamma",
    "grad_weight": "dgamma",
    "db": "dbeta",
    "dbias": "dbeta",
    "grad_beta": "dbeta",
    "grad_bias": "dbeta",
    "rstd": "inv_std",
    "invstd": "inv_std",
    "inverse_std": "inv_std",
    "variance": "var",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}
EXAMPLE = f"def batch_norm({', '.join(ARGUMENTS[:4])}, *, {', '.join(ARGUMENTS[4:-1])})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What a callable takes, in the words of the contract.

    Attributes:
        names: Names of the contract to the callable's own names, in its order.
        positional: How many of them must be given by position.
        required: Those without a default, which are never given None for a missing gamma, beta
            or dy but ones, zeros and zeros.
    """

    names: Mapping[str, str]
    positional: int = 0
    required: frozenset[str] = frozenset()

    def takes(self, name: str) -> bool:
        """Whether the callable is given this argument."""
        return name in self.names

    def bound(self, values: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """Positional and keyword arguments, of those that are in `values`."""
        given = [(own, values[name]) for name, own in self.names.items() if name in values]
        places, rest = given[: self.positional], given[self.positional :]
        return [value for _, value in places], dict(rest)


def parameters(function: Callable[..., Any], *, skip: int = 0) -> Parameters:
    """Read a callable's signature.

    Args:
        function: What is called.
        skip: How many leading parameters are not ours, such as ``ctx``.

    Raises:
        AdapterError: a required parameter is none of the contract's; the message names the one
            that was probably meant.
    """
    try:
        listed = list(inspect.signature(function).parameters.values())[skip:]
    except (TypeError, ValueError) as error:
        raise AdapterError(
            f"the signature of {function!r} cannot be read: {error}. "
            f"Wrap it in a function such as: {EXAMPLE}"
        ) from error
    names: dict[str, str] = {}
    required, positional = set(), 0
    for parameter in listed:
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            names |= {name: name for name in ARGUMENTS if name not in (*names, MASK)}
            continue
        name = _meaning(parameter.name)
        if name in ARGUMENTS and name not in names:
            names[name] = parameter.name
            if parameter.default is inspect.Parameter.empty:
                required.add(name)
            positional += parameter.kind is inspect.Parameter.POSITIONAL_ONLY
        elif parameter.default is inspect.Parameter.empty and (
            parameter.kind is not inspect.Parameter.VAR_POSITIONAL
        ):
            raise AdapterError(_stranger(function, parameter.name))
    if "x" not in names:
        raise AdapterError(
            f"{_called(function)}{inspect.signature(function)} takes no x. Wanted was: {EXAMPLE}, "
            "or any part of it that has x."
        )
    return Parameters(names=names, positional=positional, required=frozenset(required))


def may_take_mask(kernel: object) -> bool:
    """Whether a kernel may be given a mask: one that is not there yet, being named, may."""
    try:
        return MASK in inspect.signature(kernel).parameters  # type: ignore[arg-type]  # or TypeError
    except (TypeError, ValueError):
        return True


def leave_out(function: Callable[..., Any], names: Collection[str]) -> None:
    """Let a function of the contract be seen without some of its parameters."""
    listed = inspect.signature(function).parameters
    told = [parameter for name, parameter in listed.items() if name not in names]
    function.__signature__ = inspect.Signature(told)  # type: ignore[attr-defined]


def _meaning(own: str) -> str:
    """What a parameter of that name is given."""
    plain = own if own in ARGUMENTS else own.lower()
    return SAME.get(plain, plain)


def named(result: object) -> dict[str, Any]:
    """What a kernel returned, by output name: a mapping, a record, or y alone.

    Raises:
        AdapterError: nothing, a bare tuple, or a name that is no output.
    """
    if result is None:
        raise AdapterError(
            "the kernel returned None, y or a dict of outputs was wanted. Add a return."
        )
    if hasattr(result, "_asdict"):
        result = result._asdict()
    if isinstance(result, (tuple, list)):
        raise AdapterError(
            f"the kernel returned a {type(result).__name__} of {len(result)}, whose parts have no "
            'names. Return a dict such as {"y": y, "running_mean": running_mean}, or y alone, or '
            "name them: --signature 'x, gamma, beta -> y, mean'."
        )
    if not isinstance(result, Mapping):
        return {"y": result}
    for name in result:
        if name not in OUTPUT_NAMES:
            raise AdapterError(
                f"the kernel returned {name!r}, the outputs are {', '.join(OUTPUT_NAMES)}."
                f"{_meant(str(name), _MEANT_OUTPUT, OUTPUT_NAMES)} Rename it or leave it out."
            )
    return {name: value for name, value in result.items() if value is not None}


def refusal(takes: Parameters, inputs: Inputs) -> str | None:
    """Why a kernel with these parameters cannot take a call, or None."""
    if not inputs.training and not (takes.takes("training") and takes.takes("running_mean")):
        lacks = "running_mean" if takes.takes("training") else "training"
        return f"no test mode: the kernel takes no {lacks}"
    for name in ("gamma", "beta", MASK):
        if getattr(inputs, name) is not None and not takes.takes(name):
            return f"the kernel takes no {name}"
    return None


def _stranger(function: Callable[..., Any], name: str) -> str:
    hint = _meant(name, _MEANT, ARGUMENTS)
    return (
        f"{_called(function)}{inspect.signature(function)} asks for {name!r}, which a kernel is "
        f"not given.{hint} Wanted was: {EXAMPLE}, or any part of it; give others a default, or "
        "say what each is: --signature 'x, gamma, beta, eps -> y'."
    )


def _meant(name: str, known: Mapping[str, str], names: tuple[str, ...]) -> str:
    near = known.get(name.lower()) or next(iter(get_close_matches(name, names, n=1)), None)
    return f" Did you mean {near!r}?" if near else ""


def _called(function: Callable[..., Any]) -> str:
    return str(getattr(function, "__name__", type(function).__name__))
