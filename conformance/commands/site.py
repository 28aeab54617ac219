"""``conformance site``: a history as static pages that need no server and no network."""

# ruff: noqa: T201 - a command prints
from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from conformance.commands.arguments import number
from conformance.commands.exits import CONFORMS, TOLD
from conformance.commands.extra import extra
from conformance.nights.history.alarms import HOURS

_EXAMPLE = f"""\
example:
  conformance site --history history --out site --power docs/power.json

exit status: 0 made, {TOLD}
"""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``site`` to the command line."""
    parser = subparsers.add_parser(
        "site",
        help="make static pages of a history",
        description=__doc__,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--history", type=Path, default=Path("history"), metavar="DIR",
        help="the history (default: history)",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=Path, default=Path("site"), metavar="DIR",
        help="the folder of the site, which is replaced (default: site)",
    )  # fmt: skip
    parser.add_argument(
        "--power", type=Path, metavar="FILE",
        help="power.json, which tells what each case catches",
    )  # fmt: skip
    parser.add_argument(
        "--address", default="", metavar="URL", help="where the site will be, for the feed's links"
    )
    parser.add_argument(
        "--every", type=number("hours", 0, above=True, most=1e6), default=HOURS, metavar="HOURS",
        help=f"a night is missing after this many hours (default: {HOURS:g})",
    )  # fmt: skip
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run ``site``; returns the exit status."""
    count = _built(args)
    print(f"wrote {count} files to {args.out}; open {args.out / 'index.html'}")
    return CONFORMS


def _built(args: argparse.Namespace) -> int:
    with extra("site"):
        from conformance.nights.history.store import History  # noqa: PLC0415 - needs the extra
        from conformance.nights.site.build import build  # noqa: PLC0415 - the same
    from rich.progress import Progress  # noqa: PLC0415 - the same

    from conformance.commands.console import drawn  # noqa: PLC0415 - `conformance --help` does not need it

    console = drawn(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task("pages", total=None)
        return build(
            History(args.history),
            args.out,
            datetime.now(UTC),
            hours=args.every,
            power=args.power,
            address=args.address,
            done=lambda count: progress.update(task, completed=count),
        )
