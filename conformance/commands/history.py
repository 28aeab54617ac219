"""``conformance history``: every run that was recorded; adds one, lists them, raises alarms."""

# ruff: noqa: T201 - a command prints
from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.commands.arguments import number, whole
from conformance.commands.exits import CONFORMS, DOES_NOT, TOLD
from conformance.commands.extra import extra
from conformance.errors import HistoryError
from conformance.nights.history.alarms import HOURS

if TYPE_CHECKING:
    from conformance.nights.history.store import History

_EXAMPLE = f"""\
example:
  conformance history add records --require torch jax
  conformance history list
  conformance history check --every 26

exit status: 0 done, 1 done and something is wrong (a record that could not be used, a column
that did not report, an alarm),
{TOLD}
"""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``history`` to the command line."""
    parser = subparsers.add_parser(
        "history",
        help="keep run records: add a run, list runs, raise alarms",
        description=__doc__,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    what = parser.add_subparsers(metavar="WHAT", required=True)
    add = what.add_parser("add", help="add the records of one run")
    add.add_argument("records", nargs="+", type=Path, metavar="RECORD", help="file or folder")
    add.add_argument(
        "--require", nargs="+", action="extend", default=[], metavar="ADAPTER",
        help="adapters that are to report; one that has not is kept as missing",
    )  # fmt: skip
    add.add_argument(
        "--outcomes", type=Path, metavar="FILE",
        help="how the environments ended, as ci/nightly.py writes it",
    )  # fmt: skip
    listing = what.add_parser("list", help="list the runs, the newest last")
    listing.add_argument(
        "--limit", type=whole("runs", 1), default=30, metavar="N", help="the last N (30)"
    )
    check = what.add_parser(
        "check", help="raise alarms: a missing night, a silent column, a shrunken catalogue"
    )
    check.add_argument(
        "--every", type=number("hours", 0, above=True, most=1e6), default=HOURS, metavar="HOURS",
        help=f"a night is missing after this many hours (default: {HOURS:g})",
    )  # fmt: skip
    check.add_argument("--format", choices=["text", "json"], default="text")
    for each, act in ((add, _add), (listing, _list), (check, _check)):
        each.add_argument(
            "--history", type=Path, default=Path("history"), metavar="DIR",
            help="the history (default: history)",
        )  # fmt: skip
        each.set_defaults(act=act)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run ``history``; returns the exit status."""
    status: int = args.act(args, _open(args.history))
    return status


def _open(folder: Path) -> History:
    with extra("history"):
        from conformance.nights.history import query, tables  # noqa: F401, PLC0415 - needs the extra
        from conformance.nights.history.store import History  # noqa: PLC0415 - the same
    return History(folder)


def _add(args: argparse.Namespace, history: History) -> int:
    from conformance.nights.history import gathering  # noqa: PLC0415 - an extra

    ends, unusable = gathering.read_outcomes(args.outcomes) if args.outcomes else ([], [])
    night = gathering.gather(args.records, history, required=args.require, outcomes=ends)
    problems = [*unusable, *night.problems]
    for problem in problems:
        print(f"conformance history: not used: {problem}", file=sys.stderr)
    added = history.add(night.records, night.missing)
    reported = [entry for entry in added.entries if not entry.missing]
    print(
        f"{'added' if added.is_new else 'was there already:'} {added.name}: "
        f"{len(reported)} columns reported, {added.stored} with results that are new; "
        f"{len(night.missing)} missing"
    )
    for column, why in night.missing.items():
        print(f"  missing: {column}: {why}")
    return DOES_NOT if night.missing or problems else CONFORMS


def _list(args: argparse.Namespace, history: History) -> int:
    names = history.names()
    for name in names[-args.limit :]:
        entries = history.entries(name)
        reported = [entry for entry in entries if not entry.missing]
        red = sum(entry.red for entry in reported)
        compared = sum(entry.compared for entry in reported)
        print(
            f"{name}  {len(reported)} columns, {len(entries) - len(reported)} missing, "
            f"{compared:,} outputs compared, {red} red"
        )
    if not names:
        raise HistoryError(
            f"{args.history} holds no run. Add one with: conformance history add records"
        )
    return CONFORMS


def _check(args: argparse.Namespace, history: History) -> int:
    from conformance.nights.history.alarms import raised  # noqa: PLC0415 - an extra

    found = raised(history, datetime.now(UTC), hours=args.every)
    if args.format == "json":
        print(json.dumps([{"alarm": each.alarm.value, "text": each.text} for each in found]))
        return DOES_NOT if found else CONFORMS
    for each in found:
        print(f"ALARM {each.alarm}: {each.text}")
    if not found:
        print(f"no alarm: {len(history.names())} runs, the last {history.names()[-1]}")
    return DOES_NOT if found else CONFORMS
