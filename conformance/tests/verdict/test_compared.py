"""Which outputs count as compared, and records that come back from a file or are refused."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.errors import RecordError
from conformance.tests.report.records import EVERY, case, passed, record
from conformance.verdict.diagnosed import Diagnosis
from conformance.verdict.record import CaseResult, OutputResult, Status, Worst, was_compared
from conformance.verdict.record_file import encode, read, record_files, save, write


@pytest.mark.parametrize(
    ("status", "grade", "compared"),
    [
        (Status.PASS, "A", True),
        (Status.DEGRADED, "C", True),
        (Status.FAIL, "F", True),
        (Status.UNEXPECTED_PASS, "A", True),
        (Status.EXPECTED_FAIL, "F", True),
        (Status.EXPECTED_FAIL, None, False),  # a crash that was expected
        (Status.PASS, None, True),
        (Status.ERROR, None, False),
        (Status.CRASH, None, False),
        (Status.TIMEOUT, None, False),
        (Status.UNSUPPORTED, None, False),
        (Status.NOT_RUN, None, False),
        (Status.FLAKY, "A", False),  # neither red nor green, whichever way it came out
        (Status.FLAKY, None, False),
    ],
)
def test_what_was_held_against_a_value_is_compared(
    status: Status, grade: str | None, *, compared: bool
) -> None:
    """An expected failure with a grade was compared; one without, and all that broke, was not."""
    assert was_compared(OutputResult(status=status, grade=grade)) is compared


def test_a_record_counts_what_it_holds() -> None:
    """What has a grade is compared, what was not run is not; one failure makes it red."""
    outputs = {
        "y": passed(), "dx": EVERY[Status.FAIL], "var": EVERY[Status.NOT_RUN],
        "mean": EVERY[Status.DEGRADED],
    }  # fmt: skip
    made = record([case(outputs), case({"y": passed()}, "a/b")])
    assert made.compared == 4
    assert made.red
    assert made.counts[Status.PASS] == 2
    assert not record([case({"y": EVERY[Status.DEGRADED]})]).red


def test_what_nobody_measured_took_no_time() -> None:
    """A case of which no time is told adds none to a sum."""
    one = CaseResult(
        case="a/b", group="a", mode="train", layout="NC", dtype="float32", outputs={}, repro="-"
    )
    assert one.seconds == 0.0
    assert one.status is Status.NOT_RUN


WORST = Worst(index=(1, 2), actual=-math.inf, expected=math.nan, bound=0.0)


def test_every_field_comes_back(tmp_path: Path) -> None:
    """Grade, units, bits, worst element, standard error, diagnosis: no file loses any."""
    result = OutputResult(
        status=Status.FAIL,
        grade="F",
        units=17.5,
        worst=WORST,
        reason="off",
        bits="0123456789abcdef",
    )
    diagnosis = Diagnosis(outputs=("y",), fault=None, title="dx = dy", matched=1, of=2, also=("f",))
    made = replace(
        record([case({"y": result}, stderr="killed")]),
        diagnosis=(diagnosis,),
        environment={"commit": "a"},
    )
    found = read(save(made, tmp_path))
    assert repr(found) == repr(made)  # by repr, since a NaN is not equal to itself
    assert found.diagnosis == (diagnosis,)
    assert save(made, tmp_path) == tmp_path / "torch" / "functional.json"


@pytest.mark.parametrize(
    ("value", "form"),
    [
        (Status.NOT_RUN, "not-run"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
        (math.nan, "nan"),
        (0.5, 0.5),
        ({"a": (1, [math.inf])}, {"a": [1, ["inf"]]}),
        (None, None),
        ("inf", "inf"),
    ],
)
def test_the_form_in_json(value: Any, form: Any) -> None:
    """Statuses are words, what JSON has no number for is a text, tuples are lists."""
    assert encode(value) == form


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("cases",), [3]),
        (("cases", 0, "outputs"), []),
        (("cases", 0, "outputs", "y"), 3),
        (("cases", 0, "outputs", "y", "worst", "bound"), "much"),
        (("cases", 0, "outputs", "y", "worst", "index"), None),
        (("cases", 0, "outputs", "y", "status"), 3),
        (("diagnosis",), [{"outputs": ["y"]}]),
    ],
)
def test_a_record_that_holds_something_else_is_refused(
    tmp_path: Path, where: tuple[str | int, ...], value: object
) -> None:
    """Whatever stands where something else is due, the file is named and what to do is said."""
    file = tmp_path / "r.json"
    write(record([case({"y": passed()})]), file)
    payload = json.loads(file.read_text(encoding="utf-8"))
    target: Any = payload
    for key in where[:-1]:
        target = target[key]
    target[where[-1]] = value
    file.write_text(json.dumps(payload), encoding="utf-8")
    with pytest.raises(RecordError, match=r"r\.json is no usable .* Write it again"):
        read(file)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """Bytes that are no UTF-8 are no record."""
    file = tmp_path / "r.json"
    file.write_bytes(b'{"schema": "\xff"}')
    with pytest.raises(RecordError, match="is no usable run record: byte 12 is no UTF-8"):
        read(file)


def test_records_are_found_in_folders_of_folders(tmp_path: Path) -> None:
    """A file is itself, a folder all its JSON files in their order; nothing is an error."""
    for name in ("b/z.json", "a/y.json", "a/note.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert record_files(tmp_path) == [tmp_path / "a/y.json", tmp_path / "b/z.json"]
    assert record_files(tmp_path / "a/note.txt") == [tmp_path / "a/note.txt"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(RecordError, match=r"holds no \*\.json, run records were wanted"):
        record_files(tmp_path / "empty")
    with pytest.raises(RecordError, match="does not exist, a run record or a folder"):
        record_files(tmp_path / "absent")
