"""Tests of the conformance statement: written, cited, verified, and not to be forged."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # it has no types
import pytest

import conformance
from conformance._version import __version__
from conformance.checking import holding, own_code, statement
from conformance.cli import main
from conformance.tests.checking.kernels import RIGHT, WRONG

SCHEMA = json.loads((resources.files("conformance") / "schemas" / "statement.json").read_text())
OPTIONS = ["--case", "dense/*", "--dtype", "float32", "--quiet"]


@pytest.fixture
def stated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a kernel that has a helper, and its statement."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "k.py").write_text("from helper import batch_norm\n")
    (tmp_path / "helper.py").write_text(RIGHT)
    assert main(["check", "k.py:batch_norm", "--statement", "statement.json", *OPTIONS]) == 0
    return tmp_path


def canary(folder: Path) -> str:
    """A line of Python that leaves a file where it is run."""
    return f"open({str(folder / 'canary')!r}, 'w').close()\n"


def test_a_statement_says_what_was_measured(stated: Path) -> None:
    """It keeps its schema and names kernel, suite, selection, every result, seed and machine."""
    said = json.loads((stated / "statement.json").read_text())
    jsonschema.validate(said, SCHEMA)
    assert said["conforms"] is True
    assert set(said["kernel"]["files"]) == {"k.py", "helper.py"}
    assert list(said["kernel"]["distributions"]) == []
    assert said["suite"]["dtype"] == "float32"
    assert said["suite"]["version"] == __version__
    assert said["suite"]["code"] == own_code.digest()
    assert said["grades"]["y"] == "A"
    assert said["counts"]["pass"] == sum(
        word.startswith("pass") for case in said["results"].values() for word in case.values()
    )
    assert len(said["results"]) == said["selected"]["cases"]
    assert len(said["fresh"]["seed"]) == 32
    assert said["fresh"]["odds"] == 1 - 0.5**4
    assert said["environment"]["packages"]
    assert said["selected"]["declared"]["dtypes"] == ["float64", "float32"]


def test_every_entry_is_compared_or_told() -> None:
    """No property of the schema is left out of both lists, but the digest and the signature."""
    wanted = set()
    for name, rule in SCHEMA["properties"].items():
        inner = name in ("kernel", "suite", "fresh")
        wanted |= {f"{name}.{part}" for part in rule["properties"]} if inner else {name}
    assert {*holding.BREAK, *holding.TELL} == wanted - {*statement.APART}
    assert not {*holding.BREAK} & {*holding.TELL}


def test_without_a_kernel_nothing_is_run(stated: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What can be seen without is compared and told, and is no verification."""
    (stated / "k.py").write_text(canary(stated) + (stated / "k.py").read_text())
    capsys.readouterr()
    assert main(["verify", "statement.json"]) == 1
    out = capsys.readouterr().out
    assert "breaks: kernel.files.k.py" in out
    assert "nothing was run" in out
    (stated / "k.py").write_text("from helper import batch_norm\n")
    assert main(["verify", "statement.json"]) == 2
    out = capsys.readouterr().out
    assert out.startswith("NOT VERIFIED: ")
    assert "nobody signed it" in out
    assert "as stated, beside it: helper.py, k.py" in out
    assert not (stated / "canary").exists()


