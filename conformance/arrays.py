"""The one table of arrays: what a call is given and what it returns, and of which shape and type.

Whoever lists arrays takes them from here, in this order.  The proof keeps a list of its own: it
shares nothing with what it proves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

Role: TypeAlias = Literal["batch", "gradient", "parameter", "statistic", "running"]
"""What an array is to the layer: ``"batch"`` passes through it, ``"gradient"`` comes back,
``"statistic"`` is of this batch alone, ``"running"`` is kept from batch to batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedArray:
    """One array of a call.

    Attributes:
        name: Its name, in every argument, output, file and report.
        role: What it is to the layer.
        like_x: Whether it has the shape and the type of x; if not, of the channels and of the
            parameters.
        given: Whether a call is given it.
        returned: Whether an implementation may return it.
        by: What a gradient that is returned is the gradient by.
    """

    name: str
    role: Role
    like_x: bool = False
    given: bool = False
    returned: bool = False
    by: str | None = None


ARRAYS = (
    NamedArray(name="x", role="batch", like_x=True, given=True),
    NamedArray(name="dy", role="gradient", like_x=True, given=True),
    NamedArray(name="gamma", role="parameter", given=True),
    NamedArray(name="beta", role="parameter", given=True),
    NamedArray(name="y", role="batch", like_x=True, returned=True),
    NamedArray(name="dx", role="gradient", like_x=True, returned=True, by="x"),
    NamedArray(name="dgamma", role="gradient", returned=True, by="gamma"),
    NamedArray(name="dbeta", role="gradient", returned=True, by="beta"),
    NamedArray(name="mean", role="statistic", returned=True),
    NamedArray(name="var", role="statistic", returned=True),
    NamedArray(name="inv_std", role="statistic", returned=True),
    NamedArray(name="running_mean", role="running", given=True, returned=True),
    NamedArray(name="running_var", role="running", given=True, returned=True),
)
"""Every array of a call, but for the batches before x, which are like x."""


def _names(chosen: Callable[[NamedArray], bool]) -> tuple[str, ...]:
    return tuple(array.name for array in ARRAYS if chosen(array))


INPUT_NAMES = _names(lambda array: array.given)
"""What a call is given."""

OUTPUT_NAMES = _names(lambda array: array.returned)
"""What an implementation may return, in the order in which every report shows it."""

LIKE_X = frozenset(_names(lambda array: array.like_x))
"""Arrays of the shape and type of x."""

PER_CHANNEL = _names(lambda array: array.given and not array.like_x)
"""What a call is given per channel: parameters and running statistics."""

GRADIENTS = _names(lambda array: array.returned and array.role == "gradient")
"""What is owed where there is an upstream gradient, and nowhere else."""

GRADIENT_OF: Mapping[str, str] = MappingProxyType(
    {array.by: array.name for array in ARRAYS if array.by is not None}
)
"""What is differentiated by, to the name of its gradient."""

RUNNING = _names(lambda array: array.role == "running")
"""What is kept from batch to batch."""

STATISTICS = _names(lambda array: array.returned and array.role in ("statistic", "running"))
"""What may be kept in a wider type than the parameters: nothing is lost by that."""

MASK = "mask"
"""What a call may be given beside arrays of numbers: which values its statistics are of."""

DUE_FIELD: Mapping[str, str] = MappingProxyType({"running_var_biased": "running_var"})
"""Fields of `conformance.case.Outputs` that go by the name of another output."""
