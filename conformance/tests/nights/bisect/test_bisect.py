"""Tests of the rest of `nights.bisect`: what is asked, what an answer is, what is told."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]  # its stubs are a package of their own
import pytest

import conformance
from conformance.cases import golden
from conformance.cli import main
from conformance.errors import AdapterError, InputError
from conformance.nights.bisect.asking import Question, answered, asker
from conformance.nights.bisect.questions import question_of
from conformance.nights.bisect.releases import within
from conformance.nights.bisect.search import Asked, Finding
from conformance.nights.bisect.telling import Bisected, as_json, as_text, wrong
from conformance.nights.diff.attribution import Reran
from conformance.nights.diff.changes import Outcome
from conformance.tests.nights.diff.test_laboratory import repository, wheel

CASE = "dense/train-float64"
QUESTION = Question(
    adapter="jax",
    path="linen",
    case=CASE,
    outputs=(),
    package="jax",
    pinned={"flax": "0.4"},
    leads=True,
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with an adapter that requires three distributions."""
    folder = tmp_path / "adapters" / "jax"
    folder.mkdir(parents=True)
    (folder / "adapter.py").write_text("")
    (folder / "requirements.txt").write_text(
        "--pre\njax==1\njaxlib==1  # a comment\nFlax[all]==2\n"
    )
    return tmp_path


def asked(checkout: Path, **changed: object) -> tuple[Question, tuple[str, ...]]:
    """The question of a command line that is right but for what is changed."""
    given: dict[str, object] = {
        "selector": "jax/linen",
        "case": CASE,
        "outputs": ["y"],
        "package": "FLAX",
        "pinned": ["jax==0.4"],
    }
    words = given | changed
    selector, case = str(words.pop("selector")), str(words.pop("case"))
    return question_of(selector, case, repository=checkout, **words)  # type: ignore[arg-type]


def test_the_rest_of_what_is_required_is_installed_beside(checkout: Path) -> None:
    """What is neither asked nor pinned comes as pip finds it to fit."""
    question, beside = asked(checkout)
    assert (question.package, dict(question.pinned), beside) == (
        "flax",
        {"jax": "0.4"},
        ("jaxlib",),
    )
    assert not question.leads
    question, beside = asked(checkout, package=None, pinned=[])
    assert (question.package, beside, question.leads) == ("jax", ("jaxlib", "flax"), True)


@pytest.mark.parametrize(
    "changed",
    [
        {"selector": "jax"},
        {"selector": "jax/"},
        {"selector": "../jax/linen"},
        {"selector": "torch/linen"},
        {"case": "dense/none"},
        {"outputs": ["z"]},
        {"package": "numpy"},
        {"package": "jax"},  # it is pinned
        {"pinned": ["jax"]},
        {"pinned": ["jax=="]},
        {"pinned": ["numpy==1"]},
        {"pinned": ["--index-url==1"]},
    ],
)
def test_what_the_repository_does_not_know_is_refused(
    checkout: Path, changed: Mapping[str, object]
) -> None:
    """Before anything is installed, with what was found and what was wanted."""
    with pytest.raises(InputError, match=r"wanted|there is no case"):
        asked(checkout, **changed)


