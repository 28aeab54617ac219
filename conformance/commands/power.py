"""``conformance power``: measure what the suite catches, and what it wrongly rejects."""

# ruff: noqa: T201 - a command prints
from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance import documents
from conformance.atomic import require_folder, write_atomically
from conformance.commands.arguments import whole
from conformance.commands.exits import CONFORMS, DOES_NOT, TOLD
from conformance.errors import ExtraError

if TYPE_CHECKING:
    from conformance.power.measuring import Stage

_ABOUT = """\
Hold every fault of the dictionary, every generated mutant of the textbook kernels and every
honest algorithm to all cases; hold the same faults to what people use instead; and check what is
promised about it.
"""

_EXAMPLE = f"""\
example:
  conformance power
  conformance power --out docs --kills conformance/cases/kills.json

exit status: 0 all promises hold, 1 one does not, {TOLD}
"""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``power`` to the command line."""
    parser = subparsers.add_parser(
        "power",
        help="measure which wrong kernels the suite rejects",
        description=_ABOUT,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="where power.json, power.md and power.svg go (default: nowhere)",
    )
    parser.add_argument(
        "--kills",
        type=Path,
        metavar="FILE",
        help="where the table goes that the smoke tier is made of: conformance/cases/kills.json",
    )
    parser.add_argument(
        "--check",
        type=Path,
        metavar="FILE",
        help="a power.json that must be of this catalogue, judge and dictionary",
    )
    parser.add_argument(
        "--jobs",
        type=whole("processes", 1),
        default=os.cpu_count() or 1,
        help="processes (default: CPUs)",
    )
    parser.add_argument(
        "--pairs",
        type=whole("pairs", 0),
        default=200,
        help="of how many pairs of faults the diagnosis is tried, 5 s each (default: 200, all)",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Measure, write and judge; see the module's text."""
    try:
        # The picture too: after minutes of measuring it is too late to miss matplotlib.
        from conformance.power import account, measuring, picture, table  # noqa: F401, PLC0415 - needs the extra
    except ImportError as error:
        raise ExtraError(
            f"this needs what is not installed: {error}. "
            "Install it with: pip install 'batchnorm-conformance[power]'"
        ) from error
    stored = (
        documents.read(args.check, "power") if args.check else None
    )  # refused before minutes of measuring
    if args.out:
        require_folder(args.out)
    with _progress() as stage:
        found = measuring.measure(jobs=args.jobs, stage=stage, pairs=args.pairs)
    power = account.account(found, renews=args.kills is not None)
    if args.kills:
        said = table.table(account.wrong(found))
        write_atomically(args.kills, json.dumps(said, indent=1) + "\n")
    stale = _stale(power, stored, args.check) if stored is not None else []
    if args.out:
        _write(power, args.out)
    return _report(power, stale)


def _report(power: dict[str, Any], stale: list[str]) -> int:
    from conformance.power.document import summary  # noqa: PLC0415 - needs the extra
    from conformance.power.gate import broken  # noqa: PLC0415 - needs the extra

    for line in summary(power):
        print(line)
    wrong = [*broken(power), *stale]
    for promise in wrong:
        print(f"BROKEN  {promise}")
    print(f"{len(wrong)} promises broken" if wrong else "ok: every promise holds")
    return DOES_NOT if wrong else CONFORMS


def _write(power: dict[str, Any], folder: Path) -> None:
    from conformance.power.document import markdown  # noqa: PLC0415 - needs the extra
    from conformance.power.picture import draw  # noqa: PLC0415 - needs the extra

    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(folder / "power.svg", draw(power))
    write_atomically(folder / "power.md", markdown(power, "power.svg"))
    write_atomically(folder / "power.json", json.dumps(power, indent=1, allow_nan=False) + "\n")


def _stale(power: dict[str, Any], stored: dict[str, Any], file: Path) -> list[str]:
    """What a stored measurement is not of.  Single letters may differ between machines."""
    facts = ("catalogue", "judge", "cases", "unseen")
    found = [name for name in facts if stored.get(name) != power[name]]
    found += ["faults"] if list(stored.get("faults", ())) != list(power["faults"]) else []
    again = "Write it again with: conformance power --out DIR"
    return [f"{file} was measured with another {name}. {again}" for name in found]


@contextmanager
def _progress() -> Iterator[Stage]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415 - the same

    from conformance.commands.console import drawn  # noqa: PLC0415 - others do not wait for it

    console = drawn(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:

        def stage(name: str, total: int) -> Any:
            if not console.is_terminal:
                print(f"{name}: {total}", file=sys.stderr)
            task = progress.add_task(name, total=total)
            return lambda: progress.advance(task)

        yield stage
