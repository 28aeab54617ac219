"""Tests of the design of the large tier: nothing that can meet is missing."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping
from itertools import combinations, product
from pathlib import Path
from typing import Any

import pytest

import conformance.cases.large as tier
from conformance.cases.catalogue.recipe import problem
from conformance.cases.large import beyond, digests
from conformance.cases.large.factors import FACTORS, PARTS, STRENGTH, is_possible
from conformance.cases.large.recipes import designed
from conformance.errors import GoldenFileError
from conformance.tests.ci.workflows import CHECKOUT, needs_checkout

CONDITIONED = sorted({name for names, _ in PARTS for name in names})
"""Factors that a condition speaks of."""

ROWS = {row.name: row for row in tier.rows()}


def lines() -> list[dict[str, str]]:
    """The rows of the table."""
    file = Path(tier.__file__).parent / "design.csv"
    return list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))


def met(rows: Iterable[Mapping[str, str]], names: tuple[str, ...]) -> set[tuple[str, ...]]:
    """The choices of some factors that meet in some row."""
    return {tuple(row[name] for name in names) for row in rows}


def can_meet(chosen: Mapping[str, Any]) -> bool:
    """Whether some row that is possible has these choices."""
    others = [name for name in CONDITIONED if name not in chosen]
    return any(
        is_possible({**chosen, **dict(zip(others, rest, strict=True))})
        for rest in product(*(FACTORS[name] for name in others))
    )


@pytest.mark.parametrize("names", [*combinations(FACTORS, STRENGTH)], ids=" ".join)
def test_any_three_choices_meet(names: tuple[str, ...]) -> None:
    """Whatever three choices can meet by the conditions, a row has them together."""
    found = met(lines(), names)
    choices: Iterable[tuple[Any, ...]] = product(*(FACTORS[name] for name in names))
    wanted = {
        tuple(map(str, some)) for some in choices if can_meet(dict(zip(names, some, strict=True)))
    }
    assert wanted <= found


def test_every_row_is_possible() -> None:
    """No row has choices that the conditions rule out."""
    for row in lines():
        numbers = {name: int(row[name]) for name in ("channels", "values")}
        assert is_possible({**row, **numbers, "eps": float(row["eps"])})


def test_sizes_are_at_and_beside_the_round_ones() -> None:
    """Of every round size there are calls with one channel or value less, as many, and one more."""
    channels = {row.recipe.shape[row.recipe.axis] for row in ROWS.values()}  # type: ignore[index]  # one axis
    for size in (32, 128, 256, 1024, 4096, 65_536):
        assert {size - 1, size, size + 1} <= channels
    lengths = {size for row in ROWS.values() for size in row.recipe.shape}
    for size in (32, 256, 1024, 4096, 65_536, 200_000):
        assert {size - 1, size, size + 1} <= lengths


def test_it_reaches_as_far_as_promised() -> None:
    """10^7 values of a channel, 10^5 channels, 4096 images, 512 x 512 pixels, a length of 10^6."""
    shapes = [(row.recipe.shape, row.recipe.axis) for row in ROWS.values()]
    assert max(math.prod(shape) // shape[axis] for shape, axis in shapes) >= 10**7  # type: ignore[index]  # one axis
    assert max(shape[axis] for shape, axis in shapes) >= 10**5  # type: ignore[index]  # one axis
    assert any(len(shape) == 4 and shape[0] >= 4096 for shape, _ in shapes)
    assert any(shape[2:] == (512, 512) for shape, _ in shapes)
    assert any(len(shape) == 3 and max(shape[1:]) >= 10**6 for shape, _ in shapes)


def test_names_tell_rows_apart() -> None:
    """Every row has a name and a digest of its own."""
    assert len(ROWS) == len(tier.rows())
    assert set(digests.known()) == set(ROWS)


@pytest.mark.parametrize("name", [row.name for row in tier.rows()[::23]])
def test_values_are_those_of_the_row(name: str) -> None:
    """What is drawn here has the digest that was written on another machine."""
    assert tier.made(ROWS[name]).id == f"large/{name}"


def test_other_values_are_refused() -> None:
    """Values of another row are not taken for those of this one."""
    first, second = tier.rows()[:2]
    with pytest.raises(GoldenFileError, match=f"the values of large/{first.name} have digest"):
        digests.require(first.name, problem(tier.GROUP, second).inputs)


@needs_checkout
def test_the_documents_count_the_rows() -> None:
    """docs/check.md says how many there are, of the design and beyond it."""
    said = (CHECKOUT / "docs" / "check.md").read_text(encoding="utf-8")
    assert f"asks {len(ROWS)} more calls" in said
    assert f"a design of {len(designed())} in which" in said
    assert f"- {len(beyond.ROWS)} beyond it" in said
