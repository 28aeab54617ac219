"""Bounds of deployed blocks: honest ways stay within their class, in every type and order."""

from __future__ import annotations

import numpy as np
import pytest

from conformance.case import Array, Case, Dialect, Inputs, Outputs, Problem
from conformance.oracle.blocks.exact import solve_block
from conformance.tests.oracle.blocks.made import blocks, folded, once, stored
from conformance.verdict.record import OutputResult, Status
from conformance.verdict.ruler import Ruler

SEEDS = range(2)
HALVES = ("float16", "bfloat16")


def judged(inputs: Inputs, y: Array) -> OutputResult:
    """The verdict on a y."""
    problem = Problem(id="a/b", group="a", catches="-", made="-", inputs=inputs)
    case = Case(problem=problem, expected=Outputs(y=solve_block(inputs)))
    return Ruler(case, Dialect()).judge({"y": y})["y"]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_folded_and_unfolded_are_as_good(dtype: str) -> None:
    """In the type of the arithmetic every honest way is grade A, folded weights too."""
    for seed in SEEDS:
        for name, inputs in blocks(dtype, seed):
            for way in (once, stored, folded):
                y = way(inputs)
                assert y is None or judged(inputs, y).grade == "A", (name, way.__name__)


@pytest.mark.parametrize("dtype", HALVES)
def test_half_types_have_three_classes(dtype: str) -> None:
    """Rounded once is A; stored between is B at worst, folded weights C at worst; each is seen."""
    grades: dict[str, set[str | None]] = {"once": set(), "stored": set(), "folded": set()}
    for seed in SEEDS:
        for _, inputs in blocks(dtype, seed):
            for way in (once, stored, folded):
                y = way(inputs)
                if y is not None:
                    grades[way.__name__].add(judged(inputs, y).grade)
    assert grades["once"] == {"A"}
    assert grades["stored"] == {"A", "B"}
    assert grades["folded"] <= {"A", "B", "C"}
    assert grades["folded"] - {"A"}


def test_what_is_folded_wrongly_is_refused_in_half_types() -> None:
    """A scale that is off by three hundredths is beyond every class, in float16."""
    for name, inputs in blocks("float16"):
        y = solve_block(inputs)
        wrong = np.asarray(y * 1.03).astype(inputs.x.dtype)
        assert judged(inputs, wrong).status is Status.FAIL, name


def test_nothing_that_is_not_finite_has_a_class() -> None:
    """NaN and infinity in place of numbers are wrong in every type."""
    for dtype in ("float32", *HALVES):
        _, inputs = next(iter(blocks(dtype)))
        for bad in (np.nan, np.inf):
            y = solve_block(inputs).astype(inputs.x.dtype)
            y.flat[0] = bad
            assert judged(inputs, y).status is Status.FAIL
