"""A call as three lines of Python that make it again, exactly."""

from __future__ import annotations

import math
from dataclasses import MISSING, fields
from typing import Any

import numpy as np

from conformance.case import Array, Inputs

_FOREIGN = "ml_dtypes"
"""Where numpy learns the names of the types that are not its own, such as bfloat16."""


def as_python(inputs: Inputs, kernel: str) -> str:
    """Three lines that ask a kernel the same call again; they run from an empty file.

    Numbers are written so that they come back bit for bit (a NaN as the usual one), and in full
    however many they are; what equals the defaults of `Inputs` is left out.

    Args:
        inputs: The call.
        kernel: What names the kernel, as `conformance.check` takes it.
    """
    arrays = [inputs.x, inputs.dy, inputs.gamma, inputs.beta, inputs.running_mean]
    arrays += [inputs.running_var, *inputs.earlier]
    foreign = any(a is not None and _is_foreign(a.dtype) for a in arrays)
    said = ", ".join(f"{name}={_said(value)}" for name, value in _special(inputs).items())
    return "\n".join(
        (
            f"import {_FOREIGN}; " * foreign + "import numpy as np; "
            "from conformance import Inputs, check",
            f"call = Inputs({said})",
            f"print(check({kernel!r}, inputs=call))",
        )
    )


def _special(inputs: Inputs) -> dict[str, Any]:
    """The fields that differ from their defaults, by name."""
    found = {}
    for field in fields(inputs):
        value = getattr(inputs, field.name)
        # An array has no truth value to compare by, and no field has one for a default.
        plain = field.default is not MISSING and not isinstance(value, np.ndarray)
        if not (plain and value == field.default):
            found[field.name] = value
    return found


def _said(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return _said_array(value)
    if isinstance(value, tuple):
        return f"({', '.join(_said(item) for item in value)}{',' * (len(value) == 1)})"
    if isinstance(value, (bool, np.bool_, str)):
        return repr(bool(value) if isinstance(value, np.bool_) else value)
    return str(int(value)) if isinstance(value, (int, np.integer)) else _number(float(value))


def _said_array(array: Array) -> str:
    kind = str(array.dtype)
    if array.size == 0:
        return f"np.zeros({_said(array.shape)}, {kind!r})"
    numbers = _nested(array.astype(np.float64).tolist())
    if _is_foreign(array.dtype):
        # numpy makes no array of such a type from a list; float32 holds all of their values.
        return f'np.array({numbers}, "float32").astype("{kind}")'
    return f'np.array({numbers}, "{kind}")'


def _nested(numbers: Any) -> str:
    if isinstance(numbers, list):
        return f"[{', '.join(_nested(item) for item in numbers)}]"
    return _number(numbers)


def _number(value: float) -> str:
    if math.isnan(value):
        return "np.nan"
    if math.isinf(value):
        return "np.inf" if value > 0 else "-np.inf"
    return repr(value)


def _is_foreign(dtype: np.dtype[Any]) -> bool:
    return dtype.type.__module__.split(".")[0] == _FOREIGN
