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

from conformance.atomic import write_atomically
from conformance.errors import ConformanceError, RecordError

if TYPE_CHECKING:
    from conformance.power.measuring import Stage

_ABOUT = """\
Hold every fault of the dictionary, every generated mutant of the textbook kernels and every
honest algorithm to all cases; hold the same faults to what people use instead; and check what is
promised about it.
"""

_EXAMPLE = """\
example:
  conformance power
  conformance power --out docs

exit status: 0 all promises hold, 1 one does not, 2 could not run
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
        "--check",
        type=Path,
        metavar="FILE",
        help="a power.json that must be of this catalogue and dictionary",
    )
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help="processes (default: CPUs)"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Measure, write and judge; see the module's text."""
    try:
        # The picture too: after minutes of measuring it is too late to miss matplotlib.
        from conformance.power import measuring, picture  # noqa: F401, PLC0415 - needs the extra
    except ImportError as error:
        print(
            f"conformance power needs what is not installed: {error}. "
            "Install it with: pip install 'batchnorm-conformance[power]'",
            file=sys.stderr,
        )
        return 2
    if args.jobs < 1:
        print(f"conformance power got --jobs {args.jobs}, 1 or more were wanted.", file=sys.stderr)
        return 2
    try:
        with _progress() as stage:
            power = measuring.measure(jobs=args.jobs, stage=stage)
        stale = _stale(power, args.check) if args.check else []
        if args.out:
            _write(power, args.out)
    except (ConformanceError, OSError) as error:
        print(f"conformance power could not run: {error}", file=sys.stderr)
        return 2
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
    return int(bool(wrong))


def _write(power: dict[str, Any], folder: Path) -> None:
    from conformance.power.document import markdown  # noqa: PLC0415 - needs the extra
    from conformance.power.picture import draw  # noqa: PLC0415 - needs the extra

    folder.mkdir(parents=True, exist_ok=True)
    draw(power, folder / "power.svg")
    write_atomically(folder / "power.md", markdown(power, "power.svg"))
    write_atomically(folder / "power.json", json.dumps(power, indent=1, allow_nan=False) + "\n")


def _stale(power: dict[str, Any], file: Path) -> list[str]:
    """What a stored measurement is not of.  Single letters may differ between machines."""
    try:
        stored = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RecordError(
            f"{file} is no readable measurement: {error}. "
            "Write it with: conformance power --out DIR"
        ) from error
    if not isinstance(stored, dict):
        raise RecordError(
            f"{file} holds a JSON {type(stored).__name__}, an object was wanted. "
            "Write it with: conformance power --out DIR"
        )
    facts = ("schema", "catalogue", "cases", "unseen")
    found = [name for name in facts if stored.get(name) != power[name]]
    found += ["faults"] if list(stored.get("faults", ())) != list(power["faults"]) else []
    again = "Write it again with: conformance power --out DIR"
    return [f"{file} was measured with another {name}. {again}" for name in found]


@contextmanager
def _progress() -> Iterator[Stage]:
    from rich.console import Console  # noqa: PLC0415 - the others do not wait for it
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415 - the same

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:

        def stage(name: str, total: int) -> Any:
            if not console.is_terminal:
                print(f"{name}: {total}", file=sys.stderr)
            task = progress.add_task(name, total=total)
            return lambda: progress.advance(task)

        yield stage
