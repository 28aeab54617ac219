"""Where in an array an output is wrong: the error of every element, in units, as a picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from conformance.case import Array, Dialect
from conformance.checking.tried import Tried
from conformance.oracle.channels import by_channel
from conformance.verdict.record import RED
from conformance.verdict.ruler import Ruler

MOST = 8
"""Pictures of one report."""

_SIDE = 48
"""Cells along a side at most; each shows the largest error of its elements."""

_CELL = 9
"""Pixels of a cell."""

_COLORS = ((16.0, "#d8f0dc"), (1e2, "#fde8b0"), (1e4, "#f9b37a"), (1e8, "#e3633f"))
_WORST, _NONE = "#8b1a1a", "#ffffff"


@dataclass(frozen=True, slots=True)
class Picture:
    """The errors of one output of one case.

    Attributes:
        case: Id of the case.
        output: The output.
        errors: ``(channels, values per channel)``, in units; infinite where no figure measures it.
    """

    case: str
    output: str
    errors: Array


def taken(
    tried: Iterable[Tried], wanted: Sequence[tuple[str, str]], dialect: Dialect
) -> list[Picture]:
    """Pictures of outputs that came back wrong, in the shape that they are due in.

    Args:
        tried: What became of every case.
        wanted: Cases and outputs of which to have one.
        dialect: The conventions of the kernel.
    """
    by_id = {one.result.case: one for one in tried}
    found = []
    for case, output in wanted:
        one = by_id[case]
        actual = one.evidence.actual.get(output)
        if actual is None or one.result.outputs[output].status not in RED:
            continue
        ruler = Ruler(one.evidence.case, dialect)
        if ruler.misfit(output, actual) is None:
            errors = ruler.errors(output, actual)
            inputs = one.evidence.case.inputs
            shaped = by_channel(errors, inputs) if errors.shape == inputs.x.shape else errors
            found.append(Picture(case, output, shaped.reshape(len(shaped), -1)))
    return found[:MOST]


def svg(picture: Picture) -> str:
    """A picture as SVG: a row for each channel, a column for each value, or blocks of these."""
    blocks = reduced(reduced(picture.errors, 0), 1)
    rows, columns = blocks.shape
    cells = "".join(
        f'<rect x="{_CELL * j}" y="{_CELL * i}" width="{_CELL}" height="{_CELL}" '
        f'fill="{_color(float(blocks[i, j]))}"/>'
        for i in range(rows)
        for j in range(columns)
    )
    wrong, size = int((picture.errors > _COLORS[0][0]).sum()), picture.errors.size
    channels = int((picture.errors > _COLORS[0][0]).any(axis=1).sum())
    said = (
        f"{picture.output} of {picture.case}: {wrong} of {size} elements are off by more than "
        f"{_COLORS[0][0]:g} units, in {channels} of {len(picture.errors)} channels"
    )
    return (
        f'<figure><svg role="img" aria-label="{escape(said)}" width="{_CELL * columns}" '
        f'height="{_CELL * rows}" style="border:1px solid #999">{cells}</svg>'
        f"<figcaption>{escape(said)}. Rows are channels, columns the values of each.</figcaption>"
        "</figure>"
    )


def legend() -> str:
    """What the colours mean."""
    told = [(color, f"up to {limit:g} units") for limit, color in _COLORS]
    told.append((_WORST, "more, or no number"))
    return "".join(
        f'<span style="background:{color};border:1px solid #999;padding:0 .6em"></span> {text} '
        for color, text in told
    )


def reduced(errors: Array, axis: int, most: int = _SIDE) -> Array:
    """At most `most` blocks along an axis, each with its largest error."""
    length = errors.shape[axis]
    if length <= most:
        return errors
    starts = np.unique(np.linspace(0, length, most, endpoint=False).astype(int))
    return np.asarray(np.maximum.reduceat(errors, starts, axis=axis))


def _color(error: float) -> str:
    if error == 0:
        return _NONE
    return next((color for limit, color in _COLORS if error <= limit), _WORST)
