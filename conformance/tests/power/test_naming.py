"""What the diagnosis names, held to what is known to be there."""

from __future__ import annotations

import pytest

from conformance.power import naming
from conformance.power.gate import broken
from conformance.power.naming import Outcome
from conformance.tests.power.test_gate import stored
from conformance.verdict.diagnosed import Diagnosis


def said(fault: str | None, *also: str, together: tuple[str, ...] = ()) -> Diagnosis:
    """A diagnosis that gives a name."""
    return Diagnosis(
        outputs=("y",), fault=fault, title="t", matched=2, of=2, also=also, together=together
    )


@pytest.mark.parametrize(
    ("found", "worth"),
    [
        ([said("a"), said("b")], Outcome.RIGHT),
        ([said("a", together=("b",))], Outcome.RIGHT),
        ([said("a"), said(None)], Outcome.PART),
        ([said("c", "a")], Outcome.PART),
        ([said(None)], Outcome.SILENT),
        ([], Outcome.SILENT),
        ([said("a"), said("c")], Outcome.WRONG),
        ([said("a", together=("c",))], Outcome.WRONG),
    ],
)
def test_a_diagnosis_is_worth_what_it_names(found: list[Diagnosis], worth: Outcome) -> None:
    """Both names are right, one is a part, none is silence, and any other name is wrong."""
    assert naming.outcome(("a", "b"), found) is worth


def test_what_is_named_is_repeatable() -> None:
    """The same pairs are drawn every time, every fault is among them alone, and no pair twice."""
    subjects = naming.subjects()
    assert subjects == naming.subjects()
    assert len(set(subjects)) == len(subjects)
    assert sum(len(subject) == 2 for subject in subjects) == naming.PAIRS


def test_one_fault_and_a_pair_are_named_as_measured() -> None:
    """What the measurement does to a kernel gives the names that went in."""
    for subject in (("beta-sign-flip",), ("beta-sign-flip", "momentum-swapped")):
        assert naming.examine(subject)[1:] == (Outcome.RIGHT, sorted(subject))


def test_wrong_names_break_a_promise() -> None:
    """One wrong name in a hundred kernels is too many, and is told with the faults it missed."""
    power = stored()
    counts = {"right": 49, "part": 0, "silent": 0, "wrong": 0}
    power["naming"] = {"single": dict(counts), "pairs": {**counts, "wrong": 1}, "wrong": {}}
    assert not [line for line in broken(power) if "wrong name" in line]
    power["naming"]["wrong"] = {"a + b": ["c"]}
    assert [line for line in broken(power) if "1 of 99 kernels are given a wrong name" in line]
