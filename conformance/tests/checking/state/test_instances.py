"""Tests of sequences on one instance of a PyTorch module; skipped where PyTorch is not there."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

import conformance
from conformance.checking.report import Report
from conformance.checking.state.found import SEQUENCE
from conformance.checking.state.sequences import SEQUENCES
from conformance.oracle.edges import RECOMPUTATION

pytestmark = pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is not installed")
MODULES = Path(__file__).with_name("modules.py")
CASES = ("spatial/train-nchw-float32", "spatial/train-nchw-float64")


def checked(name: str) -> Report:
    """The report on a module of `modules.py`, or on one of PyTorch's own."""
    kernel = name if ":" in name else f"{MODULES}:{name}"
    return conformance.check(kernel, case=CASES, fresh=False)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("KeepsInvStd", "weights loaded between steps: wrong in step 3 of 5"),
        ("StaleAfterTraining", "training and test mode in turn: wrong in step 4 of 6"),
        ("CountsBatches", "many steps: wrong in step 3 of 5 (train, train, train)"),
        ("SharesBuffers", "deepcopy: wrong in step 4 of 4 (train, deepcopy train, test, original"),
        ("LosesBuffers", "pickling: wrong in step 2 of 4 (train, pickle train)"),
        ("UpdatesByHook", "hooks off: wrong in step 1 of 2 (hooks-off train)"),
        ("SavesOnItself", "backward after another forward: wrong in step 1 of 1"),
        ("WrongWhenFrozen", "frozen parameters: wrong in step 1 of 2"),
        ("AveragesOneTooMany", "cumulative average: wrong in step 1 of 5"),
        ("KeepsItsGradient", "accumulated over two backward passes: wrong in step 1 of 2"),
    ],
)
def test_a_module_that_carries_something_wrongly_is_found(name: str, words: str) -> None:
    """A module that is right in every single call does not conform, by the sequence that shows."""
    report = checked(name)
    assert (report.conforms, report.grade) == (False, "F")
    assert not any(
        output.status == "fail" for case in report.cases for output in case.outputs.values()
    )
    wrong = [each for each in report.state.found if each.kind == SEQUENCE]
    assert any(words in each.sentence for each in wrong)
    assert "a sequence of calls on one instance is answered wrongly" in report.spoilt


def test_a_module_that_updates_twice_by_its_own_recomputation_is_wrong() -> None:
    """Running statistics that its own recomputation updates again are wrong values."""
    report = checked("RecomputesTwice")
    assert not report.conforms
    red = {n for c in report.cases for n, o in c.outputs.items() if o.status == "fail"}
    assert red == {"running_mean", "running_var"}


@pytest.mark.parametrize(
    "name", ["HonestFunction", "HonestFold", "HonestOnce", "torch.nn:BatchNorm2d"]
)
def test_honest_modules_conform(name: str) -> None:
    """What keeps its caches rightly, and PyTorch's own layer, passes every sequence."""
    report = checked(name)
    assert report.conforms
    assert not report.state.found
    # PyTorch has no word for the first two, and the third is of its own classes alone.
    lacks = {"clone", "compiled and not in turn"}
    lacks |= {"cumulative average"} if name.startswith("Honest") else set()
    assert set(report.state.sequences) == SEQUENCES.keys() - lacks


def test_a_checkpoint_around_a_module_is_an_edge() -> None:
    """PyTorch's layer updates its statistics twice under a checkpoint: told, and no value."""
    report = checked("torch.nn:BatchNorm2d")
    (edge,) = (edge for edge in report.edges if edge.name == RECOMPUTATION)
    assert (edge.state, report.conforms) == ("differs", True)
    assert edge.why.endswith("running_mean, running_var: updated twice")
    kept = [edge.state for edge in checked("HonestOnce").edges if edge.name == RECOMPUTATION]
    assert kept == ["kept"]
