"""Tests of the check of one kernel from Python: verdict, options, report, notes."""

from __future__ import annotations

import json
import os
import sys
import time
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # it has no types
import numpy as np
import pytest

import conformance
from conformance import Inputs
from conformance.checking.trial import Trial
from conformance.errors import AdapterError, ExpectationError, InputError, SelectionError
from conformance.harness.kernels.source import Source
from conformance.harness.life import Life
from conformance.tests.checking.kernels import BIASED, RIGHT, WRONG
from conformance.verdict.record import CaseResult, Status

SCHEMA = json.loads((resources.files("conformance") / "schemas" / "check.json").read_text())


@pytest.fixture
def right(tmp_path: Path) -> str:
    """The selector of a right kernel."""
    (tmp_path / "right.py").write_text(RIGHT)
    return f"{tmp_path / 'right.py'}:batch_norm"


@pytest.fixture
def wrong(tmp_path: Path) -> str:
    """The selector of a kernel whose dx is wrong on images."""
    (tmp_path / "wrong.py").write_text(WRONG)
    return f"{tmp_path / 'wrong.py'}:batch_norm"


def test_a_right_kernel_conforms(right: str) -> None:
    """All that it computes is right on the whole catalogue, and on fresh cases too."""
    report = conformance.check(right)
    assert report.conforms
    assert report.grade in ("A", "B")
    assert report.fresh.least == 4
    assert report.fresh.classes["size"] == 5
    assert not report.diagnosis
    assert not report.notes
    assert len(report.cases) == report.suite["cases"]


def test_a_wrong_kernel_is_told_what_is_wrong(wrong: str) -> None:
    """The report names the fault, the worst element, its bound and a command that repeats it."""
    report = conformance.check(wrong, case=["spatial/*", "dense/*"])
    assert not report.conforms
    assert report.grade == "F"
    assert report.diagnosis[0].fault == "dx-divides-by-batch"
    failing = next(c for c in report.cases if c.status is Status.FAIL)
    assert failing.outputs["dx"].worst is not None
    assert failing.repro == f"conformance check {wrong} --case {failing.case}"


@pytest.mark.parametrize("kernel", ["right", "wrong"])
def test_json_keeps_its_schema(kernel: str, request: pytest.FixtureRequest) -> None:
    """The JSON of a report validates against the published schema."""
    report = conformance.check(request.getfixturevalue(kernel), tier="smoke")
    said = json.loads(report.to_json())
    jsonschema.validate(said, SCHEMA)
    assert said["conforms"] == report.conforms
    assert [found["fault"] for found in said["diagnosis"]] == [f.fault for f in report.diagnosis]


def test_only_what_is_asked_for_runs(right: str) -> None:
    """Cases and types are selected before anything starts."""
    report = conformance.check(right, case="offset/*", dtype="float32", fresh=False)
    assert {case.group for case in report.cases} == {"offset"}
    assert {case.dtype for case in report.cases} == {"float32"}
    assert report.fresh.cases == 0


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"case": "no/such"}, SelectionError, "no case matches"),
        ({"dtype": "float8"}, SelectionError, "They have: bfloat16"),
        ({"dialect": "momentum=older"}, InputError, "momentum=new|old"),
        ({"arrays": "matlab"}, InputError, "expected one of numpy"),
        ({"timeout": 0}, InputError, "timeout is 0, a number of seconds above 0"),
        ({"timeout": float("nan")}, InputError, "timeout is nan"),
        ({"memory_gib": -1}, InputError, "memory_gib is -1, a number was wanted"),
        ({"inputs": []}, SelectionError, "at least one call"),
        ({"known_failures": Path("none.toml")}, ExpectationError, "there is no file none.toml"),
    ],
)
def test_what_does_not_exist_is_refused(
    right: str, options: dict[str, Any], error: type[Exception], words: str
) -> None:
    """A selection of nothing and an option of nothing are errors, and never a pass."""
    with pytest.raises(error) as refused:
        conformance.check(right, **options)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("kernel", "words"),
    [
        ("no_such_file.py:f", "there is no file no_such_file.py"),
        ("json:no_such_object", "json has no 'no_such_object'"),
        ("json.tool:main", "takes no x"),
        (7, "a function, a class or a text was wanted"),
    ],
)
def test_what_is_no_kernel_is_refused(kernel: object, words: str) -> None:
    """The message shows what was given, under the name that the user gave it."""
    with pytest.raises(AdapterError) as refused:
        conformance.check(kernel, tier="smoke")
    assert words in str(refused.value)


def test_a_kernel_without_eps_must_say_which(tmp_path: Path) -> None:
    """A built-in eps is declared, or refused with the words that declare it; never guessed."""
    text = RIGHT.replace("eps, momentum", "momentum").replace("var + eps", "var + 0.25")
    file = tmp_path / "built_in.py"
    file.write_text(text)
    with pytest.raises(InputError, match=r'\{"fixed_eps": 1e-5\}'):
        conformance.check(f"{file}:batch_norm", tier="smoke")
    file.write_text(text.replace('{"layout"', '{"fixed_eps": 0.25, "layout"'))
    report = conformance.check(f"{file}:batch_norm", case="dense/*")
    assert report.conforms
    assert report.counts[Status.PASS]


