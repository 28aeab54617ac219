"""Tests of the matrix as JSON."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # no stubs

import conformance
from conformance.report.join import join
from conformance.report.summary import as_json
from conformance.tests.report.records import EVERY, case, every_status, failed, many, passed, record
from conformance.verdict.conventions import Convention
from conformance.verdict.record import RED, Status

SCHEMA = Path(conformance.__file__).parent / "schemas" / "matrix.json"


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    """The schema of the matrix, itself checked."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.fixture(scope="module")
def payload() -> dict[str, Any]:
    """The JSON of many paths, one of them missing."""
    parsed = json.loads(as_json(join(many(9, 60), ["paddle", "torch"])))
    assert isinstance(parsed, dict)
    return parsed


def test_it_keeps_its_schema(validator: Draft202012Validator, payload: dict[str, Any]) -> None:
    """Many paths, a missing one, NaN and nasty text are valid."""
    validator.validate(payload)
    validator.validate(json.loads(as_json(join([every_status()]))))


@pytest.mark.parametrize(
    "change",
    [
        {"extra": 1},
        {"as_expected": "yes"},
        {"counts": {"pass": 1}},
        {"columns": []},
        {"not_red": [{}]},
    ],
)
def test_the_schema_is_strict(
    validator: Draft202012Validator, payload: dict[str, Any], change: dict[str, Any]
) -> None:
    """Other keys and types are invalid."""
    assert not validator.is_valid({**payload, **change})


def test_a_red_finding_among_the_others_is_invalid(
    validator: Draft202012Validator, payload: dict[str, Any]
) -> None:
    """The two lists of findings cannot be mixed up."""
    assert payload["red"]
    assert not validator.is_valid({**payload, "not_red": payload["red"]})


def test_counts_add_up_to_the_due_outputs(payload: dict[str, Any]) -> None:
    """The counts of the whole, of the columns and of the cells of a view are the same."""
    due = sum(sum(one.counts.values()) for one in many(9, 60))
    assert sum(payload["counts"].values()) == due
    assert sum(sum(column["counts"].values()) for column in payload["columns"]) == due
    for view in ("all", "kind", "group"):
        cells = (c for c in payload["cells"] if payload["rows"][c["row"]]["view"] == view)
        assert sum(sum(cell["counts"].values()) for cell in cells) == due


def test_the_red_list_is_what_is_red(payload: dict[str, Any]) -> None:
    """Every red output is listed, and no other."""
    counts = payload["counts"]
    assert len(payload["red"]) == sum(counts[status] for status in RED)
    known = sum(counts[s] for s in (Status.EXPECTED_FAIL, Status.FLAKY, Status.DEGRADED))
    assert len(payload["not_red"]) == known


def test_there_is_a_cell_for_every_row_and_column(payload: dict[str, Any]) -> None:
    """No cell is left out, not even of a missing column."""
    found = {(cell["row"], cell["column"]) for cell in payload["cells"]}
    assert len(found) == len(payload["cells"])
    assert len(found) == len(payload["rows"]) * len(payload["columns"])
    (missing,) = (c for c in payload["columns"] if not c["reported"])
    assert (missing["name"], missing["status"], missing["record"]) == ("paddle", "not-run", None)
    assert payload["missing"] == ["paddle"]
    assert payload["as_expected"] is False


def test_nan_is_a_string() -> None:
    """Strict parsers can read what a NaN left behind."""
    one = json.loads(as_json(join([record([case({"y": failed(None, actual=math.nan)})])])))
    assert one["red"][0]["worst"]["actual"] == "nan"
    assert one["columns"][0]["unbounded"] is True


@pytest.mark.parametrize("status", Status)
def test_as_expected_agrees_with_the_statuses(status: Status) -> None:
    """A machine reads the same verdict as a person."""
    one = json.loads(as_json(join([record([case({"y": EVERY[status], "dx": passed()})])])))
    assert one["as_expected"] is (status not in RED)
    wanted = "as expected" if one["as_expected"] else "not as expected"
    assert one["verdict"].startswith(f"{wanted}: ")


def test_conventions_and_what_differs_are_told(validator: Draft202012Validator) -> None:
    """The JSON has what was measured of a path, and what it declares otherwise, also as a note."""
    found = {"eps": Convention(found="outside", seen="y\ndivides")}
    told = json.loads(as_json(join([replace(record([case({"y": passed()})]), conventions=found)])))
    assert list(validator.iter_errors(told)) == []
    said = told["columns"][0]["record"]
    assert said["conventions"] == {"eps": {"found": "outside", "seen": "y divides"}}
    assert said["differences"] == ["eps is declared 'inside' and measured 'outside': y divides"]
    (note,) = (n for n in told["notes"] if "is not what it declares" in n)
    assert said["differences"][0] in note
