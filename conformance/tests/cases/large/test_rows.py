"""Tests of the rows of the large tier: their sizes, names and digests."""

from __future__ import annotations

import math
import os
import sys

import pytest

import conformance.cases.large as tier
from conformance.cases.catalogue.recipe import problem
from conformance.cases.large import beyond, digests, room
from conformance.cases.large.recipes import designed
from conformance.errors import GoldenFileError
from conformance.tests.ci.workflows import CHECKOUT, needs_checkout

ROWS = {row.name: row for row in tier.rows()}


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
    assert set(digests.known()) == set(ROWS) - {row.name for row in room.ROWS}


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
    assert f"- {len(room.ROWS)} of more than 2^31 values" in said


def test_calls_beyond_2_to_the_31_exist() -> None:
    """A flat index in 32 bits is asked, in one channel and in images, where there is memory."""
    assert len(room.ROWS) == 2
    assert all(math.prod(row.recipe.shape) > 2**31 for row in room.ROWS)


def test_what_does_not_fit_is_told_with_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call is left out where its memory is not, and made where it is."""
    row = room.ROWS[0]
    monkeypatch.setattr(room, "memory", lambda: 24 << 30)
    assert room.lacking(row) == "it takes about 288 GiB of memory; here are 24 GiB"
    monkeypatch.setattr(room, "memory", lambda: 300 << 30)
    assert room.lacking(row) is None
    assert room.lacking(row, gib=8) == "a kernel may take 8 GiB; give --memory-gib 0"
    assert room.lacking(row, seconds=60) == "it may take 60 s; give --timeout 2147"
    assert room.lacking(row, gib=300, seconds=3000) is None
    monkeypatch.setattr(room, "memory", lambda: None)
    assert "does not say" in str(room.lacking(row))
    assert room.lacking(tier.rows()[0], gib=1, seconds=1) is None


def test_the_memory_that_is_free_is_read_from_the_system() -> None:
    """On Linux it is known, and less than what the machine has; elsewhere it may not be."""
    free = room.memory()
    if sys.platform == "linux":
        assert free is not None
        assert 0 < free <= os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
