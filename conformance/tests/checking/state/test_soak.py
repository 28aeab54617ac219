"""Tests of the soak: what is wrong once in many calls is found, counted and described."""

from __future__ import annotations

import json
import re

import jsonschema  # type: ignore[import-untyped]  # it has no types
import pytest

import conformance
from conformance.checking.report import Report
from conformance.checking.state.found import SOAK
from conformance.checking.statement import make
from conformance.errors import InputError
from conformance.tests.checking.state import carrying
from conformance.tests.checking.test_check import SCHEMA
from conformance.verdict.record import CaseResult

CASES = ("dense/train-float64", "dense/test-float64", "spatial/train-nhwc-float32")


def soaked(name: str, seconds: float = 3.0) -> Report:
    """The report on a kernel of `carrying` after a soak; what it carries ends before call 250."""
    kernel = f"{carrying.__file__}:kernel_{name}"
    return conformance.check(kernel, case=CASES, fresh=False, soak=seconds)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("from_a_call_on", "and in every one from there on; a fresh process answers it rightly: y"),
        ("once", "and in no other; a fresh process answers it rightly: dx: fail"),
        ("ends", "crash: the worker exited with code 3, somewhere in the"),
        ("refuses", "and in every one from there on; a fresh process answers it rightly: y: unsu"),
    ],
)
def test_what_is_wrong_in_a_soak_is_found(name: str, words: str) -> None:
    """A kernel that is wrong in some calls of many does not conform; the first one is counted."""
    report = soaked(name)
    assert (report.conforms, report.grade) == (False, "F")
    (found,) = report.state.found
    assert (found.kind, found.wrong, found.alone) == (SOAK, True, "right")
    assert words in found.sentence
    assert re.match(
        r"wrong in call [\d,]+ of [\d,]+ of the soak \(\w+/[a-z0-9-]+\)", found.sentence
    )
    assert report.state.soak is not None
    assert report.state.soak.wrong >= 1
    jsonschema.validate(json.loads(report.to_json()), SCHEMA)
    assert "one of many calls in a row is answered wrongly" in make(report)["spoilt"]


@pytest.mark.parametrize("name", ["honest_tuning", "honest_workspace"])
def test_a_soak_rejects_no_honest_kernel(name: str) -> None:
    """Bits that differ from call to call and are right conform; all calls are counted."""
    report = soaked(name, 1.0)
    assert report.conforms
    told = report.state.soak
    assert told is not None
    assert told.calls > 100
    assert (told.pool, told.wrong) == (len(CASES), 0)
    assert (told.answers > told.pool) == (name == "honest_tuning")
    assert f"soak: {told.calls:,} calls of 3 kinds" in str(report)
    assert any(note.startswith("soak: ") for note in make(report)["notes"])


def test_progress_of_a_soak_is_told() -> None:
    """The callback hears seconds of seconds, and how many calls were made."""
    heard: list[tuple[int, int, str]] = []

    def progress(done: int, total: int, result: CaseResult) -> None:
        heard.append((done, total, result.group))

    kernel = f"{carrying.__file__}:kernel_honest_plan"
    conformance.check(kernel, case=CASES, fresh=False, soak=2, progress=progress)
    assert heard[-1][:2] == (2, 2)
    assert re.fullmatch(r"soak, [\d,]+ calls", heard[-1][2])


@pytest.mark.parametrize("soak", [-1, float("inf"), float("nan")])
def test_a_soak_has_a_time(soak: float) -> None:
    """What is no number of seconds is refused, with the value and what to do."""
    with pytest.raises(InputError, match=r"soak is .*, a number of seconds was wanted. Give 0"):
        conformance.check(f"{carrying.__file__}:kernel_once", soak=soak)
