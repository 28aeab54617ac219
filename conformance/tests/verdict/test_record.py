"""Tests of the run record and of its schema."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # no stubs

import conformance
from conformance import document_kinds
from conformance.errors import OutputError, RecordError
from conformance.tests.report.records import EVERY, case, every_status, failed, many, passed, record
from conformance.verdict.record import (
    COMPARED,
    HELD,
    RED,
    SEVERITY,
    OutputResult,
    Status,
    came_out,
    fails_anew,
    first,
    is_wrong,
)
from conformance.verdict.record_file import KIND, read, write

SCHEMA = Path(conformance.__file__).parent / "schemas" / "run-record.json"


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    """The schema of the run record, itself checked."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.fixture
def payload(tmp_path: Path) -> dict[str, Any]:
    """The JSON of a record in which every status occurs."""
    write(every_status(), tmp_path / "record.json")
    parsed = json.loads((tmp_path / "record.json").read_text(encoding="utf-8"))
    assert isinstance(parsed, dict)
    return parsed


def test_a_record_reads_back_as_it_was_written(tmp_path: Path) -> None:
    """Every field survives the file, and what was finite or infinite stays so."""
    extreme = failed(None, actual=math.inf, reason="one line\nand another")
    original = record([case({"y": extreme, "dx": passed()})])
    write(original, tmp_path / "folder" / "record.json")
    assert read(tmp_path / "folder" / "record.json") == original


@pytest.mark.parametrize(("bound", "kept"), [(5e-318, True), (1e-300, False)])
def test_more_units_than_a_float_holds_are_believed(
    tmp_path: Path, bound: float, kept: bool
) -> None:
    """No figure is told of an error that a float64 cannot count in units, and of no other."""
    one = failed(None, actual=-85.6)
    assert one.worst is not None
    huge = replace(one, worst=replace(one.worst, bound=bound))
    original = record([case({"y": huge})])
    write(original, tmp_path / "record.json")
    if kept:
        assert read(tmp_path / "record.json") == original
        return
    with pytest.raises(RecordError, match="no figure for its error"):
        read(tmp_path / "record.json")


def test_nan_survives_as_a_string(tmp_path: Path) -> None:
    """A NaN is the string "nan" in the file, which strict parsers read, and NaN again after."""
    file = tmp_path / "record.json"
    write(record([case({"y": failed(None, actual=math.nan)})]), file)

    def refuse(constant: str) -> None:
        pytest.fail(f"{constant} is no JSON")

    stored = json.loads(file.read_text(encoding="utf-8"), parse_constant=refuse)
    assert stored["cases"][0]["outputs"]["y"]["worst"]["actual"] == "nan"
    worst = read(file).cases[0].outputs["y"].worst
    assert worst is not None
    assert math.isnan(worst.actual)


def test_a_failed_write_leaves_the_old_record(tmp_path: Path) -> None:
    """A record that has no JSON form leaves the old file whole."""
    file = tmp_path / "record.json"
    write(every_status(), file)
    before = file.read_bytes()
    broken = record([case({"y": passed()})], version=object())  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        write(broken, file)
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


def test_a_failed_replacement_leaves_no_temporary_file(tmp_path: Path) -> None:
    """Where the file cannot be put in its place, nothing half-made stays beside it."""
    place = tmp_path / "record.json"
    place.mkdir()
    with pytest.raises(OutputError, match=r"record\.json"):
        write(every_status(), place)
    assert list(tmp_path.iterdir()) == [place]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is no usable run record"),
        ("[]", "schema a list of 0 items"),
        (
            '{"schema": "conformance/run-record/0"}',
            "schema 'conformance/run-record/0'",
        ),
        ('{"schema": "conformance/run-record/1"}', "must contain ["),
        ('{"schema": "conformance/run-record/1", "cases": 3}', "must contain ["),
        (
            '{"schema": "conformance/run-record/1", "cases": [], "more": 1}',
            "must contain [",
        ),
    ],
)
def test_what_is_no_record_is_refused(tmp_path: Path, content: str, said: str) -> None:
    """The error names the file, what was found, and how to get a good one."""
    file = tmp_path / "record.json"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(RecordError) as caught:
        read(file)
    assert str(file) in str(caught.value)
    assert said in str(caught.value)
    assert "Write it again" in str(caught.value)


