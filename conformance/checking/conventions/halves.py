"""What types come back for half precision, and whether it is computed in a wider one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from conformance.case import Array, Inputs
from conformance.checking.conventions.asking import Asking, answered, convention, values, without
from conformance.checking.doctor.nearest import nearest
from conformance.checking.doctor.questions import Call
from conformance.float_types import HALVES, dtype_of
from conformance.harness.answer import Answer, Reply
from conformance.verdict.conventions import Convention

_FAR = 400.0
"""Its square is above the largest float16, and it is not."""


def promotion(asking: Asking, like: Inputs) -> Convention:
    """The types of y and of the running statistics, with parameters as narrow and wider ones."""
    said, seen = [], []
    for wide in (False, True):
        call, answer = _first(asking, like, wide=wide)
        types = "half+float32" if wide else "half"
        if call is None:
            if answer.status is Reply.NOT_RUN:
                return convention(None, answer.reason or "")
            said.append(f"{types}: {without(answer).partition(':')[0]}")
            seen.append(f"{types}: {answer.reason}")
            continue
        said.append(f"{call.inputs.types}: {', '.join(_types(call))}")
    seen.append(f"x of {_FAR:g} and {-_FAR:g}, whose squares are above the largest float16")
    return convention("; ".join(said), "; ".join(seen))


def _first(asking: Asking, like: Inputs, *, wide: bool) -> tuple[Call | None, Answer]:
    """The answer in the first half type that is taken."""
    kept: Answer | None = None
    for name in HALVES:
        inputs = _far(like, dtype_of(name), dtype_of("float32") if wide else dtype_of(name))
        answer = asking.call(inputs)
        call = answered(answer, inputs)
        if call is not None:
            return call, answer
        kept = kept or answer
        if answer.status is not Reply.UNSUPPORTED:
            break
    assert kept is not None  # noqa: S101 - there are half types
    return None, kept


def _far(like: Inputs, dtype: np.dtype[Any], params: np.dtype[Any]) -> Inputs:
    x = np.array([[_FAR] * 3, [-_FAR] * 3, [0.0] * 3]).reshape(like.x.shape)
    channel = ("gamma", "beta", "running_mean", "running_var")
    typed = {name: getattr(like, name).astype(params) for name in channel}
    if not like.training:
        typed["running_mean"] = np.zeros(3, params)
        typed["running_var"] = np.full(3, 2.0**14, params)
    return replace(like, x=x.astype(dtype), **typed)


def _types(call: Call) -> list[str]:
    names: dict[str, list[str]] = {}
    for name in ("y", "running_mean", "mean"):
        if name in call.outputs:
            names.setdefault(str(call.outputs[name].dtype), []).append(name)
    said = [f"{'/'.join(mine)} {dtype}" for dtype, mine in names.items()]
    return [*said, *filter(None, [_arithmetic(call)])]


def _arithmetic(call: Call) -> str:
    """Whether squares were formed that float16 does not hold; bfloat16 holds them all."""
    inputs = call.inputs
    y = values(call, "y", inputs.x.shape)
    if y is None or str(inputs.x.dtype) != "float16" or not inputs.training:
        return ""
    batch = Call(inputs=inputs, outputs={"y": y}).y
    gamma, beta = (np.asarray(v, np.float64) for v in (inputs.gamma, inputs.beta))
    unit = np.array([[1.0], [-1.0], [0.0]]) * np.sqrt(1.5)
    known: dict[str, Array] = {_KEPT: unit * gamma + beta, _LOST: 0 * unit + beta + 0 * gamma}
    return _LOST if np.isnan(batch).any() else nearest(batch, known) or ""


_KEPT, _LOST = "squares kept", "squares lost"
