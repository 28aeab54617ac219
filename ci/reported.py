"""What a check says of kernels with the faults of reports: docs/reported.md, written anew.

    tox run -e reported                 all, two at a time
    tox run -e reported -- paddle-32464 some, told and not written

Each kernel of conformance/tests/faults/reports is written to a file and given to
``conformance check`` as a person gives his own.

exit status: 0 every kernel got the verdict and the names that reports.toml claims; 1 one did not
"""

# ruff: noqa: T201 - a command prints
from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from columns import ROOT

from conformance.tests.faults.reports import Report, reports

DOCUMENT = ROOT / "docs" / "reported.md"
OF_THE_LAYER = frozenset({"overflowing-sums"})
"""Where layer.txt itself differs, as every sum of squares in float32 does."""

_TERMS = "no known fault; "
"""What stands before the terms of an output, or that they are the right ones."""

_HEAD = """# Faults that people met, and what a check says of them

Kernels with the faults of public reports, of code that was read, and of an adversary who tried to
pass. Each is a plain numpy kernel with the fault and nothing else wrong, written anew
(`conformance/tests/faults/reports`), and is checked as a stranger's is. `tox run -e reported`
writes this page, and fails where a verdict or a name is not the one that is claimed.
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a check said of one kernel.

    Attributes:
        report: The kernel.
        verdict: The verdict in words.
        conforms: Whether it conforms.
        named: Faults of the dictionary that the diagnosis names.
        edges: Edges at which it differs.
        told: What is said of its quality.
        formula: The terms of an output for which no fault was found; empty if there are none.
        beyond: Whether the call of the large tier rejects it that is claimed to.
        kept: Whether a call is answered wrongly that is right where nothing came before it.
    """

    report: Report
    verdict: str
    conforms: bool
    named: frozenset[str]
    edges: frozenset[str]
    told: frozenset[str]
    formula: str
    kept: bool
    beyond: bool = False

    @property
    def is_due(self) -> bool:
        """Whether verdict, names and edges are those that are claimed."""
        report = self.report
        if report.by_chance and not self.conforms:
            return True
        conforms = bool(report.passes or report.edges or report.told)
        edges = self.edges - (OF_THE_LAYER - {*report.edges})
        edges = edges if conforms else frozenset()  # of a wrong kernel they say little
        due = (conforms, frozenset(report.named), frozenset(report.edges))
        if (self.conforms, self.named, edges) != due or self.beyond != bool(report.large):
            return False
        # What is told of quality is measured by chance: more of it may be.
        return bool(self.told) == bool(report.told) and self.told >= frozenset(report.told)


