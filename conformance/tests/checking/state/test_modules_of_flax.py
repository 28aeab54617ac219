"""Tests of sequences on one instance of a Flax module; skipped where Flax is not there."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

import conformance
from conformance.checking.report import Report
from conformance.checking.state.found import SEQUENCE
from conformance.checking.state.sequences import SEQUENCES

pytestmark = pytest.mark.skipif(find_spec("flax") is None, reason="Flax is not installed")
MODULES = Path(__file__).with_name("flax_modules.py")
LACKS = {"hooks off", "cumulative average"}


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One cache of compiled programs for all: they are most of the time, and nearly the same."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JAX_COMPILATION_CACHE_DIR", str(tmp_path_factory.mktemp("compiled")))
        patch.setenv("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
        yield


def checked(name: str) -> Report:
    """The report on a module of `flax_modules.py`, or on one of Flax's own."""
    if ":" in name:
        return conformance.check(name, case="spatial/train-nchw-float32", fresh=False)
    case = "spatial/train-nhwc-float32"
    return conformance.check(f"{MODULES}:{name}", case=case, fresh=False)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("StopsUpdating", "training and test mode in turn: wrong in step 3 of 6"),
        ("KeepsInvStd", "training and test mode in turn: wrong in step 4 of 6"),
        ("StaleWeights", "weights replaced between steps: wrong in step 2 of 5"),
        ("KeepsItsShape", "shapes that change and come back: wrong in step 2 of 6"),
        ("CountsBatches", "many steps: wrong in step 3 of 5 (train, train, train)"),
        ("SharesStatistics", "deepcopy: wrong in step 4 of 4 (train, deepcopy train, test, orig"),
        ("SharesItsFold", "clone: wrong in step 4 of 4 (train, clone train, test, original test"),
        ("SharesItsFold", "compiled and not in turn: wrong in step 5 of 8"),
        ("LosesStatistics", "pickling: wrong in step 2 of 4 (train, pickle train)"),
        ("LeaksATracer", "compiled and not in turn: wrong in step 2 of 8"),
        ("RecomputesTwice", "recomputation: wrong in step 1 of 2"),
        ("LinenKeepsRoot", "clone: wrong in step 4 of 4 (train, clone train, test, original test"),
    ],
)
def test_a_module_that_carries_something_wrongly_is_found(name: str, words: str) -> None:
    """A module that is right in every single call does not conform, by the sequence that shows."""
    report = checked(name)
    assert (report.conforms, report.grade) == (False, "F")
    assert not any(o.status in ("fail", "error") for c in report.cases for o in c.outputs.values())
    wrong = [each for each in report.state.found if each.kind == SEQUENCE]
    assert any(words in each.sentence for each in wrong)
    assert "a sequence of calls on one instance is answered wrongly" in report.spoilt


@pytest.mark.parametrize(
    "name",
    [
        *("HonestNnx", "HonestBlock", "HonestFold", "HonestLinen"),
        *("flax.nnx:BatchNorm", "flax.linen:BatchNorm"),
    ],
)
def test_honest_modules_conform(name: str) -> None:
    """What keeps its caches rightly, and Flax's own two layers, pass every sequence."""
    report = checked(name)
    assert report.conforms, str(report)
    assert not report.state.found
    assert set(report.state.sequences) == SEQUENCES.keys() - LACKS
    assert (report.dialect["momentum"], report.dialect["running_var"]) == ("old", "biased")