def test_a_missing_record_is_a_record_error(tmp_path: Path) -> None:
    """A file that is not there is reported in the package's own terms."""
    with pytest.raises(RecordError, match="is no usable run record: No such file"):
        read(tmp_path / "absent.json")


def test_an_unknown_status_is_refused(tmp_path: Path, payload: dict[str, Any]) -> None:
    """A status that is not one of the eleven never enters a report."""
    payload["cases"][0]["outputs"]["y"]["status"] = "passed"
    file = tmp_path / "record.json"
    file.write_text(json.dumps(payload), encoding="utf-8")
    with pytest.raises(RecordError, match="'passed' and must be one of"):
        read(file)


def test_every_status_has_one_place_in_the_order_of_severity() -> None:
    """No status is left out of a summary, and red ones come before all others."""
    assert sorted(SEVERITY) == sorted(Status)
    assert set(SEVERITY[: len(RED)]) == RED


def test_what_was_not_compared_never_hides_what_was() -> None:
    """Unsupported and not-run come last, and nothing at all is not-run."""
    assert set(SEVERITY[-2:]) == {Status.UNSUPPORTED, Status.NOT_RUN}
    assert not COMPARED & {Status.UNSUPPORTED, Status.NOT_RUN}
    assert first([]) is Status.NOT_RUN
    assert first([Status.NOT_RUN, Status.PASS, Status.FAIL]) is Status.FAIL


@pytest.mark.parametrize("status", Status)
def test_a_record_is_red_only_by_red_statuses(status: Status) -> None:
    """An expected failure and an output that is not supported do not make a run fail."""
    one = record([case({"y": EVERY[status], "dx": passed()})])
    assert one.red is (status in RED)
    assert one.cases[0].status is first([status, Status.PASS])


def test_counts_add_up_to_the_due_outputs() -> None:
    """Every due output is counted once."""
    one = many(1, 40)[0]
    assert sum(one.counts.values()) == sum(len(c.outputs) for c in one.cases)


def test_the_schema_takes_every_status(
    validator: Draft202012Validator, payload: dict[str, Any]
) -> None:
    """What `write` makes of any status is valid."""
    assert {c["outputs"]["y"]["status"] for c in payload["cases"]} == set(Status)
    validator.validate(payload)


def test_the_schema_takes_realistic_records(
    validator: Draft202012Validator, tmp_path: Path
) -> None:
    """Layouts, types, crashes and nasty text of many paths are valid."""
    for index, each in enumerate(many(8, 60)):
        file = tmp_path / f"{index}.json"
        write(each, file)
        validator.validate(json.loads(file.read_text(encoding="utf-8")))


_CASE = ("cases", 0)
_RESULT = ("cases", 0, "outputs", "y")
_WORST = (*_RESULT, "worst")


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("extra",), 1),
        (("schema",), "conformance/run-record/2"),
        (("versions",), {}),
        (("started",), "yesterday"),
        (("cases",), []),
        (("dialect", "eps"), "somewhere"),
        (("catalogue", "cases"), "many"),
        ((*_CASE, "mode"), "eval"),
        ((*_CASE, "layout"), "HWCN"),
        ((*_CASE, "dtype"), "int8"),
        ((*_CASE, "seconds"), -1),
        ((*_CASE, "outputs"), {}),
        ((*_CASE, "outputs", "logits"), {}),
        ((*_CASE, "extra"), 1),
        ((*_RESULT, "extra"), 1),
        ((*_RESULT, "status"), "passed"),
        ((*_RESULT, "status"), "unsupported"),
        ((*_RESULT, "grade"), "D"),
        ((*_RESULT, "grade"), "F"),
        ((*_RESULT, "units"), "inf"),
        ((*_WORST, "index"), [0.5]),
        ((*_WORST, "actual"), "NaN"),
        ((*_WORST, "bound"), None),
        ((*_WORST, "extra"), 1),
    ],
)
def test_the_schema_refuses_what_is_no_record(
    validator: Draft202012Validator,
    payload: dict[str, Any],
    where: tuple[str | int, ...],
    value: object,
) -> None:
    """Another key, status, grade, number or shape is invalid; the first case is a pass."""
    assert payload["cases"][0]["outputs"]["y"]["status"] == "pass"
    target: Any = payload
    for key in where[:-1]:
        target = target[key]
    target[where[-1]] = value
    assert not validator.is_valid(payload)


