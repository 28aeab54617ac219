"""Tests of designs: nothing that can meet is missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import combinations, product
from typing import Any

import pytest

from conformance.cases.catalogue import pairs
from conformance.cases.design import Design
from conformance.cases.large import factors

DESIGNS = {"large": factors.DESIGN, "pairs": pairs.DESIGN}
CHOSEN = [
    (name, names)
    for name, design in DESIGNS.items()
    for names in combinations(design.factors, design.strength)
]


def met(rows: Iterable[Mapping[str, Any]], names: tuple[str, ...]) -> set[tuple[Any, ...]]:
    """The choices of some factors that meet in some row."""
    return {tuple(row[name] for name in names) for row in rows}


def can_meet(design: Design, chosen: dict[str, Any]) -> bool:
    """Whether some row that is possible has these choices: the other factors are tried in turn."""
    if not design.is_possible(chosen):
        return False
    conditioned = {name for names, _ in design.parts for name in names}
    free = [name for name in design.factors if name in conditioned - chosen.keys()]
    if not free:
        return True
    # The one that has conditions with what is chosen first: a contradiction shows early.
    name = max(
        free, key=lambda n: sum(n in p and not chosen.keys().isdisjoint(p) for p, _ in design.parts)
    )
    return any(can_meet(design, {**chosen, name: choice}) for choice in design.factors[name])


@pytest.mark.parametrize(
    ("name", "names"),
    CHOSEN,
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else value,
)
def test_choices_meet(name: str, names: tuple[str, ...]) -> None:
    """Whatever two or three choices can meet by the conditions, a row has them together."""
    design = DESIGNS[name]
    found = met(design.lines(), names)
    choices = product(*(design.factors[each] for each in names))
    wanted = {some for some in choices if can_meet(design, dict(zip(names, some, strict=True)))}
    assert wanted
    assert wanted <= found


@pytest.mark.parametrize("name", DESIGNS)
def test_every_row_is_possible(name: str) -> None:
    """No row has choices that the conditions rule out, and each has a choice of every factor."""
    design = DESIGNS[name]
    for row in design.lines():
        assert row.keys() == design.factors.keys()
        assert design.is_possible(row)
