"""What becomes of one value per channel, of a NaN and of no values at all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from conformance.case import Array, Inputs
from conformance.checking.conventions.asking import Asking, answered, convention, refusal, values
from conformance.checking.doctor.nearest import nearest
from conformance.checking.doctor.questions import Call
from conformance.verdict.conventions import Convention

_SPOILT = 1
"""The channel that gets a NaN."""


def one_value(asking: Asking, like: Inputs) -> Convention:
    """What training makes of one value per channel, whose variance is 0 by one divisor of two."""
    if not like.training:
        return convention(None, "no training call is answered")
    inputs = replace(like, x=like.x[:1].copy())
    answer = asking.call(inputs)
    call = answered(answer, inputs)
    if call is None:
        return refusal(answer)
    y = values(call, "y", inputs.x.shape)
    said = {} if y is None else {"y": _whole(y, {"beta": _beta(inputs)})}
    for name, taken in (("running_mean", inputs.x.reshape(-1)), ("running_var", np.zeros(3))):
        said |= _running(call, name, "moved to the batch's", taken)
    return convention(_together(said), _call(inputs))


def empty(asking: Asking, like: Inputs) -> Convention:
    """What becomes of the running statistics and of the gradients where there is nothing."""
    inputs = replace(like, x=like.x[:0].copy(), dy=like.x[:0].copy())
    answer = asking.call(inputs)
    call = answered(answer, inputs)
    if call is None:
        return refusal(answer)
    y = call.outputs.get("y")
    said = {} if y is None else {"y": f"shape {np.shape(y)}"}
    if y is not None and np.shape(y) == inputs.x.shape:
        said = {"y": "empty"}
    for name in ("running_mean", "running_var"):
        said |= _running(call, name, "moved to 0", np.zeros(3))
    dgamma = values(call, "dgamma", (3,))
    said |= {} if dgamma is None else {"dgamma": _whole(dgamma, {"0": np.zeros(3)})}
    return convention(_together(said), _call(inputs))


def nan(asking: Asking, clean: Call) -> Convention:
    """How far a NaN in one channel reaches."""
    x = clean.inputs.x.copy()
    x[0, _SPOILT] = np.nan
    inputs = replace(clean.inputs, x=x)
    answer = asking.call(inputs)
    call = answered(answer, inputs)
    if call is None:
        return refusal(answer)
    shape = inputs.x.shape
    y, before = values(call, "y", shape), values(clean, "y", shape)
    if y is None or before is None:
        return convention(None, "y is not returned in the shape of x")
    said = {"y": _reach(y.reshape(len(y), -1), before.reshape(len(y), -1))}
    for name in ("running_mean", "running_var"):
        kept = values(call, name, (3,))
        said |= {} if kept is None else {name: _where(np.isnan(kept))}
    return convention(_together(said), f"a NaN in channel {_SPOILT} of 3; {_call(inputs)}")


def _reach(y: Array, before: Array) -> str:
    """Which values of y a NaN has reached; both have one column per channel."""
    lost = np.isnan(y)
    others = [c for c in range(y.shape[1]) if c != _SPOILT]
    if lost[:, others].any():
        return "NaN in other channels too"
    if nearest(y[:, others], {"same": before[:, others]}) is None:
        return "other channels change"
    if lost[:, _SPOILT].all():
        return "NaN in its channel alone"
    return "NaN in its place alone" if lost[0, _SPOILT] else "no NaN"


def _where(lost: Array) -> str:
    if not lost.any():
        return "no NaN"
    return "NaN in its channel alone" if lost.sum() == lost[_SPOILT] else "NaN in other channels"


def _together(said: dict[str, str]) -> str | None:
    """``"y: beta; running_mean, running_var: kept"``: what is said of several is said once."""
    names: dict[str, list[str]] = {}
    for name, each in said.items():
        names.setdefault(each, []).append(name)
    return "; ".join(f"{', '.join(mine)}: {each}" for each, mine in names.items()) or None


def _running(call: Call, name: str, said: str, taken: Array) -> dict[str, str]:
    """What a running statistic became, which was kept, or moved to something in words."""
    actual, old = values(call, name, (3,)), getattr(call.inputs, name)
    if actual is None or old is None:
        return {}
    kept = np.asarray(old, np.float64)
    moved = kept + call.inputs.momentum * (np.asarray(taken, np.float64) - kept)
    return {name: _whole(actual, {"kept": kept, "0": 0 * kept, said: moved})}


def _whole(actual: Array, known: dict[str, Array]) -> str:
    if np.isnan(actual).any():
        return "NaN"
    if np.isinf(actual).any():
        return "infinite"
    found = nearest(actual.ravel(), {name: value.ravel() for name, value in known.items()})
    return found or "something else"


def _beta(inputs: Inputs) -> Array:
    rest = (1,) * (inputs.x.ndim - 2)
    wide = np.asarray(inputs.beta, np.float64).reshape(-1, *rest)
    return np.broadcast_to(wide, inputs.x.shape)


def _call(inputs: Inputs) -> str:
    mode = "training" if inputs.training else "test mode"
    return f"{mode}, {inputs.x.dtype}, x of shape {inputs.x.shape}"
