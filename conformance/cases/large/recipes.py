"""The rows of the design, and a few beyond it, as recipes of the catalogue."""

from __future__ import annotations

from functools import cache
from typing import Any

from conformance.cases.catalogue.recipe import CaseRow, Recipe, single
from conformance.cases.catalogue.stream import Stream
from conformance.cases.catalogue.upstream import NOISE, USUAL, Upstream
from conformance.cases.catalogue.upstream import integers as integer_gradient
from conformance.cases.catalogue.values import VARIED, Values, arranged, integers, offset
from conformance.cases.large.factors import DESIGN

GROUP = "large"

SIXTEEN = (7, 7, 3, 3, 1, 1, 1, 1, -7, -7, -3, -3, -1, -1, -1, -1)
"""Sixteen deviations of variance 15: with eps = 1 the root is 4."""

_EXACT_LIMIT = 4.0
_EXACT_EPS = 1.0
_FAR = 30.0
_LEAST_ODD = 32
"""Sizes from which on one more and one less are another path of many kernels."""

_SHORT = 300
"""Sizes up to which the other axes have two elements, not one."""

_MUCH = 4096
"""Values per channel from which on gradients of mean 0.7 overflow float16 in their sum."""

_CATCHES = "A path, a block, a counter or a type of sums that is used for these sizes alone."


def _data(kind: str) -> Values:
    return {"varied": VARIED, "exact": arranged(SIXTEEN), "offset": offset(_FAR)}[kind]


def _gradient(kind: str, types: str, values: int) -> Upstream:
    if kind == "exact":
        return integer_gradient(-1, 1) if values > _MUCH else integer_gradient(-4, 4)
    return NOISE if types.startswith("float16") and values >= _MUCH else USUAL


def shape_of(layout: str, channels: int, long: str, size: int) -> tuple[tuple[int, ...], int]:
    """Shape and channel axis: one axis is long, the others have length 1 or 2.

    Args:
        layout: Such as ``"NHWC"``.
        channels: Size of the channel axis.
        long: ``"batch"``, ``"first"`` or ``"last"`` axis of an image.
        size: Of the long axis.
    """
    axis = layout.index("C")
    images = [name for name in layout if name not in "NC"]
    place = {"batch": "N", "first": images[:1], "last": images[-1:]}[long]
    short = 2 if size < _SHORT and channels < _SHORT else 1
    sizes = [channels if n == "C" else size if n in place else short for n in layout]
    return tuple(sizes), axis


@cache
def designed() -> tuple[CaseRow, ...]:
    """A row for each line of the design."""
    return tuple(_row(number, line) for number, line in enumerate(DESIGN.lines()))


def _row(number: int, line: dict[str, Any]) -> CaseRow:
    chance = Stream(f"large/{number}").words(2)
    exact, training = line["data"] == "exact", line["mode"] == "train"
    channels, values = line["channels"], line["values"]
    channels += int(chance[0] % 3) - 1 if channels >= _LEAST_ODD else 0
    long = values + (int(chance[1] % 3) - 1 if values >= _LEAST_ODD and not exact else 0)
    shape, axis = shape_of(line["layout"], channels, line["long"], long)
    recipe = Recipe(
        shape=shape,
        axis=axis,
        types=line["types"],
        training=training,
        eps=_EXACT_EPS if exact else single(line["eps"]),
        momentum=0.25 if exact else single(line["momentum"]),
        x=_data(line["data"]),
        dy=_gradient(line["data"], line["types"], values),
    )
    if exact:
        recipe = recipe.but(running_mean=integers(-8, 8))
    sizes = "x".join(map(str, shape))
    name = f"{number}-{line['layout'].lower()}-{sizes}-{line['types'].replace('+', '-')}"
    return CaseRow(name, _CATCHES, recipe, limit=_EXACT_LIMIT if exact and training else 16.0)
