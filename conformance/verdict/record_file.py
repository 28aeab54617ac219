"""Run records as files: written whole, found in folders, read with mistrust.

The JSON form is described by ``schemas/run-record.json``.  JSON has no NaN and no infinity:
such numbers are the strings ``"nan"``, ``"inf"`` and ``"-inf"``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from enum import Enum
from pathlib import Path
from typing import Any

from conformance.atomic import write_atomically
from conformance.documents import read_json
from conformance.errors import RecordError
from conformance.verdict import diagnosed
from conformance.verdict.record import SCHEMA, CaseResult, OutputResult, RunRecord, Status, Worst


def write(record: RunRecord, file: Path) -> None:
    """Write `record` as JSON, whole or not at all."""
    payload = {"schema": record.schema, **asdict(record)}
    text = json.dumps(encode(payload), indent=1, allow_nan=False)
    write_atomically(file, text + "\n")


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


def read(file: Path) -> RunRecord:
    """Read one run record.

    Raises:
        RecordError: the file is missing, is no JSON, or is not of schema `SCHEMA`.
    """
    try:
        payload = read_json(file)
    except ValueError as error:
        raise RecordError(
            f"{file} is not a readable run record: {error}. Write it again with: conformance run"
        ) from error
    found = payload.get("schema") if isinstance(payload, dict) else type(payload).__name__
    if found != SCHEMA:
        raise RecordError(
            f"{file} has schema {found!r}, {SCHEMA!r} was wanted. "
            "Write it again with the conformance version that reads it."
        )
    try:
        return _decode(payload)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RecordError(
            f"{file} does not keep schema {SCHEMA!r}: {error!r}. "
            "Write it again with: conformance run"
        ) from error


def require_whole(record: RunRecord, file: Path) -> None:
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


def _decode(payload: dict[str, Any]) -> RunRecord:
    cases = tuple(decode_case(case) for case in payload["cases"])
    diagnosis = tuple(diagnosed.decode(found) for found in payload.get("diagnosis", ()))
    return RunRecord(**{**payload, "cases": cases, "diagnosis": diagnosis})


def decode_case(payload: dict[str, Any]) -> CaseResult:
    """Undo ``encode(asdict(case_result))``."""
    outputs = {name: _decode_output(out) for name, out in payload["outputs"].items()}
    return CaseResult(**{**payload, "outputs": outputs})


def _decode_output(payload: dict[str, Any]) -> OutputResult:
    worst = payload["worst"]
    if worst is not None:
        worst = Worst(
            index=tuple(worst["index"]),
            actual=float(worst["actual"]),
            expected=float(worst["expected"]),
            bound=float(worst["bound"]),
        )
    return OutputResult(**{**payload, "status": Status(payload["status"]), "worst": worst})
