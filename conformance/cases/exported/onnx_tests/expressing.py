"""Cases as the operator BatchNormalization of ONNX says them, and which it cannot say.

The operator (https://onnx.ai/onnx/operators/onnx__BatchNormalization.html) has its channels along
axis 1, attributes of float32, a momentum that weighs the OLD statistics, and a running variance
that is updated with the biased one.  It always takes scale, bias and statistics: where a case has
none, 1 and 0 stand for them, and no output that depends on statistics is compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from conformance.case import Array, Case, Inputs
from conformance.float_types import FLOAT_TYPES
from conformance.type_names import name_of

OPSETS = (15, 9)
"""The versions of the operator that are written: the newest, and that of the years before."""

_OF_9 = ("float16", "float32", "float64")
"""The types of opset 9, which must be those of all inputs at once."""

FIELDS: Mapping[str, str] = {
    "Y": "y",
    "running_mean": "running_mean",
    "running_var": "running_var_biased",
}
"""Outputs of the operator, in its order, to fields of `conformance.case.Outputs`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expressed:
    """A case in the operator's words.

    Attributes:
        inputs: Its inputs by the operator's names, in its order.
        outputs: What is compared, by the operator's names: exact values, each rounded to its type.
        epsilon: The attribute.
        momentum: The attribute: weight of the old statistics.
        training: The attribute; opset 9 has none.
    """

    inputs: Mapping[str, Array]
    outputs: Mapping[str, Array]
    epsilon: float
    momentum: float
    training: bool


def refuses(case: Case) -> str | None:
    """Why the operator cannot express a case, in a few words; None where it can."""
    inputs = case.inputs
    if inputs.earlier or inputs.mask is not None:
        return "with batches before x" if inputs.earlier else "with a mask"
    if inputs.channel_axes != (1,):
        return "with channels along another axis than 1"
    if len({name_of(a.dtype) for n, a in inputs.given().items() if n not in ("x", "dy")}) > 1:
        return "with parameters of two types"
    if _as_float32(inputs.eps) is None:
        return "with an eps that no float32 is"
    if not _due(case):
        return "without an output of the operator"
    return None


def opsets(case: Case) -> tuple[int, ...]:
    """The versions of the operator in which a case is written."""
    one_type = case.inputs.types in _OF_9
    return OPSETS if one_type and not case.inputs.training else OPSETS[:1]


def express(case: Case) -> Expressed:
    """A case that `refuses` does not refuse, in the operator's words."""
    inputs = case.inputs
    due = _due(case)
    return Expressed(
        inputs=_inputs(inputs),
        outputs={
            name: rounded(getattr(case.expected, field), inputs.dtype_of(name.lower()))
            for name, field in due.items()
        },
        epsilon=inputs.eps,
        momentum=_old(inputs.momentum),
        training=inputs.training,
    )


def rounded(values: Array, dtype: np.dtype[np.generic]) -> Array:
    """float64 rounded once to a type, ties to even; what is beyond its largest number is infinite.

    ml_dtypes goes from float64 to bfloat16 by way of float32, which rounds twice: there the
    significand is cut in float64, and the cast that follows is exact.
    """
    with np.errstate(all="ignore"):
        if name_of(dtype) != "bfloat16":
            return values.astype(dtype)
        kind = FLOAT_TYPES["bfloat16"]
        finite = np.isfinite(values)
        safe = np.where(finite, values, 0.0)
        least = 2 - kind.largest_exponent - kind.bits  # the exponent of the smallest subnormal
        quantum = np.maximum(np.frexp(safe)[1] - kind.bits, least)
        cut = np.ldexp(np.rint(np.ldexp(safe, -quantum)), quantum)
        return np.where(finite, cut, values).astype(dtype)


def _inputs(inputs: Inputs) -> dict[str, Array]:
    def filled(given: Array | None, value: float) -> Array:
        if given is not None:
            return given
        return np.full(inputs.channel_shape, value, inputs.parameter_dtype)

    return {
        "X": inputs.x,
        "scale": filled(inputs.gamma, 1),
        "B": filled(inputs.beta, 0),
        "input_mean": filled(inputs.running_mean, 0),
        "input_var": filled(inputs.running_var, 1),
    }


def _due(case: Case) -> dict[str, str]:
    """What is compared: in test mode the operator returns Y alone."""
    named = {n: f for n, f in FIELDS.items() if getattr(case.expected, f) is not None}
    if not case.inputs.training or not _keeps_momentum(case.inputs.momentum):
        return {n: f for n, f in named.items() if n == "Y"}
    return named


def _keeps_momentum(momentum: float) -> bool:
    """Whether the weight of the old statistics is a float32, exactly."""
    old = _old(momentum)
    return bool(np.isfinite(old)) and Fraction(old) + Fraction(momentum) == 1


def _old(momentum: float) -> float:
    with np.errstate(over="ignore"):
        return float(np.float32(1 - momentum))


def _as_float32(value: float) -> float | None:
    with np.errstate(all="ignore"):
        short = float(np.float32(value))
    return short if short == value else None