def test_the_cases_of_the_help_exist(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever copies a line of it asks a case of the catalogue, and a range of versions."""
    with pytest.raises(SystemExit):
        main(["bisect", "--help"])
    lines = re.findall(r"conformance bisect \S+ (\S+) --versions (\S+)", capsys.readouterr().out)
    assert len(lines) == 3
    for case, versions in lines:
        assert case in golden.manifest().entries
        assert within(versions) != (None, None)


def reran(**statuses: str) -> dict[tuple[str, str], Reran]:
    """What some outputs did, and one of another case, which is wrong."""
    outcomes = {**{(CASE, name): status for name, status in statuses.items()}, ("o/c", "y"): "fail"}
    return {
        key: Reran(outcome=Outcome(status=status, grade=None, units=3.25, reason="-"), bits=None)
        for key, status in outcomes.items()
    }


@pytest.mark.parametrize(
    ("statuses", "wanted"),
    [
        ({"y": "pass", "dx": "degraded"}, Finding.RIGHT),
        ({"y": "unexpected-pass"}, Finding.RIGHT),
        ({"y": "pass", "dx": "fail"}, Finding.WRONG),
        ({"y": "pass", "dx": "expected-fail"}, Finding.WRONG),
        ({"y": "crash"}, Finding.WRONG),
        ({"y": "pass", "dx": "unsupported"}, Finding.RIGHT),
        ({"y": "unsupported"}, Finding.NOTHING),
        ({"y": "flaky"}, Finding.NOTHING),
        ({"y": "not-run"}, Finding.NOTHING),
        ({}, Finding.NOTHING),
    ],
)
def test_a_release_is_right_where_nothing_is_wrong(
    statuses: dict[str, str], wanted: Finding
) -> None:
    """Known failures are failures here; what was not compared is neither right nor wrong."""
    assert answered("1", reran(**statuses), QUESTION).finding is wanted


def test_only_the_outputs_that_are_named_count() -> None:
    """One that is wrong beside them changes nothing."""
    question = replace(QUESTION, outputs=("y",))
    assert answered("1", reran(y="pass", dx="fail"), question).finding is Finding.RIGHT


def test_a_release_that_cannot_be_had_is_told_as_that() -> None:
    """What pip or the adapter says stands in its line, on one line; the others are asked."""

    def fails(*_: object) -> dict[tuple[str, str], Reran]:
        raise AdapterError("no wheel\nof that")

    one = asker(QUESTION, fails)("3.1")
    assert (one.version, one.finding) == ("3.1", Finding.NOTHING)
    assert one.told.startswith("no wheel")
    assert "\n" not in one.told


def bisected(answers: str) -> Bisected:
    """Releases 0, 1, ... that were all asked."""
    of = {"r": Finding.RIGHT, "w": Finding.WRONG, "-": Finding.NOTHING}
    all_asked = tuple(
        Asked(version=str(n), finding=of[letter], told="y") for n, letter in enumerate(answers)
    )
    return Bisected(
        question=QUESTION, releases=tuple(one.version for one in all_asked), asked=all_asked
    )


@pytest.mark.parametrize(
    ("answers", "ranges", "words"),
    [
        ("rrww", [">=2"], "wrong since 2, right in 1"),
        ("wwrr", ["<2"], "right since 2, wrong in 1"),
        ("rwwr", [">=1,<3"], "right since 3, wrong in 2"),
        ("wrw", ["<1", ">=2"], "right since 1, wrong in 0"),
        ("r-w", [">=2"], "not asked between them: 1"),
        ("rrr", [], "right in every release that was asked"),
        ("www", [], "wrong in every release that was asked"),
        ("---", [], "no release gave an answer"),
    ],
)
def test_the_ranges_are_those_of_an_expectation(
    answers: str, ranges: list[str], words: str
) -> None:
    """As `versions` has them, in the text and in JSON that keeps its schema."""
    found = bisected(answers)
    assert wrong(found) == ranges
    text = as_text(found)
    assert words in text
    told = [line for line in text.splitlines() if line.startswith("expectations.toml: ")]
    assert len(told) == len(ranges)
    for line, each in zip(told, ranges, strict=True):
        for key, sign in (("since", ">="), ("gone", "<")):
            assert (f'{key} = "' in line) is (sign in each)
        assert all(f'"{end.strip("<>=")}"' in line for end in each.split(","))
    other = as_text(replace(found, question=replace(QUESTION, package="flax", leads=False)))
    assert other.count(', package = "flax"') == len(ranges)
    assert all(f"wrong in flax {each}" in other for each in ranges)
    payload = json.loads(as_json(found))
    schema = Path(conformance.__file__).parent / "schemas" / "bisect.json"
    jsonschema.validate(payload, json.loads(schema.read_text(encoding="utf-8")))
    assert (payload["wrong"], len(payload["asked"])) == (ranges, len(answers))


@pytest.mark.long
@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_both_ends_of_a_failure_are_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Real releases in real environments: wrong since 1.2 and right again since 1.10."""
    name = "batchnorm_tiny_toy"
    for version in ("1.0", "1.1", "1.2", "1.3", "1.10", "1.11"):
        wheel(tmp_path, version, wrong=version in ("1.2", "1.3"), name=name)
    repository(tmp_path, f"{name}==1.0")
    tree = tmp_path / "repository"  # whose last suite is the wrong one
    subprocess.run(["git", "-C", str(tree), "checkout", "-q", "right"], check=True)
    words = ["--repository", str(tree), f"--pip=--find-links={tmp_path}"]
    assert main(["bisect", "tiny/only", CASE, "--versions", "..", *words]) == 0
    told = capsys.readouterr()
    assert 'expectations.toml: since = "1.2", gone = "1.10"' in told.out
    assert "wrong since 1.2, right in 1.1" in told.out
    assert "1.1: right" in told.err