def test_an_edited_kernel_is_read_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even an edit that keeps the size and the time of the file is missed."""
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    file = tmp_path / "edited.py"
    file.write_text(RIGHT)
    written = file.stat().st_mtime_ns
    assert conformance.check(str(file), case="dense/train-float64", fresh=False).conforms
    file.write_text(RIGHT.replace("/ M if", "/ 7 if"))
    os.utime(file, ns=(written, written))
    assert not conformance.check(str(file), case="dense/train-float64", fresh=False).conforms
    assert not (tmp_path / "__pycache__").exists()


def test_conventions_are_told_before_anything_is_called_wrong(tmp_path: Path) -> None:
    """A kernel of another dialect hears which option to set; with it, it conforms."""
    (tmp_path / "biased.py").write_text(BIASED)
    kernel = f"{tmp_path / 'biased.py'}:batch_norm"
    report = conformance.check(kernel, case="dense/*")
    assert not report.conforms
    settings = {found.setting for found in report.conventions}
    assert settings == {"--dialect momentum=old", "--dialect running_var=biased"}


def test_inputs_of_ones_own_are_checked_exactly(right: str) -> None:
    """A call that is given is solved on the spot, and is the only case."""
    call = Inputs(x=np.array([[1.0, 2.0], [3.0, 5.0]]), eps=0.5)
    report = conformance.check(right, inputs=call)
    assert [case.case for case in report.cases] == ["own/1"]
    assert report.conforms
    assert report.suite["tier"] == "own inputs"


def test_a_function_is_checked_as_it_is() -> None:
    """A closure that no other process could import is checked all the same."""
    offset = 0.0

    def kernel(x: Any, gamma: Any, beta: Any, *, eps: float) -> Any:
        centred = x - x.mean(0)
        return centred / np.sqrt((centred**2).mean(0) + eps) * gamma + beta + offset

    report = conformance.check(kernel, case="dense/train-float64", fresh=False)
    assert report.conforms
    assert report.digest is not None


def test_a_function_of_a_module_goes_by_its_name() -> None:
    """What another process can import is named, so that the command in the report works."""
    name = "kernel_of_a_module"
    module = sys.modules[__name__]
    assert conformance.check(module_kernel, case="dense/train-float64", fresh=False).kernel == (
        f"{module.__name__}:module_kernel"
    )
    assert name not in vars(module)


def module_kernel(x: Any, gamma: Any, beta: Any, *, eps: float) -> Any:
    """A kernel at the top of a module; for two axes."""
    return (x - x.mean(0)) / np.sqrt(x.var(0) + eps) * gamma + beta


def test_known_failures_are_expected_and_strict(wrong: str, tmp_path: Path) -> None:
    """A listed failure does not make a kernel fail; one that is listed and passes does."""
    file = tmp_path / "known.toml"
    entry = (
        '[[expect]]\npaths = ["kernel"]\ncases = ["spatial/*"]\noutputs = ["{}"]\nreason = "-"\n'
    )
    file.write_text(entry.format("dx"))
    images = "spatial/train-nchw-float32"
    known = conformance.check(wrong, case=images, known_failures=file, fresh=False)
    assert known.conforms
    assert known.counts[Status.EXPECTED_FAIL] == 1
    file.write_text(entry.format("y"))
    passes = conformance.check(wrong, case=images, known_failures=file, fresh=False)
    assert passes.counts[Status.UNEXPECTED_PASS] == 1
    assert not passes.conforms


def test_progress_is_told_case_by_case(right: str) -> None:
    """The callback hears of every case, how many are done and of how many."""
    heard: list[tuple[int, int]] = []

    def progress(done: int, total: int, result: CaseResult) -> None:
        assert result.outputs
        heard.append((done, total))

    conformance.check(right, case="dense/*", progress=progress, fresh=False)
    assert [done for done, _ in heard] == list(range(1, len(heard) + 1))
    assert {total for _, total in heard} == {len(heard)}


def test_a_worker_that_has_begun_has_run_nothing_of_the_kernel(tmp_path: Path) -> None:
    """A worker starts before it is asked, and loads the kernel as it is when it is asked."""
    file = tmp_path / "k.py"
    file.write_text("raise SystemExit('loaded too early')")
    source = Source(selector=f"{file}:batch_norm")
    life = Life(source.encode(), paths=source.places)
    life.start()
    with Trial(source, "k.py", case_seconds=60, life=life) as trial:
        time.sleep(1)
        file.write_text(RIGHT)
        assert trial.describe()["paths"]
    assert not life.is_on
