"""Faults of deployment: each is shown by a stored case and named from what it makes."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from conformance.case import Case, Dialect
from conformance.cases import deployed, golden
from conformance.faults.folding.diagnosis import BEYOND, diagnose_folding
from conformance.faults.folding.dictionary import FOLDING_FAULTS
from conformance.faults.folding.sheet import Sheet
from conformance.tests.oracle.blocks.made import folded
from conformance.verdict.evidence import Evidence
from conformance.verdict.ruler import Ruler


@cache
def cases() -> tuple[Case, ...]:
    """The stored cases."""
    return tuple(golden.load_matching(folder=deployed.folder()))


def evidence(case: Case, y: object) -> Evidence:
    """A path that gave this y, in the type of the case."""
    with np.errstate(all="ignore"):
        actual = {"y": np.asarray(y).astype(case.inputs.x.dtype)}
    return Evidence(case=case, actual=actual, results=Ruler(case, Dialect()).judge(actual))


def path(fault: str) -> list[Evidence]:
    """What a path with a fault gives on every case: the right result where it does not show."""
    found = []
    for case in cases():
        with np.errstate(all="ignore"):
            wrong = FOLDING_FAULTS[fault].y(Sheet(case.inputs))
        good = wrong is not None and np.isfinite(wrong).all()
        found.append(evidence(case, wrong if good else case.expected.y))
    return found


@pytest.mark.parametrize("fault", FOLDING_FAULTS)
def test_every_fault_is_rejected_and_named(fault: str) -> None:
    """A path with the fault fails on a stored case, and the diagnosis names it before all else."""
    first, *rest = diagnose_folding(path(fault))
    assert fault in (first.fault, *first.also), first
    assert not rest, rest
    assert first.matched == first.of


def test_a_right_path_has_no_diagnosis() -> None:
    """What is right on every case has nothing that explains it."""
    assert diagnose_folding(evidence(case, case.expected.y) for case in cases()) == ()


def test_what_a_half_type_cannot_hold_is_told() -> None:
    """Weights folded in float16 where they overflow are told by what they are, not by a formula."""
    given = []
    for case in cases():
        with np.errstate(all="ignore"):
            y = folded(case.inputs) if case.inputs.block and case.inputs.block.product else None
        given.append(evidence(case, case.expected.y if y is None else y))
    (found,) = diagnose_folding(given)
    assert found.fault == BEYOND
    assert found.matched == found.of >= 2


def test_what_no_fault_explains_is_said() -> None:
    """A y that nothing known makes is told as such, with a case that shows it."""
    case = next(case for case in cases() if case.id == "conv/3x3-float32")
    assert case.expected.y is not None
    (found,) = diagnose_folding([evidence(case, case.expected.y * 1.37 + 0.5)])
    assert (found.fault, found.matched) == (None, 1)
    assert "conv/3x3-float32" in found.sentence


def test_two_faults_are_told_apart() -> None:
    """Where some cases show one fault and others another, both are named with their counts."""
    lost, early = path("mean-lost"), path("rectified-before-sum")
    mixed = [
        replace(two if "y" in two.failing else one) for one, two in zip(lost, early, strict=True)
    ]
    found = {d.fault: d.matched for d in diagnose_folding(mixed)}
    assert {"mean-lost", "rectified-before-sum"} <= found.keys()
