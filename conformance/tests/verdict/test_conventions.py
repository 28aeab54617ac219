"""Tests of conventions as a record keeps them, and of what differs from a declaration."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from conformance.case import Dialect
from conformance.errors import RecordError
from conformance.tests.hostile_records import drop, good, payload, put
from conformance.verdict.conventions import TITLES, Convention, differences
from conformance.verdict.record_file import read, write

FOUND = {
    "momentum": Convention(found="old", seen="the running mean moves by it"),
    "eps": Convention(found=None, seen="y is not returned"),
    "running_var": Convention(found="biased"),
    "mask": Convention(found="takes none"),
}


def test_conventions_survive_the_file(tmp_path: Path) -> None:
    """What was found, and what was not, reads back as it was written."""
    made = replace(good(), conventions=FOUND)
    write(made, tmp_path / "record.json")
    assert read(tmp_path / "record.json").conventions == FOUND


def test_an_older_record_has_none(tmp_path: Path) -> None:
    """A record from before conventions were measured is read, and tells of none."""
    told = drop(("conventions",))(payload(good()))
    assert isinstance(told, dict)
    (tmp_path / "record.json").write_text(json.dumps(told))
    assert read(tmp_path / "record.json").conventions == {}


def test_the_schema_knows_every_convention() -> None:
    """The schema names those that are measured, and no other."""
    file = Path(__file__).parents[2] / "schemas" / "run-record.json"
    schema = json.loads(file.read_text(encoding="utf-8"))
    assert list(schema["properties"]["conventions"]["properties"]) == list(TITLES)


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ((), ["eps"]),
        (("taste",), {"found": "sweet", "seen": ""}),
        (("eps",), "inside"),
        (("eps",), {"found": "inside"}),
        (("eps", "found"), "somewhere"),
        (("momentum", "found"), "both"),
        (("running_var", "found"), ["biased"]),
        (("mask", "found"), "x" * 301),
        (("mask", "found"), "takes\none"),
        (("mask", "found"), "<b>\x1b[31m"),
        (("mask", "found"), 3),
        (("mask", "seen"), None),
        (("mask", "seen"), "x" * 1001),
        (("mask", "more"), 1),
    ],
)
def test_conventions_that_are_none_are_refused(
    tmp_path: Path, where: tuple[str, ...], value: Any
) -> None:
    """Other names, words of their own, long or drawing ones make a record that nobody reads."""
    told = put(("conventions", *where), value)(payload(replace(good(), conventions=FOUND)))
    (tmp_path / "record.json").write_text(json.dumps(told))
    with pytest.raises(RecordError, match="is no usable run record"):
        read(tmp_path / "record.json")


def test_only_what_contradicts_differs() -> None:
    """What was not measured, or agrees, is no difference, and keeping nothing weights nothing."""
    dialect = asdict(Dialect(eps="outside", momentum="new"))
    assert list(differences(dialect, {})) == []
    assert list(differences(dialect, {"eps": Convention(found=None, seen="no y")})) == []
    assert list(differences(dialect, {"momentum": Convention(found="none", seen="none")})) == []
    (told,) = differences(dialect, {"eps": Convention(found="inside", seen="y divides")})
    assert told == "eps is declared 'outside' and measured 'inside': y divides"
