"""``conformance diff``: what changed between two runs, and by whose doing."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.atomic import require_writable, write_atomically
from conformance.commands.arguments import number
from conformance.commands.exits import CONFORMS, DOES_NOT, TOLD
from conformance.commands.extra import extra
from conformance.commands.rerunning import add_places, laboratory
from conformance.nights.diff.changes import FACTOR, FLOOR

if TYPE_CHECKING:
    from conformance.nights.diff.attribution import Attribution
    from conformance.nights.diff.changes import Difference

_ABOUT = """\
Name what changed from one run to another: new failures and fixed ones, grades that moved,
errors that grew with the grade unchanged, cases that vanished, columns that did not report.

OLD and NEW are each a folder or file of run records, or a run of the history: its name or the
beginning of it (a date), latest, previous, latest~7.
"""

_EXAMPLE = f"""\
example:
  conformance diff previous latest --history history
  conformance diff 2026-11-01 latest --history history --format markdown
  conformance diff old/records records
  conformance diff previous latest --history history --rerun --repository .

exit status: 0 nothing got worse, 1 something did,
{TOLD}
"""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``diff`` to the command line."""
    parser = subparsers.add_parser(
        "diff",
        help="name what changed between two runs, and by whose doing",
        description=_ABOUT,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("old", metavar="OLD", help="the earlier run, or its records")
    parser.add_argument("new", metavar="NEW", help="the later run, or its records")
    parser.add_argument(
        "--history",
        type=Path,
        default=Path("history"),
        metavar="DIR",
        help="the history (default: history)",
    )
    parser.add_argument(
        "--factor",
        type=number("times", 1),
        default=FACTOR,
        help=f"how much an error must grow to be told while its grade stays (default: {FACTOR:g})",
    )
    parser.add_argument(
        "--floor",
        type=number("units", 0),
        default=FLOOR,
        metavar="UNITS",
        help=f"errors below this are the luck of one rounding (default: {FLOOR:g})",
    )
    parser.add_argument("--format", choices=["text", "markdown", "json"], default="text")
    parser.add_argument("--out", type=Path, metavar="FILE", help="write it there as well")
    again = parser.add_argument_group("by whose doing")
    again.add_argument(
        "--rerun",
        action="store_true",
        help="run what got worse again, with the old suite and the old framework: was it the "
        "suite, the framework, the machine, the environment, or a flake?",
    )
    add_places(again)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run ``diff``; returns the exit status."""
    if args.out is not None:
        require_writable(args.out)
    difference = _compared(args)
    attributions = _attributed(args, difference) if args.rerun else []
    text = _made(args.format, difference, attributions)
    if args.out is not None:
        write_atomically(args.out, text)
    sys.stdout.write(text)
    return DOES_NOT if difference.worse else CONFORMS


def _compared(args: argparse.Namespace) -> Difference:
    with extra("history"):
        from conformance.nights.diff.compare import compare  # noqa: PLC0415 - needs the extra
        from conformance.nights.history.store import History  # noqa: PLC0415 - the same
    history = History(args.history)
    return compare(args.old, args.new, history, factor=args.factor, floor=args.floor)


def _attributed(args: argparse.Namespace, difference: Difference) -> list[Attribution]:
    from conformance.nights.diff.attribution import attribute  # noqa: PLC0415 - only on demand

    with laboratory(args, "diff") as place:
        return attribute(difference, place.rerun)


def _made(form: str, difference: Difference, attributions: list[Attribution]) -> str:
    from conformance.nights.diff import payload, wording  # noqa: PLC0415 - DuckDB may be absent

    if form == "json":
        return payload.as_json(difference, attributions)
    make = wording.as_markdown if form == "markdown" else wording.as_text
    return make(difference, attributions)
