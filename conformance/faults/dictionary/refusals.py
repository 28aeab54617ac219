"""Faults that give no answer: calls that a kernel refuses and is not allowed to refuse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from conformance.arrays import OUTPUT_NAMES
from conformance.case import Actual, Inputs
from conformance.faults.fault import Calls, Fault
from conformance.faults.lying import x_as_it_lies
from conformance.faults.sheet import Formula, Sheet, kernel

_OF_FOUR, _RANK = 3, 5


def _is_one_value(inputs: Inputs) -> bool:
    return inputs.count == 1 and not inputs.training


def _is_view(inputs: Inputs) -> bool:
    return inputs.dy is not None and not x_as_it_lies(inputs).flags.c_contiguous


_Axis: TypeAlias = Callable[[Inputs], int | None]


def _last_of_four(inputs: Inputs) -> int | None:
    last_of_five = inputs.x.ndim == _RANK and inputs.channel_axes == (_RANK - 1,)
    return _OF_FOUR if last_of_five else None


def _one_for_zero(inputs: Inputs) -> int | None:
    return 1 if inputs.axis == 0 else None


def _before_negative(inputs: Inputs) -> int | None:
    axis = inputs.axis
    return None if isinstance(axis, tuple) or axis >= 0 else (axis - 1) % inputs.x.ndim


def _misresolved(axis: _Axis) -> Calls:
    """Whether the wrong axis has another length, so that no parameter fits it."""

    def refuses(inputs: Inputs) -> bool:
        wrong = axis(inputs)
        fitted = (inputs.gamma, inputs.beta, inputs.running_mean)
        if wrong is None or all(array is None for array in fitted):
            return False
        return bool(inputs.x.shape[wrong] != inputs.channel_shape[0])

    return refuses


def _refusing(refuses: Calls, why: str) -> Formula:
    def outputs(s: Sheet) -> list[str]:
        if refuses(s.inputs):
            raise ValueError(why)
        return list(s.correct("outputs"))

    return outputs


def _along(axis: _Axis) -> Formula:
    def delivered(s: Sheet) -> Callable[[Actual], Actual]:
        wrong = axis(s.inputs)
        if wrong is None:
            return lambda outputs: outputs
        if _misresolved(axis)(s.inputs):
            raise ValueError(f"no parameter fits axis {wrong}")
        return lambda _: kernel(wide=s.wide)(replace(s.inputs, axis=wrong))

    return delivered


FAULTS = (
    Fault(
        id="one-value-refused-in-test",
        title="one value per channel is refused in test mode",
        math="test: an error where M = 1",
        touches=tuple(name for name in OUTPUT_NAMES if name not in ("mean", "var")),
        mode="test",
        shows="M = 1 in test mode",
        hides="M of 2 and more; training, where one value has no variance",
        refuses=_is_one_value,
        edits={"outputs": _refusing(_is_one_value, "more than one value per channel expected")},
    ),
    Fault(
        id="view-refused-in-backward",
        title="an x that is not contiguous is refused where gradients are due",
        math="an error where x is a view with other strides",
        touches=OUTPUT_NAMES,
        mode="both",
        shows="x that is not contiguous, with dy",
        hides="contiguous x",
        refuses=_is_view,
        edits={"outputs": _refusing(_is_view, "x cannot be viewed as rows")},
    ),
    Fault(
        id="last-axis-of-four",
        title="the last axis is taken for axis 3, as if x had 4 axes",
        math="5 axes, channels last: statistics and parameters along axis 3, or an error",
        touches=OUTPUT_NAMES,
        mode="both",
        shows="5 axes with channels last",
        hides="4 axes; channels first",
        refuses=_misresolved(_last_of_four),
        edits={"delivered": _along(_last_of_four)},
    ),
    Fault(
        id="axis-zero-as-one",
        title="axis 0 is taken for axis 1",
        math="axis 0: statistics and parameters along axis 1, or an error",
        touches=OUTPUT_NAMES,
        mode="both",
        shows="channels along axis 0",
        hides="every other axis",
        refuses=_misresolved(_one_for_zero),
        edits={"delivered": _along(_one_for_zero)},
    ),
    Fault(
        id="negative-axis-off-by-one",
        title="a negative axis is taken for the one before it",
        math="axis -k: statistics and parameters along axis -k - 1, or an error",
        touches=OUTPUT_NAMES,
        mode="both",
        shows="an axis that is counted from the end",
        hides="an axis of 0 and above",
        refuses=_misresolved(_before_negative),
        edits={"delivered": _along(_before_negative)},
    ),
)
