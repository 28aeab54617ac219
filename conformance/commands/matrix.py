"""``conformance matrix``: run records side by side, as a report that people and machines read."""

# ruff: noqa: T201 - a command prints
from __future__ import annotations

import argparse
import gc
import io
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from conformance.atomic import write_atomically
from conformance.commands.exits import CONFORMS, DOES_NOT, TOLD
from conformance.errors import SelectionError
from conformance.report.collect import collect
from conformance.report.join import join
from conformance.report.lean import Pool
from conformance.report.matrix import Matrix
from conformance.verdict.record import RunRecord

FORMATS = ("terminal", "markdown", "html", "junit", "json")
FILES = {
    "markdown": "matrix.md",
    "html": "index.html",
    "junit": "junit.xml",
    "json": "matrix.json",
}
"""The file of each format in the folder of ``--out``."""

_ABOUT = """\
Join run records into the matrix of paths and cases.

Without --out the matrix is printed, in the terminal's format or in the one that --format
names. With --out it is printed and written as matrix.md, index.html, junit.xml and
matrix.json, or only in the formats that --format names.
"""

_EXAMPLE = f"""\
example:
  conformance matrix records --out site --require torch tensorflow jax
  conformance matrix records --format markdown

exit status: 0 nothing is red and nothing that was required is missing, 1 something is (a record
that could not be used is missing too),
{TOLD}
"""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``matrix`` to the command line."""
    parser = subparsers.add_parser(
        "matrix",
        help="join run records into a report",
        description=_ABOUT,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "records",
        nargs="+",
        type=Path,
        metavar="RECORD",
        help="run record, or folder that is searched for them",
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder to write the report to")
    parser.add_argument(
        "--format",
        type=_formats,
        metavar="LIST",
        help=f"formats, separated by commas: {', '.join(FORMATS)}",
    )
    parser.add_argument(
        "--require",
        nargs="+",
        action="extend",
        default=[],
        metavar="ADAPTER",
        help="adapters, or adapter/path, that must have reported; one that has not makes the "
        "exit status 1",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run ``matrix``; returns the exit status."""
    formats = _chosen(args.format, args.out)
    with ExitStack() as stack:
        stack.enter_context(_without_collector())
        gathered = collect(args.records, keep=_kept(Pool()))
        matrix = join(gathered.records, args.require, gathered.aside)
        # All are made before the first is written: a failure leaves the old report whole.
        made = {name: stack.enter_context(_made(name, matrix)) for name in formats if name in FILES}
        if args.out is not None:
            for name, spool in made.items():
                write_atomically(args.out / FILES[name], spool)
        _say(matrix, formats, made, args.out)
    return CONFORMS if matrix.as_expected else DOES_NOT


def _kept(pool: Pool) -> Callable[[RunRecord], RunRecord]:
    """What keeps of a record what is shown, and lets go of what holding it to its schema left.

    For each list that may hold nothing twice that is a function which refers to itself: about 1 MB
    for a record.
    """

    def kept(record: RunRecord) -> RunRecord:
        lean = pool.lean(record)
        gc.collect(0)  # the newest alone: what was kept of the records before is not looked at
        return lean

    return kept


@contextmanager
def _without_collector() -> Iterator[None]:
    """Nothing that is kept of a record refers to itself; looking for it takes a seventh of all."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _made(name: str, matrix: Matrix) -> IO[bytes]:
    """A format, in a file without a name: the largest have a hundred megabytes."""
    parts = _maker(name)(matrix)
    with ExitStack() as stack:
        spool = stack.enter_context(tempfile.TemporaryFile())
        spool.writelines(part.encode() for part in parts)
        spool.seek(0)
        stack.pop_all()  # whoever asked for it closes it
    return spool


def _formats(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    unknown = [name for name in names if name not in FORMATS] or ([] if names else [text])
    if unknown:
        raise argparse.ArgumentTypeError(
            f"{', '.join(map(repr, unknown))} is no format; choose from {', '.join(FORMATS)}"
        )
    return names


def _chosen(formats: Sequence[str] | None, out: Path | None) -> Sequence[str]:
    if formats is None:
        return FORMATS if out is not None else ("terminal",)
    if out is None and len(formats) > 1:
        raise SelectionError(
            f"{len(formats)} formats for one standard output: {', '.join(formats)}. "
            "Choose one, or give a folder with --out."
        )
    return formats


def _maker(name: str) -> Callable[[Matrix], Iterator[str]]:
    """What makes a format; the libraries of one that was not asked for need not be there."""
    try:
        match name:
            case "markdown":
                from conformance.report.markdown import parts as make  # noqa: PLC0415 - above
            case "html":
                from conformance.report.page import parts as make  # noqa: PLC0415 - see above
            case "junit":
                from conformance.report.junit import parts as make  # noqa: PLC0415 - see above
            case _:
                from conformance.report.summary import parts as make  # noqa: PLC0415 - see above
    except ModuleNotFoundError as error:
        raise SelectionError(
            f"format {name!r} needs {error.name}, which is not installed. "
            "Install it with: pip install 'batchnorm-conformance[report]'"
        ) from error
    return make


def _say(
    matrix: Matrix, formats: Sequence[str], made: Mapping[str, IO[bytes]], out: Path | None
) -> None:
    from conformance.commands.console import drawn  # noqa: PLC0415 - --help needs it not
    from conformance.report.terminal import show  # noqa: PLC0415 - see above
    from conformance.report.wording import verdict  # noqa: PLC0415 - see above

    if out is None and "terminal" not in formats:
        for spool in made.values():
            with io.TextIOWrapper(spool, encoding="utf-8") as text:
                sys.stdout.writelines(text)
        return
    if "terminal" in formats:
        page = "html" in formats
        more = "write all of them with --out DIR" if out is None else f"see {out / 'index.html'}"
        more = more if page or out is None else f"see the files in {out}"
        show(matrix, drawn(highlight=False), more=more)
    else:
        print(verdict(matrix))
    if out is not None:
        print(f"wrote {', '.join(FILES[name] for name in made) or 'nothing'} to {out}")
