"""Run records as files: written whole, found in folders, read with mistrust.

The JSON form is described by ``schemas/run-record.json``.  JSON has no NaN and no infinity:
such numbers are the strings ``"nan"``, ``"inf"`` and ``"-inf"``.
"""

from __future__ import annotations

import json
import marshal
import math
from collections.abc import Mapping
from dataclasses import asdict
from enum import Enum
from functools import lru_cache
from pathlib import Path
from typing import Any

from conformance import document_kinds, documents
from conformance.atomic import write_atomically
from conformance.errors import RecordError
from conformance.printable import cut, printable
from conformance.verdict import conventions, diagnosed, plausible
from conformance.verdict.record import CaseResult, OutputResult, RunRecord, Status, Worst

KIND = "run-record"
"""The kind of document that a record is, see `conformance.document_kinds`."""

_RESULT = "result"
"""The definition in its schema of what became of an output."""

_REMEMBERED = 1 << 14
"""How many results are remembered: those of the last few records, 15 MB."""

_SHORT = 1 << 10
"""How many bytes a result has that is remembered; most have 200."""


def write(record: RunRecord, file: Path) -> None:
    """Write `record` as JSON, whole or not at all.

    Text of frameworks is spelled `printable`: what reads it refuses control characters.
    """
    payload = {"schema": record.schema, **asdict(record)}
    write_atomically(file, _lines(_shown(encode(payload))))


def _lines(payload: dict[str, Any]) -> str:
    """JSON with a line for each case: with one for each value it takes three times as long."""
    cases = ",\n".join(json.dumps(case, allow_nan=False) for case in payload["cases"])
    rest = {name: value for name, value in payload.items() if name != "cases"}
    head = json.dumps(rest, indent=1, allow_nan=False).removesuffix("\n}")
    return f'{head},\n "cases": [\n{cases}\n ]\n}}\n'


def save(record: RunRecord, folder: Path) -> Path:
    """Write a record to its place in a folder of records."""
    file = folder / record.adapter / f"{record.path}.json"
    write(record, file)
    return file


def record_files(place: Path) -> list[Path]:
    """The files at `place`: itself, or what a folder holds of ``*.json``.

    Raises:
        RecordError: it is missing, or a folder that holds none.
    """
    if not place.exists():
        raise RecordError(
            f"{place} does not exist, a run record or a folder of them was wanted. "
            "Write one with: conformance run"
        )
    if not place.is_dir():
        return [place]
    found = sorted(place.rglob("*.json"))
    if not found:
        raise RecordError(
            f"folder {place} holds no *.json, run records were wanted. "
            "Write one with: conformance run"
        )
    return found


def read(file: Path, *, whole: bool = False) -> RunRecord:
    """Read one run record.

    Args:
        file: Where it is.
        whole: Refuse the record of a run that was stopped.

    Raises:
        RecordError: the file is missing, is no run record, says what cannot be so, or is partial.
    """
    record = _decode(documents.read(file, KIND, apart=_RESULT), str(file))
    fault = next(plausible.faults(record), None)
    if fault is not None:
        raise RecordError(
            f"{cut(str(file), 400)} is no usable run record: {fault}. "
            f"{document_kinds.KINDS[KIND].again}"
        )
    if whole:
        _require_whole(record, file)
    return record


def _require_whole(record: RunRecord, file: Path) -> None:
    """Refuse the record of a run that was stopped.

    Raises:
        RecordError: it is partial.
    """
    if record.partial:
        raise RecordError(
            f"{file} is PARTIAL: {record.partial}; the record of a whole run was wanted. "
            f"Run it again with: conformance run {record.adapter}/{record.path}"
        )


def encode(value: Any) -> Any:
    """The JSON form of a value: statuses as words, numbers that JSON lacks as strings."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {key: encode(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [encode(item) for item in value]
    return value


def _shown(value: Any) -> Any:
    """A JSON value with all of its text printable, and none longer than a reader takes."""
    if isinstance(value, str):
        return _spelled(value)
    if isinstance(value, Mapping):
        return {_shown(key): _shown(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_shown(item) for item in value]
    return value


@lru_cache(maxsize=_REMEMBERED)
def _spelled(value: str) -> str:
    text, most = printable(value), document_kinds.KINDS[KIND].text
    return text if len(text) <= most else f"...{text[3 - most :]}"  # the end says why


def _decode(payload: dict[str, Any], source: str) -> RunRecord:
    cases = []
    for number, case in enumerate(payload["cases"]):
        outputs = {
            name: _result(told, number, name, source) for name, told in case["outputs"].items()
        }
        cases.append(_case(case, outputs))
    diagnosis = tuple(diagnosed.decode(found) for found in payload.get("diagnosis", ()))
    told = {
        "cases": tuple(cases),
        "diagnosis": diagnosis,
        "conventions": conventions.decode(payload.get("conventions", {})),
    }
    return RunRecord(**{**payload, **told})


def _result(told: Any, number: int, name: str, source: str) -> OutputResult:
    """One result of the case of a number, held to the schema.

    Four of five results of different paths are equal to one that another path has: what was held
    to the schema once is known by its bytes, of which no two values have the same.
    """
    key = marshal.dumps(told, 2)  # of this version, since later ones write references
    try:
        return _known(key) if len(key) <= _SHORT else _held(key)
    except RecordError:  # said anew with the place, which equal results have not in common
        place = f"cases[{number}].outputs.{name}"
        documents.require_part(told, KIND, _RESULT, place, source)
        raise


def _held(key: bytes) -> OutputResult:
    told = marshal.loads(key)  # noqa: S302 - our own bytes, made a moment ago
    documents.require_part(told, KIND, _RESULT, "", "a result")
    return _decode_output(told)


_known = lru_cache(maxsize=_REMEMBERED)(_held)


def decode_case(payload: dict[str, Any]) -> CaseResult:
    """Undo ``encode(asdict(case_result))``."""
    return _case(payload, {name: _decode_output(out) for name, out in payload["outputs"].items()})


def _case(payload: dict[str, Any], outputs: Mapping[str, OutputResult]) -> CaseResult:
    edges = tuple(payload.get("edges", ()))
    return CaseResult(**{**payload, "outputs": outputs, "edges": edges})


def _decode_output(payload: dict[str, Any]) -> OutputResult:
    worst = payload["worst"]
    if worst is not None:
        worst = Worst(
            index=tuple(worst["index"]),
            actual=float(worst["actual"]),
            expected=float(worst["expected"]),
            bound=float(worst["bound"]),
        )
    told = {name: tuple(payload.get(name, ())) for name in ("edges", "known")}
    return OutputResult(**{**payload, **told, "status": Status(payload["status"]), "worst": worst})
