"""``conformance report-bug``: one failure of a framework, as a bug report for its maintainers."""

# ruff: noqa: T201 - a command prints
from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from conformance import adapter
from conformance.arrays import OUTPUT_NAMES
from conformance.atomic import require_writable, write_atomically
from conformance.case import Case
from conformance.cases import golden
from conformance.commands.arguments import LONGEST, number, seconds
from conformance.commands.exits import CONFORMS, DOES_NOT, TOLD
from conformance.errors import AdapterError, SelectionError
from conformance.harness import run as runner
from conformance.harness.answer import Answer
from conformance.harness.judging import judged
from conformance.harness.run import Column
from conformance.harness.session import CASE_SECONDS, Session
from conformance.report.bugs.choosing import convincing
from conformance.report.bugs.failure import Failure, failures
from conformance.report.bugs.likeness import PLAIN
from conformance.report.bugs.shrinking import SECONDS, Asking, shrink
from conformance.report.bugs.writing import Bug, markdown
from conformance.verdict import record_file
from conformance.verdict.known import expectations
from conformance.verdict.record import OutputResult
from conformance.verdict.ruler import Ruler

_ABOUT = """\
Write a failure of a framework as a bug report in Markdown: a program in the framework's own terms
with a few numbers, what it prints, what is exact, and why no rounding explains the difference.

The inputs of the case are made smaller as long as the path still fails on them as it did and
correct algorithms do not. Without CASE the failure that shows best is taken from the last run.
"""

_EXAMPLE = f"""\
example:
  conformance report-bug torch/functional half/squares-overflow
  conformance run torch && conformance report-bug torch/functional --cause half-statistics
  conformance report-bug jax/linen offset/rows-float32-1000 --output running_var --out bug.md

exit status: 0 written, 1 the case does not fail on that path,
{TOLD}
"""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``report-bug`` to the command line."""
    parser = subparsers.add_parser(
        "report-bug",
        help="write a failure as a bug report for the framework",
        description=_ABOUT,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("path", metavar="ADAPTER/PATH", help="such as torch/functional")
    parser.add_argument(
        "case",
        metavar="CASE",
        nargs="?",
        help="id of a case, such as half/squares-overflow (default: the one that shows best)",
    )
    parser.add_argument(
        "--cause", metavar="NAME", help="without CASE: what it is to be known to fail for"
    )
    parser.add_argument(
        "--records",
        type=Path,
        default=Path("records"),
        metavar="DIR",
        help="without CASE: the records of the last run (default: records)",
    )
    parser.add_argument(
        "--output", choices=OUTPUT_NAMES, help="which output (default: the one that shows best)"
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="where to write (default: print)")
    parser.add_argument(
        "--seconds",
        type=number("seconds", 0, most=LONGEST),
        default=SECONDS,
        help=f"how long to look for smaller inputs (default: {SECONDS:g})",
    )
    parser.add_argument(
        "--timeout",
        type=seconds,
        default=CASE_SECONDS,
        metavar="SECONDS",
        help=f"how long one call may take (default: {CASE_SECONDS:g})",
    )
    parser.set_defaults(run=run)


class _NothingToReportError(Exception):
    """The case does not fail on that path."""


def run(args: argparse.Namespace) -> int:
    """Run ``report-bug``; returns the exit status."""
    if args.out is not None:
        require_writable(args.out)
    try:
        text = _report(args)
    except _NothingToReportError as nothing:
        print(f"conformance report-bug: nothing to report: {nothing}", file=sys.stderr)
        return DOES_NOT
    if args.out is not None:
        write_atomically(args.out, text)
    print(f"wrote {args.out}" if args.out is not None else text, end="\n" if args.out else "")
    return CONFORMS


def _report(args: argparse.Namespace) -> str:
    source, path = adapter.split(args.path)
    home = adapter.home(source)
    if path is None:
        raise SelectionError(
            f"{args.path!r} names an adapter, one of its paths was wanted. Write "
            f"{args.path}/PATH; its paths are shown by: conformance list paths {source}"
        )
    if args.case is not None and args.cause is not None:
        raise SelectionError(
            f"a case and --cause {args.cause!r} were given, one of them was wanted. "
            "Leave CASE out: the one that shows the cause best is taken."
        )
    (column,) = runner.columns(args.path)
    name, output = (args.case, args.output) if args.case is not None else _chosen(args, column)
    (case,) = golden.load([name])
    with Session(source, case_seconds=args.timeout) as session:
        if not session.describe()["reproduces"]:
            raise AdapterError(_nobody(source, column, case))
        first = _failure(session, column, case, output)
        ask = Asking(session, column.path, column.dialect, first.output)
        small = shrink(ask, first, seconds=args.seconds)
        program = session.reproduce(column.path, small.case.inputs, small.output)
    known = expectations.read(home / "expectations.toml")
    return markdown(Bug(column=column, first=first, small=small, program=program, known=known))


def _nobody(source: str, column: Column, case: Case) -> str:
    """Why nothing is written for an adapter, and what shows the failure instead."""
    shown = f"conformance run {column.selector} --case {case.id}"
    if source in adapter.names():
        return (
            f"{column.id} is this project's own, and there is no framework to report to. "
            f"Reproduce it with: {shown}"
        )
    return (
        f"the adapter of {column.id} has reproduce = None, a function was wanted that writes a "
        f"program for its framework. Add it to the Adapter, or show the failure with: {shown}"
    )


def _chosen(args: argparse.Namespace, column: Column) -> tuple[str, str]:
    """The case that shows best what is wrong with the path, and its output, from its last run."""
    file = args.records / column.adapter / f"{column.path}.json"
    if not file.exists():
        raise SelectionError(
            f"no case was given, and {file}, where one would be looked for, is missing. Name a "
            f"case that fails, or run: conformance run {column.selector} --records {args.records}"
        )
    name, output = convincing(record_file.read(file, whole=True), column.dialect, args.cause)
    return name, args.output or output


def _failure(session: Session, column: Column, case: Case, wanted: str | None) -> Failure:
    """The failure of a case: that of an output, or the one that shows best.

    Raises:
        SelectionError: the output is not due in this case.
        _NothingToReportError: it does not fail.
    """
    answer = session.run(column.path, case)
    due = Ruler(case, column.dialect).due
    if wanted is not None and wanted not in due:
        raise SelectionError(
            f"{wanted} is not due in {case.id} on {column.id}, one of {', '.join(due)} was "
            "wanted. Give one of them, or leave --output out."
        )
    found = failures(case, column.dialect, answer)
    if not found or (wanted is not None and wanted not in found):
        results = judged(case, column.dialect, answer)
        raise _NothingToReportError(_verdicts(column, case, answer, results))
    return found[wanted] if wanted is not None else max(found.values(), key=_shown)


def _shown(failure: Failure) -> tuple[float, float]:
    """How well it shows: what is plainly wrong by what is seen, all else by error units."""
    units = failure.result.units
    return min(failure.share, PLAIN), float("inf") if units is None else units


def _verdicts(
    column: Column, case: Case, answer: Answer, results: Mapping[str, OutputResult]
) -> str:
    told = ", ".join(f"{name} {result.status}" for name, result in results.items())
    why = f" ({answer.reason})" if answer.reason else ""
    return (
        f"on {column.id} {case.id} gives {told}{why}. Failing cases are shown by: "
        f"conformance run {column.selector}"
    )
