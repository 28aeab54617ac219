"""How known failures fail: recorded once, so that an expected failure cannot become any other one.

``adapters/<name>/sizes.json`` has a word for every output that an entry of ``expectations.toml``
matches and that failed when it was written:

    1.2e+03             its largest error in units (three digits)
    not finite          NaN or an infinity came back, or was due
    form                another shape or type than was due
    edge                it differs at an edge alone
    error TypeError     the call raised that
    crash, timeout

What fails in another way than is recorded, or with an error more than `SLACK` times as large, is no
expected failure.  Other orders of summation move the error of a lossy algorithm as they move that
of an honest one, from less than one unit up to the limit of grade A: hence that factor.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeAlias

from conformance import documents
from conformance.atomic import write_atomically
from conformance.case import LIMIT
from conformance.verdict.record import OutputResult, Status

NAME = "sizes.json"
SCHEMA = "conformance/known-sizes/1"

SLACK = LIMIT
"""How many times as large as recorded an error may be."""

Sizes: TypeAlias = Mapping[tuple[str, str, str], str]
"""Path, case and output to how it fails."""


def way(result: OutputResult) -> str:
    """How an output fails, in the words of the module's text."""
    if result.edges:
        return "edge"
    if result.status is Status.ERROR:
        return f"error {(result.reason or '').partition(':')[0][:80]}".strip()
    if result.status is not Status.FAIL:
        return result.status.value
    if result.worst is None:
        return "form"
    finite = all(map(math.isfinite, (result.worst.actual, result.worst.expected)))
    return f"{result.units:.2e}" if finite and result.units is not None else "not finite"


def is_as_recorded(recorded: str, now: str) -> bool:
    """Whether an output fails in the way that was recorded."""
    size, other = _number(recorded), _number(now)
    if size is None or other is None:
        return recorded == now
    return other <= SLACK * size


def _number(word: str) -> float | None:
    try:
        return float(word)
    except ValueError:
        return None


def read(file: Path) -> Sizes:
    """What a file records; nothing where there is none.

    Raises:
        ExpectationError: it is no such file.
    """
    if not file.exists():
        return {}
    said = documents.read(file, "known-sizes")
    return {
        (path, case, output): word
        for path, cases in said["sizes"].items()
        for case, outputs in cases.items()
        for output, word in outputs.items()
    }


def write(sizes: Sizes, file: Path) -> None:
    """Write a file, a line for every case of a path: whole or not at all."""
    paths: dict[str, dict[str, dict[str, str]]] = {}
    for (path, case, output), word in sorted(sizes.items()):
        paths.setdefault(path, {}).setdefault(case, {})[output] = word
    write_atomically(file, _text(paths))


def _text(paths: Mapping[str, Mapping[str, Mapping[str, str]]]) -> str:
    blocks = [f"  {json.dumps(path)}: {{\n{_lines(cases)}\n  }}" for path, cases in paths.items()]
    inner = ",\n".join(blocks)
    return f'{{\n "schema": {json.dumps(SCHEMA)},\n "sizes": {{\n{inner}\n }}\n}}\n'


def _lines(cases: Mapping[str, Mapping[str, str]]) -> str:
    return ",\n".join(f"   {json.dumps(c)}: {json.dumps(o)}" for c, o in cases.items())


def renewed(old: Sizes, ran: Sizes, paths: Iterable[str]) -> Sizes:
    """The sizes after a run: those of its paths anew, those of others as they were."""
    known = frozenset(paths)
    return {**{key: word for key, word in old.items() if key[0] not in known}, **ran}
