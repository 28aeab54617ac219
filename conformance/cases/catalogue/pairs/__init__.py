"""Rows in which any two choices of a call meet: a fault of one combination has no place to hide."""

from __future__ import annotations

from functools import cache
from typing import Any

from conformance.case import Memory
from conformance.cases.catalogue.pairs.factors import DESIGN, shape_of
from conformance.cases.catalogue.recipe import CaseRow, Recipe, single
from conformance.cases.catalogue.upstream import USUAL, Upstream, level
from conformance.cases.catalogue.values import VARIED, Values, given, offset
from conformance.memory import words

__all__ = ["DESIGN", "GROUP", "is_one", "rows"]

GROUP = "combinations"
"""The group of the cases that are rows of the design."""

_FAR = 30.0
_LEVEL = given(1.25)
_ABSENT = {
    "nothing": (),
    "gamma and beta": ("gamma", "beta"),
    "running": ("running_mean", "running_var"),
}


def is_one(identity: str) -> bool:
    """Whether a case is a row of the design, and stands for no kind of calls."""
    return identity.startswith(f"{GROUP}/")


@cache
def rows() -> tuple[CaseRow, ...]:
    """A row for each line of the design."""
    return tuple(_row(number, line) for number, line in enumerate(DESIGN.lines()))


def _row(number: int, line: dict[str, Any]) -> CaseRow:
    layout, rank = line["layout"], len(line["layout"])
    axis = layout.index("C") - (rank if line["axis"].endswith("end") else 0)
    recipe = Recipe(
        shape=shape_of(layout, line["channels"], line["batch"], line["image"]),
        axis=axis,
        types=line["types"],
        training=line["mode"] == "train",
        eps=single(line["eps"]),
        momentum=single(line["momentum"]),
        x=_data(line["data"]),
        dy=_gradient(line["dy"]),
        earlier=line["earlier"],
        memory=_memory(line),
    )
    if line["affine"] == "broadcast":
        recipe = recipe.but(gamma=_LEVEL, beta=_LEVEL)
    absent = _ABSENT.get(line["absent"], (line["absent"],))
    name = f"{number:03}-{layout.lower()}-{line['types'].replace('+', '-')}-{line['mode']}"
    return CaseRow(name, _told(line, axis), recipe.but(**dict.fromkeys(absent)))


def _data(kind: str) -> Values:
    return {"varied": VARIED, "offset": offset(_FAR)}[kind]


def _gradient(lying: str) -> Upstream:
    return level(1.5, -0.75, 1.25, -0.625, 2.25) if lying == "broadcast" else USUAL


def _memory(line: dict[str, Any]) -> Memory:
    if line["dy"] == "overlapping":
        return "overlapping"
    affine = {"gamma": line["affine"], "beta": line["affine"]}
    kept = {"running_mean": line["running"], "running_var": line["running"]}
    return words({"x": line["x"], "dy": line["dy"], **affine, **kept})


def _told(line: dict[str, Any], axis: int) -> str:
    """What is combined, in a sentence."""
    absent = "" if line["absent"] == "nothing" else f", without {line['absent']}"
    earlier = " after another batch" if line["earlier"] else ""
    return (
        f"A path for one combination: {line['layout']} with axis {axis}, {line['types']}, "
        f"{line['mode']} mode{earlier}{absent}, eps {line['eps']:g}, "
        f"momentum {line['momentum']:g}; "
        f"x {line['x']}, dy {line['dy']}, gamma and beta {line['affine']}, running statistics "
        f"{line['running']}."
    )
