"""Calls taken down by hand: those of stored cases, and what a right framework gives for them."""

from __future__ import annotations

from conformance.capture.choice import Choice
from conformance.capture.seen import Recorder, Seen, Setting
from conformance.case import Case, Dialect
from conformance.cases import golden

CASE = "dense/train-float32"


def recorder(**choice: object) -> Recorder:
    """An empty recorder in the conventions that cases have."""
    return Recorder(Choice(**choice), Dialect(), "numpy, by hand")  # type: ignore[arg-type]


def stored(name: str = CASE) -> Case:
    """A case of the catalogue."""
    (case,) = golden.load([name])
    return case


def take(recorder: Recorder, layer: str = "bn", name: str = CASE) -> Seen | None:
    """Take a case down as a call; what was given back is the exact answer, rounded to its type."""
    case = stored(name)
    inputs = case.inputs
    (axis,) = inputs.channel_axes
    setting = Setting(eps=inputs.eps, momentum=inputs.momentum, training=inputs.training, axis=axis)
    one = recorder.open(layer, inputs.x.shape, setting)
    if one is None:
        return None
    for given, array in inputs.given().items():
        one.give(given, array)
    for output in ("y", "dx", "dgamma", "dbeta", "running_mean", "running_var"):
        exact = getattr(case.expected, output)
        if exact is not None:
            one.got(output, exact.astype(inputs.dtype_of(output)))
    return one
