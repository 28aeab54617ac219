"""The large tier of a check: sizes that no stored case has."""

from __future__ import annotations

import json
import math
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]  # it has no types
import pytest

import conformance
from conformance.case import Problem
from conformance.cases import large
from conformance.cases.catalogue.recipe import CaseRow
from conformance.checking.check import run
from conformance.checking.named import named
from conformance.checking.options import Options
from conformance.checking.query import Query
from conformance.checking.report import Report
from conformance.checking.selection import large_rows, select
from conformance.checking.trial import Trial
from conformance.checking.tried import Tried
from conformance.cli import main
from conformance.errors import SelectionError
from conformance.harness.halt import Halt
from conformance.tests.checking.kernels import RIGHT

WIDE = RIGHT.replace(
    "mean, var =",
    "if x.shape[-1] > 4096 and len(x) > 1: beta = beta * (abs(beta) < 1.4)\n    mean, var =",
)
"""Loses some of beta where there are more than 4096 channels, as in no stored case."""


def smallest(pattern: str, dtype: str, count: int) -> list[str]:
    """The ids of the smallest large cases that match."""
    rows = sorted(large.select([pattern], dtype), key=lambda row: math.prod(row.recipe.shape))
    return [f"{large.GROUP}/{row.name}" for row in rows[:count]]


def checked(folder: Path, text: str, *cases: str) -> Report:
    """The report on a kernel over some large cases."""
    (folder / "k.py").write_text(text)
    return conformance.check(str(folder / "k.py"), tier="large", case=cases, fresh=False)


def test_a_fault_of_large_sizes_alone_is_found(tmp_path: Path) -> None:
    """The wrong kernel fails where it is wrong and the right one conforms; both name the cases."""
    cases = smallest("large/*4097*", "float32", 4)
    wrong = checked(tmp_path, WIDE, *cases)
    assert not wrong.conforms
    red = [case for case in wrong.cases if case.outputs["y"].status == "fail"]
    assert red
    assert {case.case for case in red} <= {*cases}
    assert checked(tmp_path, RIGHT, *cases).conforms


def test_the_report_says_what_was_asked(tmp_path: Path) -> None:
    """Tier, shapes and scope are those of the large cases, and the JSON keeps its schema."""
    report = checked(tmp_path, RIGHT, *smallest("large/*-nhwc-*", "float64", 3))
    told = json.loads(report.to_json())
    assert told["suite"]["tier"] == "large"
    assert told["scope"]["ranks"] == [4]
    assert told["scope"]["layouts"] == ["NHWC"]
    schema = Path(conformance.__file__).parent / "schemas" / "check.json"
    jsonschema.validate(told, json.loads(schema.read_text()))


def test_nothing_large_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What came back for a large case that is right takes no memory afterwards."""
    kept: list[int] = []
    judged = Trial.tried

    def watched(self: Trial, query: Query) -> Tried:
        one = judged(self, query)
        bare = one.without_arrays.evidence
        given = bare.case.inputs.given().values()
        kept.append(sum(a.nbytes if a.base is None else a.base.nbytes for a in given))
        assert bare.case.inputs.x.shape == one.evidence.case.inputs.x.shape
        assert not bare.actual
        return one

    monkeypatch.setattr(Trial, "tried", watched)
    checked(tmp_path, RIGHT, *smallest("large/*-nlc-*", "float64", 3))
    assert kept
    assert max(kept) <= 8 * 6


def test_a_stop_ends_it_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No call is made for a check that was stopped; the report counts those that it left out."""
    (tmp_path / "k.py").write_text(RIGHT)
    cases = tuple(smallest("large/*-nlc-*", "float64", 5))
    halt, made = Halt(), []
    draw = large.made

    def counted(row: CaseRow) -> Problem:
        made.append(row.name)
        return draw(row)

    def stop(done: int, _: int, __: object) -> None:
        if done == 2:
            halt.now("stopped by a test")

    monkeypatch.setattr(large, "made", counted)
    with named(str(tmp_path / "k.py")) as known:
        report = run(
            known, Options(tier="large", cases=cases, fresh=False), halt=halt, progress=stop
        )
    assert len(made) == 3
    assert report.partial == "stopped by a test after 2 of 5 cases"


def test_the_stored_cases_come_first() -> None:
    """The tier is all stored cases, and behind them the large ones that are asked for."""
    assert select(Options(tier="large")) == select(Options())
    assert large_rows(Options(tier="large")) == large.rows()
    assert large_rows(Options()) == ()
    some = large_rows(Options(tier="large", cases=("large/*-nc-*",), dtype="float16"))
    assert {row.recipe.types for row in some} == {"float16", "float16+float32"}


def test_what_is_in_neither_is_refused() -> None:
    """A name of no case, stored or large, is an error."""
    with pytest.raises(SelectionError, match="no case matches 'large/none'"):
        select(Options(tier="large", cases=("large/none",)))


def test_a_statement_is_about_stored_cases(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both options together are refused before anything runs."""
    (tmp_path / "k.py").write_text(RIGHT)
    asked = ["check", f"{tmp_path / 'k.py'}", "--tier", "large", "--statement"]
    assert main([*asked, str(tmp_path / "s.json")]) == 2
    assert "--statement was given with --tier large" in capsys.readouterr().err
    assert not (tmp_path / "s.json").exists()
