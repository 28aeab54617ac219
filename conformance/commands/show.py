"""``conformance show``: a case as people want to see it, and how far off usual ways would be."""

# ruff: noqa: T201 - a command prints
from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.atomic import require_writable, write_atomically
from conformance.cases import golden, published
from conformance.cases.golden.listing import NAME as MANIFEST
from conformance.cases.golden.listing import home
from conformance.commands.exits import CONFORMS, TOLD
from conformance.errors import InputError, SelectionError

if TYPE_CHECKING:
    from rich.console import Console

    from conformance.checking.showing.look import Look

_ABOUT = """\
Show cases: what each catches, how it was made, its channels with their condition, the exact
answers with one error unit, and how far off usual ways of computing are, in units, each run on
the inputs: two passes, a plain loop, a single pass, sums in half precision.

Without CASE the cases of the folder are listed.
"""

_EXAMPLE = f"""\
example:
  conformance show
  conformance show offset/rows-float32-1000
  conformance show 'half/*' --golden tests/golden
  conformance show offset/rows-float32-1000 --html case.html

exit status: 0 shown, {TOLD}
"""

MOST_DRAWN = 16
"""Cases on one page; the largest of the catalogue takes 0.3 MB."""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``show`` to the command line."""
    parser = subparsers.add_parser(
        "show",
        help="show a case: its statistics, its bounds, and what usual ways make of it",
        description=_ABOUT,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("case", nargs="*", metavar="CASE", help="an id, a part of ids, or a glob")
    parser.add_argument(
        "--golden", type=Path, metavar="FOLDER", help="golden files (default: the package's own)"
    )
    parser.add_argument("--format", choices=["text", "json"], default="text")
    parser.add_argument("--html", type=Path, metavar="FILE", help="draw the cases on a page, too")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Show cases, or list those of a folder; returns the exit status."""
    if args.html is not None:
        require_writable(args.html)
    ids = _selected(args)
    if not args.case:
        _list(args, ids)
        return CONFORMS
    looks = _looks(ids, args.golden)
    if args.html is not None:
        from conformance.checking.showing.page import page  # noqa: PLC0415 - where it is asked for

        looks = iter(kept := list(looks))
        write_atomically(args.html, page(kept, _source(args)))
    if args.format == "json":
        from conformance.checking.showing import document  # noqa: PLC0415 - the same

        print(document.shown(looks, golden.manifest(args.golden).digest))
        return CONFORMS
    _print(looks)
    return CONFORMS


def _selected(args: argparse.Namespace) -> list[str]:
    """The ids that are asked for.

    Raises:
        SelectionError: a pattern matches nothing.
        InputError: more cases are to be drawn than a page takes.
    """
    for word in args.case:
        if (Path(word) / MANIFEST).is_file():
            raise SelectionError(
                f"{word!r} is a folder of golden files, the id of a case was wanted. "
                f"Write: conformance show --golden {word}"
            )
    ids = golden.select(args.case or None, args.golden)
    if args.html is not None and not (args.case and len(ids) <= MOST_DRAWN):
        found = f"{len(ids)} cases are selected" if args.case else "no case is named"
        raise InputError(
            f"--html was given and {found}, 1 to {MOST_DRAWN} were wanted. Name them after show."
        )
    return ids


def _looks(ids: Sequence[str], folder: Path | None) -> Iterator[Look]:
    from conformance.checking.showing.look import look  # noqa: PLC0415 - help does not wait for it

    return map(look, golden.load(ids, folder))


def _list(args: argparse.Namespace, ids: Sequence[str]) -> None:
    from conformance.checking.showing import row  # noqa: PLC0415 - help does not wait for it

    found = row.rows(ids, args.golden)
    if args.format == "json":
        from conformance.checking.showing import document  # noqa: PLC0415 - where it is asked for

        print(document.listed(found, golden.manifest(args.golden).digest))
        return
    from conformance.checking.showing import terminal  # noqa: PLC0415 - needs rich
    from conformance.report.wording import plural  # noqa: PLC0415 - help does not wait for it

    terminal.listed(found, _console())
    groups = {name.split("/")[0] for name in ids}
    print(f"{plural(len(ids), 'case')} in {plural(len(groups), 'group')}; {_source(args)}")


def _source(args: argparse.Namespace) -> str:
    """Which golden files these are."""
    folder = home(None) if args.golden is None else args.golden
    return published.of_folder(folder, golden.manifest(args.golden).digest)


def _print(looks: Iterator[Look]) -> None:
    from conformance.checking.showing import terminal  # noqa: PLC0415 - needs rich

    console = _console()
    for number, each in enumerate(looks):
        if number:
            console.print()
        terminal.show(each, console)


def _console() -> Console:
    """Standard output; as wide as a page where it is no terminal and nobody says how wide."""
    from conformance.commands.console import drawn  # noqa: PLC0415 - needs rich

    console = drawn(highlight=False, soft_wrap=False, markup=False, emoji=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = 160
    return console
