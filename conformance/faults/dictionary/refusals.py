"""Faults that give no answer: calls that a kernel refuses and is not allowed to refuse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from conformance.arrays import OUTPUT_NAMES
from conformance.case import Actual, Inputs
from conformance.faults.fault import Calls, Fault
from conformance.faults.sheet import Formula, Sheet, kernel
from conformance.memory import x_as_it_lies

_OF_FOUR, _RANK = 3, 5


def _is_one_value(inputs: Inputs) -> bool:
    return inputs.count == 1 and not inputs.training


def _is_view(inputs: Inputs) -> bool:
    return inputs.dy is not None and not x_as_it_lies(inputs).flags.c_contiguous


def _is_last_of_five(inputs: Inputs) -> bool:
    return inputs.x.ndim == _RANK and inputs.channel_axes == (_RANK - 1,)


def _is_misresolved(inputs: Inputs) -> bool:
    """Whether the axis before the last has another length, so that no parameter fits it."""
    return _is_last_of_five(inputs) and inputs.x.shape[_OF_FOUR] != inputs.x.shape[-1]


def _refusing(refuses: Calls, why: str) -> Formula:
    def outputs(s: Sheet) -> list[str]:
        if refuses(s.inputs):
            raise ValueError(why)
        return list(s.correct("outputs"))

    return outputs


def _along_axis_of_four(s: Sheet) -> Callable[[Actual], Actual]:
    def deliver(outputs: Actual) -> Actual:
        if not _is_last_of_five(s.inputs):
            return outputs
        if _is_misresolved(s.inputs):
            raise ValueError("gamma does not fit axis 3")
        return kernel(wide=s.wide)(replace(s.inputs, axis=_OF_FOUR))

    return deliver


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
        refuses=_is_misresolved,
        edits={"delivered": _along_axis_of_four},
    ),
)
