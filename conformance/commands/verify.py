"""``conformance verify``: a conformance statement against the kernel and the suite of today."""

# ruff: noqa: T201 - a command prints
from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conformance.checking import check as checking
from conformance.checking import statement
from conformance.checking.named import named
from conformance.checking.options import Options
from conformance.commands.check import progress_bar
from conformance.commands.exits import CONFORMS, DOES_NOT, TOLD

_EXAMPLE = f"""\
example:
  conformance check my_kernel.py:batch_norm --statement statement.json
  conformance verify statement.json

It compares the digests of the kernel and of the suite, and checks again.

exit status: 0 the statement holds, 1 it does not, {TOLD}
"""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``verify`` to the command line."""
    parser = subparsers.add_parser(
        "verify",
        help="verify a conformance statement",
        description=__doc__,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("statement", type=Path, metavar="FILE")
    parser.add_argument("--kernel", help="where the kernel is now (default: where it was)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Verify the statement; see the module's text."""
    said = statement.read(args.statement)
    with (
        named(args.kernel or said["kernel"]["selector"]) as known,
        progress_bar("verifying") as progress,
    ):
        report = checking.run(known, _options(said), progress=progress)
    differences = statement.compare(said, report)
    broken = any(d.breaks for d in differences)
    print(
        f"{'DOES NOT HOLD' if broken else 'HOLDS'}: {args.statement}, of {said['date']}: "
        f"{said['kernel']['selector']}, grade {said['grade']}, {said['selected']['cases']} cases"
    )
    for difference in differences:
        word = "breaks" if difference.breaks else "differs"
        print(f"  {word}: {difference.what} was {difference.stated}, is {difference.found}")
    return DOES_NOT if broken else CONFORMS


def _options(said: Mapping[str, Any]) -> Options:
    """The selection that a statement speaks of."""
    suite = said["suite"]
    known = suite["expectations"]
    return Options(
        tier=suite["tier"],
        cases=None if suite["case"] is None else tuple(suite["case"]),
        dtype=suite["dtype"],
        known_failures=None if known is None else Path(known["file"]),
        dialect=dict(said["selected"]["dialect"]),
    )
