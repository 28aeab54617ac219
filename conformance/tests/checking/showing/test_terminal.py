"""A case as text: all there is to see, at 80 columns, and nothing that drives a terminal."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from conformance.cases import golden
from conformance.checking.showing import row, terminal
from conformance.checking.showing.look import look
from conformance.tests.cases.golden import samples
from conformance.tests.checking.showing.cases import EVIL, FAR, HALF, hostile, solved, stored

NARROW = ("empty/train-float32", "nonfinite/both-inf-x-train", FAR, HALF)


def text(print_: Callable[[Console], None], width: int = 80) -> str:
    """What is printed at a width."""
    stream = io.StringIO()
    print_(Console(file=stream, width=width, highlight=False, no_color=True))
    return stream.getvalue()


def line(said: str, begins: str) -> list[str]:
    """The words of the one line that begins so."""
    (found,) = (each for each in said.splitlines() if each.startswith(begins))
    return found.removeprefix(begins).split()


def test_all_of_a_case_is_there() -> None:
    """Id, what it catches, how it was made, sources, call, sizes, numbers, limit, memory, edges."""
    case = stored(FAR)
    said = text(lambda console: terminal.show(look(case), console), 200)
    problem = case.problem
    for part in (
        FAR, problem.catches, problem.cites[0], problem.cites[-1], "train, NC, float32, x 6x8",
        "C = 8, M = 6 values of each", "eps 1e-05, momentum 0.3", "16 units for grade A",
        "memory    contiguous", "edges     none", "single-pass-variance",
    ):  # fmt: skip
        assert part in said
    assert " ".join(problem.made.split()[:9]) in said


def test_figures_are_those_of_the_look() -> None:
    """A channel's statistics, an output's range and unit, and each way's error with its grade."""
    said = text(lambda console: terminal.show(look(stored(FAR)), console))
    assert line(said, "1  ") == ["-1574", "1.20328", "-1575.4", "-1572.65", "2600.76"]
    assert "-4.02 to 3.52   7.56e-5 to 0.00061" in said
    (errors,) = (each for each in said.splitlines() if each.startswith("var ") and "F" in each)
    assert errors.split()[1:] == ["0.000682", "A", "0.000682", "A", "3.41e3", "F", "1.13e5", "F"]


def test_channels_beyond_a_few_are_counted() -> None:
    """The hardest six are shown, and how many there are; a place has an index for each axis."""
    said = text(lambda console: terminal.show(look(stored(FAR)), console))
    assert "The 6 hardest of 8 channels." in said
    x = samples.values((4, 2, 3), np.float32)
    said = text(lambda console: terminal.show(look(solved(x=x, axis=(1, 2))), console))
    assert "C = 2x3" in said
    assert "hardest" in said or line(said, "1,2 ")


@pytest.mark.parametrize("name", NARROW)
def test_a_case_fits_80_columns(name: str) -> None:
    """No line is longer, and no table is cut: every output stands in both tables."""
    case = stored(name)
    said = text(lambda console: terminal.show(look(case), console))
    assert max(map(len, said.splitlines())) <= 80
    assert "…" not in said
    for field in case.expected.items():
        assert sum(each.split()[:1] == [field] for each in said.splitlines()) >= 2


def test_an_empty_batch_and_nan_are_told() -> None:
    """An empty batch has no channel with a value; NaN is called so, and counted in an output."""
    said = text(lambda console: terminal.show(look(stored("empty/train-float32")), console))
    assert "An empty batch: no channel has a value." in said
    assert "edges     empty batch" in said
    said = text(lambda console: terminal.show(look(stored(NARROW[1])), console))
    assert line(said, "0  ") == ["NaN", "NaN", "-∞", "∞", "NaN"]
    assert re.search(r"-4.22 to 2.08, 6 NaN\s", said)
    assert re.search(r"to 2.2e-7, 1 NaN or ∞\s", said)


def test_hostile_text_reaches_no_terminal() -> None:
    """Texts of a golden file are spelled out in one line each, in a case and in a list."""
    case = hostile()
    shown = text(lambda console: terminal.show(look(case), console))
    rows = [replace(row.rows(golden.select(FAR), None)[0], catches=EVIL, mode="a\nb\x1b")]
    for said in (shown, text(lambda console: terminal.listed(rows, console))):
        assert not {"\x1b", "\x07", "\u202e"} & set(said)
        assert r"\x1b[2J\u202e<script" in said
    assert len(text(lambda console: terminal.listed(rows, console)).splitlines()) == 1


def test_a_list_has_a_line_for_each_case() -> None:
    """Id, mode, types, shape and what is caught, cut at the width and not at a wide one."""
    rows = row.rows(golden.select(["offset/*", "combinations/*"]), None)
    narrow = text(lambda console: terminal.listed(rows, console)).splitlines()
    assert len(narrow) == len(rows)
    assert max(map(len, narrow)) <= 80
    wide = text(lambda console: terminal.listed(rows, console), 1000).splitlines()
    for case, said in zip(rows, wide, strict=True):
        head = said.removesuffix(case.catches)
        assert head != said
        sizes = "x".join(map(str, stored(case.id).inputs.x.shape))
        assert head.split() == [case.id, case.mode, case.types, sizes]