def main(argv: Sequence[str] | None = None) -> int:
    """Check the kernels and write the page."""
    parser = argparse.ArgumentParser(
        prog="reported", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    known = {report.id: report for report in reports()}
    parser.add_argument("ids", nargs="*", metavar="ID", help="all if none is named")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    args = parser.parse_args(argv)
    if unknown := sorted(set(args.ids) - set(known)):
        parser.error(f"no kernel {', '.join(unknown)}; there are {', '.join(known)}")
    chosen = [known[each] for each in args.ids or known]
    lacking = sorted({each.needs for each in chosen if each.needs and not find_spec(each.needs)})
    if lacking:
        parser.error(f"{', '.join(lacking)} is not installed: tox run -e reported installs it")
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(args.jobs) as several:
        answers = [_told(each) for each in several.map(lambda r: _asked(r, folder), chosen)]
    if not args.ids:
        DOCUMENT.write_text(_page(answers), encoding="utf-8")
    return 0 if all(each.is_due for each in answers) else 1


def _asked(report: Report, folder: str) -> Answer:
    """Check one kernel, in a process of its own; and on the large call that it names."""
    Path(folder, f"{report.id}.py").write_text(report.kernel(), encoding="utf-8")
    found = _checked(report, folder)
    if not report.large:
        return _answer(report, found)
    asked = _checked(report, folder, "--tier", "large", "--case", report.large)
    (case,) = (case for case in asked["cases"] if case["case"] == report.large)
    beyond = any(output["status"] == "fail" for output in case["outputs"].values())
    return replace(_answer(report, found), beyond=beyond)


def _checked(report: Report, folder: str, *options: str) -> dict[str, Any]:
    """The report of a check, from the kernel's file."""
    out = Path(folder, f"{report.id}{len(options)}.json")
    command = [sys.executable, "-m", "conformance", "check", f"{report.id}.py:{report.name}"]
    command += ["--quiet", "--out", out.name, *options]
    done = subprocess.run(  # noqa: S603 - our own command, with names of our own file
        command, cwd=folder, capture_output=True, text=True, check=False
    )
    if not out.is_file():
        raise SystemExit(f"reported: {report.id}: {done.stderr}")
    found: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return found


def _answer(report: Report, found: dict[str, Any]) -> Answer:
    """What matters of a report's JSON."""
    named = {name for each in found["diagnosis"] for name in _faults(each)}
    edges = {name for name, edge in found["edges"].items() if edge["state"] == "differs"}
    verdict, *_ = found["verdict"].split(f": {report.id}.py")
    batteries = (found["quality"] or {"batteries": []})["batteries"]
    told = {word for battery in batteries for word in _qualities(battery)}
    terms = [each["sentence"] for each in found["diagnosis"] if _TERMS in each["sentence"]]
    return Answer(
        report,
        verdict,
        found["conforms"],
        frozenset(named),
        frozenset(edges),
        frozenset(told),
        _formula(terms[0]) if terms else "",
        any(each["wrong"] and each["alone"] == "right" for each in found["state"]["found"]),
    )


def _formula(sentence: str) -> str:
    """The terms that a diagnosis gives to an output, or that they are the right ones."""
    said = sentence.partition(_TERMS)[2].rpartition(", on")[0]
    return said.removeprefix("it is ")


def _qualities(battery: dict[str, Any]) -> Iterable[str]:
    """What is told of a kernel that fails nothing, in one combination of types."""
    yield from (f"{each['output']} biased" for each in battery["biased"])
    yield from (f"{each['output']} loses bits" for each in battery["bits"] if each["beyond"])
    yield from (f"{output} not rounded once" for output in battery["rounded_again"])


def _faults(diagnosis: dict[str, Any]) -> set[str]:
    """What an explanation names, itself and what it goes with."""
    return {name for name in (diagnosis["fault"], *diagnosis["together"]) if name}


def _told(answer: Answer) -> Answer:
    """Say it at once: a run of all takes minutes."""
    due = "as due" if answer.is_due else "NOT AS DUE"
    print(f"{answer.report.id}: {answer.verdict}; {_names(answer)}; {due}", flush=True)
    return answer


def _names(answer: Answer) -> str:
    """What it was called."""
    if answer.report.passes and answer.conforms:
        beyond = f"; `--tier large` rejects it on `{answer.report.large}`" * answer.beyond
        return f"not seen: {answer.report.passes}{beyond}"
    if answer.named:
        return ", ".join(f"`{name}`" for name in sorted(answer.named))
    if answer.kept:
        return "state: what is right in a call alone is wrong after others"
    return ", ".join(sorted(answer.told)) or answer.formula or "no name"


def _page(answers: Iterable[Answer]) -> str:
    """The document: counts, and a row for each kernel."""
    answers = list(answers)
    seen = [a for a in answers if not a.conforms]
    beside = [a for a in answers if a.conforms and not a.report.passes]
    named = sum(bool(a.named) for a in seen)
    kept = sum(a.kept and not a.named for a in seen)
    counts = (
        f"Of {len(answers)} kernels {len(seen)} are rejected, {named} of them by name "
        f"and {kept} for what they keep from call to call; "
        f"{len(beside)} conform and are told by an edge or by their quality; "
        f"{len(answers) - len(seen) - len(beside)} pass, each with what no stored case has, "
        f"{sum(a.beyond for a in answers)} of which `--tier large` rejects.\n"
    )
    rows = [
        f"| {_link(a.report)} | {a.report.fault} | {a.verdict} | {_names(a)} |" for a in answers
    ]
    table = ["| kernel | fault | verdict | called |", "|---|---|---|---|", *rows]
    return "\n".join([_HEAD, counts, *table, ""])


def _link(report: Report) -> str:
    """Its name, with the address of the report."""
    linked = report.source.startswith("https://")
    return f"[{report.id}]({report.source})" if linked else report.id


if __name__ == "__main__":
    raise SystemExit(main())
