"""Tests of finding and refusing run records."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from conformance.errors import RecordError
from conformance.report.collect import collect
from conformance.tests.report.records import case, failed, many, passed, record, save
from conformance.verdict.record import RunRecord
from conformance.verdict.record_file import write


def test_a_folder_is_searched_to_the_bottom(tmp_path: Path) -> None:
    """All records under a folder are read, with those that are named beside it."""
    records = many(5, 7)
    save(records[:4], tmp_path / "deep")
    write(records[4], tmp_path / "one.json")
    found = collect([tmp_path / "deep", tmp_path / "one.json"])
    assert {(r.adapter, r.path) for r in found.records} == {(r.adapter, r.path) for r in records}


def test_a_file_that_is_named_twice_is_read_once(tmp_path: Path) -> None:
    """A folder and a file in it are no duplicate, however the file is spelled."""
    save(many(2, 7), tmp_path)
    file = next(tmp_path.rglob("*.json"))
    again = file.parent / ".." / file.parent.name / file.name
    assert len(collect([tmp_path, file, file, again]).records) == 2


def test_the_same_column_twice_costs_the_second(tmp_path: Path) -> None:
    """Of two records of one path, version and device one is set aside; both files are named."""
    one = record([case({"y": passed()})])
    write(one, tmp_path / "a.json")
    write(one, tmp_path / "b.json")
    found = collect([tmp_path])
    assert found.records == (one,)
    (aside,) = found.aside
    assert aside.name == "b.json"
    assert "torch/functional 2.13.0 on cpu is in" in aside.why
    assert str(tmp_path / "a.json") in aside.why
    assert str(tmp_path / "b.json") in aside.why


def test_another_version_or_device_is_another_column(tmp_path: Path) -> None:
    """A column is a path at a version on a device."""
    cases = [case({"y": passed()})]
    for index, one in enumerate(
        [record(cases), record(cases, version="2.12.0"), record(cases, device="cuda: H200")]
    ):
        write(one, tmp_path / f"{index}.json")
    assert len(collect([tmp_path]).records) == 3


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (record([]), "cases is a list of 0 items and must contain at least 1"),
        (record([case({"y": passed()})] * 2), "'offset/1e4' is there twice"),
        (record([case({"y": replace(passed(), grade="D")})]), "grade is 'D' and must be one of"),
        (record([case({"y": failed("many")})]), "units is 'many' and must be number"),  # type: ignore[arg-type]
        (record([case({"y": failed(reason=3)})]), "reason is 3 and must be string"),  # type: ignore[arg-type]
        (record([replace(case({"y": passed()}), mode=None)]), "mode is null and must be one of"),  # type: ignore[arg-type]
        (
            replace(record([case({"y": passed()})]), versions=["2.13.0"]),  # type: ignore[arg-type]
            "versions is a list of 1 items and must be object",
        ),
        (record([case({"y": passed()})], device=7), "device is 7 and must be string"),  # type: ignore[arg-type]
    ],
)
def test_a_damaged_record_is_refused(tmp_path: Path, one: RunRecord, said: str) -> None:
    """What would mislead a reader is an error that names the file and the value."""
    write(one, tmp_path / "record.json")
    with pytest.raises(RecordError) as caught:
        collect([tmp_path])
    assert said in str(caught.value)
    assert "record.json" in str(caught.value)


def test_a_foreign_file_costs_itself_alone(tmp_path: Path) -> None:
    """A file that cannot be read is never passed over, since it may be a column."""
    save(many(1, 7), tmp_path)
    (tmp_path / "matrix.json").write_text('{"schema": "conformance/matrix/1"}', encoding="utf-8")
    found = collect([tmp_path])
    assert len(found.records) == 1
    assert [each.name for each in found.aside] == ["matrix.json"]
    assert "it has schema 'conformance/matrix/1'" in found.aside[0].why


def test_several_files_of_no_use_are_told_together(tmp_path: Path) -> None:
    """Where nothing can be used the error names the first files, and how many there are."""
    for name in "abcde":
        (tmp_path / f"{name}.json").write_text("[]", encoding="utf-8")
    with pytest.raises(RecordError, match=r"none of 5 files .*a\.json.*c\.json.* And 2 more"):
        collect([tmp_path])


def test_nothing_to_read_is_an_error(tmp_path: Path) -> None:
    """An empty folder, a missing one and no name at all are not an empty matrix."""
    with pytest.raises(RecordError, match="holds no"):
        collect([tmp_path])
    with pytest.raises(RecordError, match="does not exist"):
        collect([tmp_path / "absent"])
    with pytest.raises(RecordError, match="no run record"):
        collect([])
