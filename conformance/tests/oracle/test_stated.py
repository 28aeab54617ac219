"""The stated bounds: who judges by them alone, as another language does, judges as the ruler."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from conformance.batches import through_earlier
from conformance.case import Array, Case, Dialect
from conformance.cases import golden
from conformance.faults import FAULTS
from conformance.faults.honest import PANEL
from conformance.faults.sheet import kernel
from conformance.memory import laid_out
from conformance.oracle.stated import stated
from conformance.verdict.ruler import Ruler

IDS = golden.select(None)[::12]
KERNELS = {
    "sequential": PANEL["sequential"].edits,
    "single-pass": FAULTS["single-pass-variance"].edits,
    "no-variance-term": FAULTS["dx-missing-var-term"].edits,
}


def by_hand(case: Case, bounds: dict[str, Array], name: str, actual: Array) -> str:
    """The grade in three lines, from what a golden file says: A, B, or neither."""
    expected, limit = getattr(case.expected, name), case.problem.limit
    with np.errstate(all="ignore"):
        off = np.abs(actual.astype(np.float64) - expected) / bounds[f"unit/{name}"]
    same = (actual == expected) | (np.isnan(expected) & np.isnan(actual))
    off = np.where(same, 0.0, np.where(np.isfinite(off), off, np.inf))
    if (off <= limit).all():
        return "A"
    return "B" if (off <= limit + bounds.get(f"loss/{name}", 0.0)).all() else "-"


@pytest.mark.parametrize("which", KERNELS)
def test_who_judges_by_the_stated_bounds_judges_as_the_ruler(which: str) -> None:
    """For finite cases the grade by three lines is the ruler's: A, B, or neither of them."""
    met: Counter[str] = Counter()
    for case in golden.load(IDS):
        given = [*case.inputs.given().values(), *case.inputs.earlier]
        if not all(np.isfinite(a.astype(np.float64)).all() for a in given):
            continue
        actual = through_earlier(kernel(KERNELS[which]), laid_out(case.inputs))
        bounds = stated(case)
        for name, result in Ruler(case, Dialect()).judge(actual).items():
            told = result.grade and result.units is not None and not result.edges
            if not told or actual[name].dtype != case.inputs.dtype_of(name):
                continue  # no number, or one in another type than that of the case
            grade = by_hand(case, bounds, name, actual[name])
            met[grade] += 1
            assert grade == {"A": "A", "B": "B"}.get(result.grade or "", "-"), (case.id, name)
    assert met["A"] > 60
    assert which == "sequential" or met["-"] > 3


def test_every_output_that_is_due_has_a_unit_and_no_other() -> None:
    """Each expected output has a unit of its shape, none negative, and nothing else has one."""
    for case in golden.load(IDS):
        bounds = stated(case)
        due = case.expected.items()
        assert {n.removeprefix("unit/") for n in bounds if n.startswith("unit/")} == due.keys()
        for name, values in bounds.items():
            assert values.shape == due[name.split("/")[1]].shape
            assert not (values < 0).any()


def test_bounds_are_rounded_up() -> None:
    """No stated unit is below the exact one, and none more than the last of its 16 bits above."""
    for case in golden.load(IDS):
        ruler = Ruler(case, Dialect())
        for name in ruler.due:
            exact = ruler.unit(name, case.inputs.dtype_of(name))
            said = stated(case)[f"unit/{name}"].astype(np.float64)
            known = np.isfinite(exact)
            assert (said[known] >= exact[known]).all()
            assert (said[known] <= exact[known] * (1 + 2.0**-15)).all()