def test_a_statement_that_is_true_holds(stated: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With a kernel that is named one command checks again, and tells what may differ."""
    capsys.readouterr()
    assert main(["verify", str(stated / "statement.json"), "k.py:batch_norm"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("HOLDS: ")
    assert "nobody signed it" in out
    assert "differs: fresh.seed was " in out
    assert "breaks" not in out


@pytest.mark.parametrize("changed", ["k.py", "helper.py"])
def test_another_kernel_is_not_even_loaded(
    stated: Path, changed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A change of the kernel, or of what it imports, is seen before any of it is run."""
    file = stated / changed
    file.write_text(canary(stated) + file.read_text())
    capsys.readouterr()
    assert main(["verify", "statement.json", "k.py:batch_norm"]) == 1
    out = capsys.readouterr().out
    assert out.startswith("DOES NOT HOLD: ")
    assert "breaks: kernel.sha256" in out
    assert f"breaks: kernel.files.{changed}" in out
    assert "nothing was run" in out
    assert not (stated / "canary").exists()


def test_a_kernel_without_a_digest_cannot_be_verified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A statement that names no files is of no kernel in particular, and no kernel is loaded."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "k.py").write_text(RIGHT)
    report = conformance.check("k.py", case="dense/train-float32", fresh=False)
    said = statement.make(report)
    said["kernel"] |= {"files": {}, "sha256": None}
    reseal(said)
    statement.save(said, tmp_path / "s.json")
    (tmp_path / "k.py").write_text(canary(tmp_path) + RIGHT)
    assert main(["verify", "s.json", "k.py"]) == 1
    assert "of no kernel in particular" in capsys.readouterr().out
    assert not (tmp_path / "canary").exists()


def reseal(said: dict[str, Any]) -> None:
    """Make a statement's own digest fit again."""
    kept = {name: value for name, value in said.items() if name not in statement.APART}
    said["sha256"] = statement.digest(kept)


def test_what_was_not_measured_does_not_hold(
    stated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A statement that agrees with itself and says better than is so breaks on the next check."""
    (stated / "helper.py").write_text(WRONG)
    words = ["check", "helper.py", "--statement", "wrong.json", "--case", "spatial/*", "--quiet"]
    assert main(words) == 1
    said = json.loads((stated / "wrong.json").read_text())
    better = {"fail F": "pass A", "pass B": "pass A"}
    said["results"] = {
        case: {name: better.get(word, word) for name, word in outputs.items()}
        for case, outputs in said["results"].items()
    }
    words_now = [word for outputs in said["results"].values() for word in outputs.values()]
    said["counts"] |= {"fail": 0, "pass": sum(w.startswith("pass") for w in words_now)}
    said["graded"] = {"A": words_now.count("pass A"), "B": 0, "C": 0, "F": 0}
    said["grades"] = {name: grade and "A" for name, grade in said["grades"].items()}
    said |= {"grade": "A", "conforms": True, "diagnosis": [], "notes": []}
    said["fresh"]["disagree"] = []
    reseal(said)
    (stated / "better.json").write_text(json.dumps(said))
    capsys.readouterr()
    assert main(["verify", "better.json"]) == 2
    assert "nothing was run" in capsys.readouterr().out
    assert main(["verify", "better.json", "helper.py"]) == 1
    out = capsys.readouterr().out
    assert "breaks: grade was A, is F" in out
    assert "breaks: results.spatial/" in out


_CHANGING = """
try:
    open("k.py", "a").write("# more\\n")
except OSError:
    pass
"""


def test_a_kernel_that_changes_its_files_has_no_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files that were changed while they were checked are of neither state: it does not conform."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "k.py").write_text(RIGHT + _CHANGING)
    report = conformance.check("k.py", case="dense/train-float32", fresh=False)
    if (tmp_path / "k.py").read_text().endswith("# more\n"):  # nothing kept it from writing
        assert not report.conforms
        assert report.digest is None
        assert any("changed while it was checked" in note for note in report.notes)
    else:
        assert report.digest is not None


def test_an_edited_statement_is_refused(stated: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A statement that was changed after it was written is no statement."""
    file = stated / "statement.json"
    file.write_text(file.read_text().replace('"grade": "A"', '"grade": "B"'))
    assert main(["verify", str(file)]) == 2
    assert "was changed after it was written" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"schema": "other/1"}'])
def test_what_is_no_statement_is_refused(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message says how to write one."""
    file = tmp_path / "statement.json"
    file.write_text(text)
    assert main(["verify", str(file)]) == 2
    assert "conformance check KERNEL --statement FILE" in capsys.readouterr().err


def test_known_failures_are_given_by_the_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No path that a statement holds is opened: the file of known failures is named again."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "k.py").write_text(WRONG)
    (tmp_path / "known.toml").write_text(
        '[[expect]]\npaths = ["kernel"]\ncases = ["spatial/*"]\noutputs = ["dx"]\nreason = "N"\n'
    )
    words = ["--case", "spatial/train-nhwc-float32", "--no-fresh", "--quiet"]
    main(["check", "k.py", "--statement", "s.json", "--known-failures", "known.toml", *words])
    capsys.readouterr()
    assert main(["verify", "s.json", "k.py"]) == 2
    assert "Give it with --known-failures" in capsys.readouterr().err
    (tmp_path / "known.toml").rename(tmp_path / "moved.toml")
    assert main(["verify", "s.json", "k.py", "--known-failures", "moved.toml"]) == 0
