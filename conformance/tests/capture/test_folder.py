"""Tests of what is made of captured calls: golden files, what the framework's outputs are worth."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]  # it has no types
import numpy as np
import pytest

import conformance
from conformance.arrays import INPUT_NAMES
from conformance.capture import capturing
from conformance.capture.answers import answered
from conformance.capture.folder import GAVE, REPORT, require_new, write
from conformance.capture.report import Report
from conformance.capture.seen import Recorder
from conformance.cases import golden
from conformance.cases.golden import audit
from conformance.errors import InputError, OutputError, SelectionError
from conformance.tests.capture.recorded import CASE, recorder, stored, take
from conformance.tests.checking.kernels import RIGHT


def report_on(taken: Recorder) -> Report:
    """What is said of calls that were taken down."""
    found, left = answered(taken)
    return Report(about=taken.about, digest=None, answers=tuple(found), left=tuple(left))


def test_captured_calls_become_golden_files(tmp_path: Path) -> None:
    """Inputs bit for bit, the exact answers of the oracle, and an id that says layer and step."""
    taken = recorder()
    take(taken, "layer1.bn")
    taken.step = 3
    take(taken, "layer1.bn")
    take(taken, "layer1.bn")
    done = write(report_on(taken), tmp_path / "new")
    manifest = golden.manifest(tmp_path / "new")
    assert done.digest == manifest.digest
    assert list(manifest.entries) == [
        "layer1.bn/step-0",
        "layer1.bn/step-3",
        "layer1.bn/step-3-call-1",
    ]
    known = stored()
    for case in golden.load(manifest.entries, tmp_path / "new"):
        for name in INPUT_NAMES:
            one, other = getattr(case.inputs, name), getattr(known.inputs, name)
            assert (one is None) == (other is None)
            if one is not None:
                assert (one.tobytes(), one.dtype) == (other.tobytes(), other.dtype)
        for name, exact in known.expected.items().items():
            np.testing.assert_array_equal(getattr(case.expected, name), exact)


def test_what_the_framework_gave_lies_beside_and_is_no_part_of_it(tmp_path: Path) -> None:
    """Other outputs of a framework leave the digest and the files of the cases as they are."""
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    for folder, off in ((right, 0.0), (wrong, 0.5)):
        taken = recorder()
        one = take(taken)
        assert one is not None
        one.gave["y"] += np.float32(off)
        write(report_on(taken), folder)
        with np.load(folder / GAVE) as gave:
            np.testing.assert_array_equal(gave["bn/step-0/y"], one.gave["y"])
    files = {file.name for file in right.iterdir()} - {"bounds"}
    assert files == {"bn.h5", "INDEX.json", "MANIFEST.json", "README.md", GAVE, REPORT}
    assert (right / "bounds/bn.h5").read_bytes() == (wrong / "bounds/bn.h5").read_bytes()
    same = {n for n in files if (right / n).read_bytes() == (wrong / n).read_bytes()}
    assert same == files - {GAVE, REPORT}


def test_the_framework_is_judged_by_the_suites_own_ruler(tmp_path: Path) -> None:
    """Right outputs are right; one wrong value is told with its place, in words and as JSON."""
    taken = recorder()
    take(taken, "right")
    one, odd = take(taken, "wrong"), take(taken, "odd")
    assert one is not None
    assert odd is not None
    one.gave["dgamma"][2] *= 2
    odd.given["x"][0, 0] = np.nan
    report = write(report_on(taken), tmp_path / "new")
    assert "1 WRONG" in report.verdict
    assert [answer.seen.layer for answer in report.wrong] == ["wrong"]
    assert "wrong/step-0 dgamma: fail:" in str(report)
    said = json.loads((tmp_path / "new" / REPORT).read_text())
    schema = (resources.files("conformance") / "schemas" / "capture.json").read_text("utf-8")
    jsonschema.Draft202012Validator(json.loads(schema)).validate(said)
    right, wrong = said["calls"]
    assert [left["layer"] for left in said["left"]] == ["odd"]
    assert {r["status"] for r in right["outputs"].values()} == {"pass"}
    assert wrong["outputs"]["dgamma"]["worst"]["index"] == [2]
    assert said["digest"] == golden.manifest(tmp_path / "new").digest


def test_a_kernel_is_held_to_what_was_captured(tmp_path: Path) -> None:
    """`golden=` takes the folder as it was written."""
    taken = recorder()
    take(taken, "some.bn")
    write(report_on(taken), tmp_path / "new")
    (tmp_path / "k.py").write_text(RIGHT)
    report = conformance.check(str(tmp_path / "k.py"), golden=tmp_path / "new")
    assert [case.case for case in report.cases] == ["some.bn/step-0"]
    assert report.conforms


@pytest.mark.parametrize("name", ["x", "dy", "gamma", "running_var"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite_are_left_out_and_said(name: str, value: float) -> None:
    """No bound holds for them: the call is left out, and the others are kept."""
    taken = recorder()
    one = take(taken, "odd")
    take(taken, "plain")
    assert one is not None
    one.given[name].flat[1] = value
    report = report_on(taken)
    assert [answer.seen.layer for answer in report.answers] == ["plain"]
    assert f"{name} has 1 of {one.given[name].size} values that are not finite" in str(report)


def test_a_layer_that_gives_another_type_is_left_out_and_said() -> None:
    """There is no case whose y has another type than x."""
    taken = recorder()
    one = take(taken)
    assert one is not None
    one.gave["y"] = one.gave["y"].astype(np.float64)
    report = report_on(taken)
    assert not report.answers
    assert "y is float64 where x is float32" in str(report)


def test_a_call_that_did_not_end_is_left_out_and_said() -> None:
    """A forward pass that raised, or was cut short, has no outputs to hold anything against."""
    taken = recorder()
    one = take(taken)
    assert one is not None
    one.gave.clear()
    assert "it came to no end" in str(report_on(taken))


def test_nothing_captured_is_an_error(tmp_path: Path) -> None:
    """It is no empty folder: the message says why, and nothing is written."""
    taken = recorder(most_values=1)
    take(taken)
    with pytest.raises(SelectionError, match=r"nothing was captured.*48 values of x"):
        write(report_on(taken), tmp_path / "new")
    assert not list(tmp_path.iterdir())


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """A folder that holds something, a file and a link are refused before a model is run."""
    full, file, link = tmp_path / "full", tmp_path / "file", tmp_path / "link"
    full.mkdir()
    (full / "mine").write_text("mine")
    file.write_text("mine")
    link.symlink_to(tmp_path / "nowhere")
    for place in (full, file, link):
        with pytest.raises(OutputError, match="nothing is overwritten"):
            require_new(place)
    assert (full / "mine").read_text() == "mine"
    (tmp_path / "empty").mkdir()
    require_new(tmp_path / "empty")


def test_what_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the last file cannot be made there is no folder, and nothing beside it."""
    taken = recorder()
    take(taken)
    report = report_on(taken)
    monkeypatch.setattr(Report, "to_json", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write(report, tmp_path / "new")
    assert not list(tmp_path.iterdir())


def test_the_golden_files_are_like_any_other(tmp_path: Path) -> None:
    """HDF5 alone reads every case of them, and they are written anew byte by byte."""
    taken = recorder()
    take(taken)
    write(report_on(taken), tmp_path / "new")
    cases, refusals = audit.readable(tmp_path / "new")
    assert [case.id for case in cases] == ["bn/step-0"]
    assert not refusals
    explain = {"bn": cases[0].problem.catches}
    assert not audit.compare(cases, cases, tmp_path / "new", explain=explain)
    assert f"'{CASE}'" not in cases[0].problem.made


def test_what_is_no_model_is_refused() -> None:
    """The message shows what was given and what was wanted."""
    with pytest.raises(InputError, match=r"the model is dict, a torch\.nn"), capturing({}):
        pass