@pytest.mark.parametrize(
    "status", [Status.UNSUPPORTED, Status.NOT_RUN, Status.CRASH, Status.EXPECTED_FAIL]
)
def test_the_schema_wants_a_reason(
    validator: Draft202012Validator, payload: dict[str, Any], status: Status
) -> None:
    """Nobody can leave an output out, or expect it to fail, without saying why."""
    outputs = [c["outputs"]["y"] for c in payload["cases"]]
    result = next(out for out in outputs if out["status"] == status)
    result["reason"] = None
    assert not validator.is_valid(payload)


def test_what_was_held_is_all_but_what_was_left_out_or_comes_and_goes() -> None:
    """An output counts as held against its value though it crashed first."""
    assert set(Status) - HELD == {Status.UNSUPPORTED, Status.NOT_RUN, Status.FLAKY}


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("grade", ["A", "B", "C", "F", None])
def test_only_what_is_flaky_comes_out_and_only_with_a_grade(
    status: Status, grade: str | None
) -> None:
    """Flaky and graded A, B or C this time."""
    wanted = status is Status.FLAKY and grade in {"A", "B", "C"}
    assert came_out(OutputResult(status=status, grade=grade)) is wanted


@pytest.mark.parametrize("status", Status)
def test_what_is_red_at_no_edge_is_wrong(status: Status) -> None:
    """An edge that explains all of it takes a red status out of the values."""
    assert is_wrong(OutputResult(status=status)) is (status in RED)
    assert is_wrong(OutputResult(status=status, edges=("empty-batch",))) is False


@pytest.mark.parametrize("status", Status)
def test_an_unexpected_pass_is_no_failure_with_other_values(status: Status) -> None:
    """What fails anew is wrong, and did not pass where a list of known failures says otherwise."""
    wanted = status in {Status.FAIL, Status.ERROR, Status.CRASH, Status.TIMEOUT}
    assert fails_anew(OutputResult(status=status)) is wanted
    assert fails_anew(OutputResult(status=status, edges=("empty-batch",))) is False


def test_a_stopped_run_is_no_whole_record(tmp_path: Path) -> None:
    """It is read where a part will do, and refused where the whole is wanted."""
    file, whole = tmp_path / "part.json", tmp_path / "whole.json"
    write(replace(record([case({"y": passed()})]), partial="Ctrl-C"), file)
    write(record([case({"y": passed()})]), whole)
    assert read(file).partial == "Ctrl-C"
    with pytest.raises(RecordError, match=r"is PARTIAL: Ctrl-C; .*Run it again with: conformance"):
        read(file, whole=True)
    assert read(whole, whole=True) == read(whole)


def test_a_reason_is_kept_to_the_length_that_a_reader_takes(tmp_path: Path) -> None:
    """As long as may be it is kept; one longer loses its beginning, since the end says why."""
    most, file = document_kinds.KINDS[KIND].text, tmp_path / "record.json"
    for length, wanted in ((most, "a" * (most - 1) + "z"), (most + 1, f"...{'a' * (most - 4)}z")):
        reason = "a" * (length - 1) + "z"
        write(record([case({"y": failed(20.0, reason=reason)})]), file)
        assert read(file).cases[0].outputs["y"].reason == wanted


def test_an_error_beyond_all_figures_is_read(tmp_path: Path) -> None:
    """What is off by more units than a float holds has no figure, and its record is read."""
    far = failed(None, actual=1e200)
    assert far.worst is not None
    tiny = replace(far, worst=replace(far.worst, expected=0.0, bound=1e-200))
    write(record([case({"y": tiny})]), tmp_path / "record.json")
    assert read(tmp_path / "record.json").cases[0].outputs["y"] == tiny
