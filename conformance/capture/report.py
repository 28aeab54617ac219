"""What was captured, in words and as JSON: what the framework gave, layer by layer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from conformance._version import __version__
from conformance.arrays import OUTPUT_NAMES
from conformance.capture.answers import Answered
from conformance.capture.seen import Left
from conformance.printable import cut, one_line, printable
from conformance.report.wording import account
from conformance.verdict.record import RED, OutputResult
from conformance.verdict.record_file import encode

SCHEMA = "conformance/capture/1"

_SHOWN = ("y", "dx", "dgamma", "dbeta", "running_mean", "running_var")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was captured.

    Attributes:
        about: The framework and its version.
        digest: That of the golden files; None before they are written.
        answers: The calls.
        left: What was left out, and why.
    """

    about: str
    digest: str | None
    answers: tuple[Answered, ...]
    left: tuple[Left, ...]

    @property
    def wrong(self) -> tuple[Answered, ...]:
        """The calls in which an output of the framework is wrong."""
        return tuple(a for a in self.answers if any(r.status in RED for r in a.results.values()))

    @property
    def verdict(self) -> str:
        """The line that a reader who reads one line must see."""
        outputs = [r for answer in self.answers for r in answer.results.values()]
        proven = sum(answer.proven for answer in self.answers)
        wrong = sum(r.status in RED for r in outputs)
        told = f"{wrong} WRONG" if wrong else "none wrong"
        return (
            f"captured {len(self.answers)} calls of {len({a.seen.layer for a in self.answers})} "
            f"layers, {proven:,} values proven; {len(outputs)} outputs of {self.about}: {told}"
        )

    def lines(self) -> Iterator[str]:
        """The report as plain lines: a table, what is wrong, and what was left out."""
        yield self.verdict
        if self.answers:
            yield from _table(self.answers)
        for answer in self.wrong:
            for name, result in answer.results.items():
                if result.status in RED:
                    yield f"{answer.case.id} {name}: {result.status}: {account(name, result)}"
        for answer in self.answers:
            yield from (f"note: {answer.case.id}: {one_line(n)}" for n in answer.seen.notes)
        for left in self.left:
            yield one_line(cut(printable(str(left)), 1000))

    def __str__(self) -> str:
        """The text that the command prints."""
        return "\n".join(self.lines())

    def to_json(self) -> str:
        """JSON of schema ``schemas/capture.json``."""
        payload: dict[str, Any] = {
            "schema": SCHEMA,
            "version": __version__,
            "framework": self.about,
            "digest": self.digest,
            "calls": [_call(answer) for answer in self.answers],
            "left": [asdict(left) for left in self.left],
        }
        return json.dumps(encode(payload), indent=1, allow_nan=False)


def _call(answer: Answered) -> dict[str, Any]:
    one, inputs = answer.seen, answer.case.inputs
    return {
        "case": answer.case.id,
        "layer": printable(one.layer),
        "step": one.step,
        "call": one.number,
        "shape": list(one.shape),
        "channels": None if one.kept is None else list(one.kept),
        "types": inputs.types,
        "mode": inputs.mode,
        "eps": inputs.eps,
        "momentum": inputs.momentum,
        "proven": answer.proven,
        "outputs": {name: asdict(result) for name, result in answer.results.items()},
        "notes": list(one.notes),
    }


def _table(answers: tuple[Answered, ...]) -> Iterator[str]:
    """Each call with the grade and the worst error of every output, in units."""
    names = [n for n in OUTPUT_NAMES if n in _SHOWN and any(n in a.results for a in answers)]
    rows = [["case", "x", "types", "mode", *names]]
    for answer in answers:
        inputs = answer.case.inputs
        shape = "x".join(map(str, inputs.x.shape))
        cells = [_cell(answer.results.get(name)) for name in names]
        rows.append([answer.case.id, shape, inputs.types, inputs.mode, *cells])
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _cell(result: OutputResult | None) -> str:
    if result is None:
        return "-"
    units = "" if result.units is None else f" {result.units:.3g}"
    return f"{result.grade}{units}" if result.grade else result.status.value
