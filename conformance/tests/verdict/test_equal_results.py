"""Tests of results that many records have alike: each is held to the schema, and once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance import documents
from conformance.errors import RecordError
from conformance.tests.report.records import case, passed, record, silent
from conformance.verdict import record_file
from conformance.verdict.record import Status
from conformance.verdict.record_file import read, write


@pytest.fixture(autouse=True)
def _nothing_is_known() -> Iterator[None]:
    """What other tests read is not remembered, and neither is what these do."""
    record_file._known.cache_clear()
    yield
    record_file._known.cache_clear()


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every result that is held to the schema, in order."""
    found: list[Any] = []
    require = documents.require_part

    def watched(told: Any, *others: str) -> None:
        found.append(told)
        require(told, *others)

    monkeypatch.setattr(documents, "require_part", watched)
    return found


def written(folder: Path, name: str, **changes: object) -> Path:
    """A record of 20 cases with two results each; `changes` are of the last `y` in its JSON."""
    file = folder / f"{name}.json"
    outputs = {"y": passed(), "var": silent(Status.UNSUPPORTED)}
    write(record([case(outputs, f"offset/{i}") for i in range(20)], f"torch/{name}"), file)
    payload = json.loads(file.read_text(encoding="utf-8"))
    payload["cases"][-1]["outputs"]["y"].update(changes)
    file.write_text(json.dumps(payload), encoding="utf-8")
    return file


def test_equal_results_are_held_to_the_schema_once(tmp_path: Path, held: list[Any]) -> None:
    """Two different results that stand in two records 80 times are looked at two times."""
    first, second = read(written(tmp_path, "a")), read(written(tmp_path, "b"))
    assert len(held) == 2
    assert first.cases == second.cases
    assert all(case.outputs == first.cases[0].outputs for case in first.cases)


def test_what_differs_at_all_is_another_result(tmp_path: Path, held: list[Any]) -> None:
    """Also what is equal to Python alone: of 1, 1.0 and true the last is no number, and refused."""
    assert read(written(tmp_path, "a", units=1)).cases[-1].outputs["y"].units == 1
    assert read(written(tmp_path, "b", units=1.0)).cases[-1].outputs["y"].units == 1
    with pytest.raises(RecordError, match=r"cases\[19\]\.outputs\.y\.units is true"):
        read(written(tmp_path, "c", units=True))
    assert len(held) == 2 + 2 + 2  # what all have, 1 and 1.0, and true: refused, and told


def test_a_refusal_says_where_and_is_not_remembered(tmp_path: Path) -> None:
    """A bad result is refused wherever it stands, each time with its own place and file."""
    for name in ("a", "b"):
        file = written(tmp_path, name, grade="F")
        with pytest.raises(RecordError) as caught:
            read(file)
        assert str(caught.value).startswith(
            f"{file} is no usable run record: cases[19].outputs.y.grade is 'F' and must be one of"
        )


def test_a_long_result_is_not_remembered(tmp_path: Path, held: list[Any]) -> None:
    """What is kept for later has a bound, whatever a record says: a text of 60 000 is not."""
    for name in ("a", "b"):
        read(written(tmp_path, name, reason="x" * 60_000))
    assert sum(told["reason"] == "x" * 60_000 for told in held) == 2
    assert record_file._known.cache_info().currsize == 2
