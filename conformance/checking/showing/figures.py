"""Numbers and shapes as the text and the page show them, alike."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from conformance import layout
from conformance.case import Array, Inputs
from conformance.checking.showing.look import Due, Look, Tried
from conformance.oracle.edges import listed
from conformance.report.wording import figure

NONE = "-"
"""Where there is no number to show."""


def value(number: float) -> str:
    """A number to six digits, short: ``"-1.57426e3"``."""
    short = re.sub(r"e\+?(-?)0*", r"e\1", f"{number:.6g}")
    return short.replace("inf", "∞").replace("nan", "NaN")


def shape(sizes: Sequence[int]) -> str:
    """A shape in few characters: ``"32x3x8x8"``."""
    return "x".join(map(str, sizes))


def channel(inputs: Inputs, number: int) -> str:
    """A channel by its place: ``"3"``, or ``"2,0,5"`` where several axes are channels."""
    return ",".join(str(int(i)) for i in np.unravel_index(number, inputs.channel_shape))


def extent(array: Array) -> str:
    """From the least to the greatest finite number, and how many others there are."""
    finite = array[np.isfinite(array)]
    told = []
    if finite.size:
        least, most = float(finite.min()), float(finite.max())
        told.append(figure(least) if least == most else f"{figure(least)} to {figure(most)}")
    if other := array.size - finite.size:
        told.append(f"{other} NaN" if np.isnan(array).sum() == other else f"{other} NaN or ∞")
    return ", ".join(told) or NONE


def error(tried: Tried, due: Due) -> str:
    """What a way is off by, with its grade: ``"3.41e3 F"``."""
    result = tried.results.get(due.field)
    if result is None:
        return NONE
    units = "∞" if result.units is None else figure(result.units)
    return f"{units} {result.grade}" if result.grade else NONE


def _mask(inputs: Inputs) -> str:
    assert inputs.mask is not None  # noqa: S101 - the caller looked
    kept, whole = int(inputs.mask.sum()), inputs.mask.size
    return f"{shape(inputs.mask.shape)}, keeps {kept:,} of {whole:,}"


def facts(look: Look) -> list[tuple[str, str]]:
    """What is said of a case, each with what it is called; text of the golden file as it is."""
    inputs, problem = look.case.inputs, look.case.problem
    x, statistics = shape(inputs.x.shape), shape(inputs.channel_shape)
    earlier = f", after {len(inputs.earlier)} batches" if inputs.earlier else ""
    given = ", ".join(f"{name} {shape(array.shape)}" for name, array in inputs.given().items())
    return [
        ("catches", problem.catches),
        ("made", problem.made),
        ("sources", "; ".join(problem.cites) or "none: derived"),
        ("call", f"{inputs.mode}, {layout.name(inputs)}, {inputs.types}, x {x}{earlier}"),
        ("channels", f"C = {statistics}, M = {inputs.count:,} values of each"),
        ("given", given),
        *([] if inputs.mask is None else [("mask", _mask(inputs))]),
        ("numbers", f"eps {inputs.eps:g}, momentum {inputs.momentum:g}"),
        ("limit", f"{problem.limit:g} units for grade A"),
        ("memory", inputs.memory),
        ("edges", listed(look.edges) or "none"),
    ]


def reads(look: Look) -> list[tuple[str, str]]:
    """The ways by what tables call them, with what each is and why it was left out."""
    return [
        (
            tried.way.title,
            f"{tried.way.about.rstrip('.')} ({tried.way.id})"
            + (f"; {tried.left}" if tried.left else ""),
        )
        for tried in look.tried
    ]


def of_channels(look: Look, shown: int) -> str:
    """Which channels are shown, and what the condition is."""
    count, found = len(look.channels.mean), look.channels.condition
    if not look.case.inputs.count:
        return "An empty batch: no channel has a value."
    if found is None:
        which = f"The first {shown} of {count:,} channels; t" if count > shown else "T"
        return f"{which}est mode takes no statistics of x, which has no condition."
    which = f"The {shown} hardest of {count:,} channels. " if count > shown else ""
    return f"{which}condition: by how much var + eps magnifies relative errors of x."
