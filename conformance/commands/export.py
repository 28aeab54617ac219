"""``conformance export``: golden cases with their bounds, for whoever has no reader of HDF5."""

# ruff: noqa: T201 - a command prints
from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from conformance.case import Case
from conformance.cases import golden
from conformance.cases.exported import folder
from conformance.cases.exported.content import Exported, Group
from conformance.cases.exported.formats import MODULES, Format, named
from conformance.commands.exits import CONFORMS, DOES_NOT, TOLD
from conformance.commands.extra import extra
from conformance.errors import ExportError
from conformance.printable import printable
from conformance.verdict.exporting import differing, with_bounds

_ABOUT = """\
Write cases with their exact answers and error bounds in a format that needs no reader of HDF5.

raw          a folder for each case: case.json and a file of little-endian values for each array
npz          an .npz archive for each case, with case.json in it
safetensors  a .safetensors file for each case, its attributes in the header
json         a file for each group, values as hexadecimal floats
onnx         ONNX backend tests, of the cases that the operator BatchNormalization can express

docs/export.md has the formats, and how to judge by the bounds in three lines.

With --verify nothing is written: what lies in DIR is read, and every case must have the digest of
its golden case and the bounds that follow from it.
"""

_EXAMPLE = f"""\
example:
  conformance export --format raw --out cases
  conformance export --format json --case 'offset/*' --out cases
  conformance export --format raw --out cases --verify

exit status: 0 written or verified, 1 what is there differs, {TOLD}
"""

SHOWN = 40
"""Differences that are printed one by one."""


@dataclass(frozen=True, slots=True)
class _Selection:
    """Cases that are to be written, and how many cannot be, by why."""

    ids: Sequence[str]
    refused: Counter[str]

    def __str__(self) -> str:
        told = ", ".join(f"{count} {why}" for why, count in self.refused.most_common())
        return f"; {self.refused.total()} cannot be expressed: {told}" if told else ""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``export`` to the command line."""
    parser = subparsers.add_parser(
        "export",
        help="write cases with their bounds as npz, safetensors, raw arrays, JSON or ONNX tests",
        description=_ABOUT,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--golden", type=Path, metavar="FOLDER", help="golden files (default: the package's own)"
    )
    parser.add_argument(
        "--case", action="append", metavar="PATTERN", help="which cases (default: all)"
    )
    parser.add_argument("--format", choices=list(MODULES), required=True)
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        required=True,
        help="where to; an export that is there is replaced, anything else is refused",
    )
    parser.add_argument(
        "--verify", action="store_true", help="read and compare what is there; change nothing"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run ``export``; returns the exit status."""
    with extra(args.format):
        form = named(args.format)
    if args.verify:
        return _verify(args, form)
    folder.require(args.out)
    chosen = _select(args, form)
    with _progress("exporting", len(chosen.ids)) as advance:
        groups = _groups(args, chosen, advance)
        done = folder.write(args.out, form.name, (f for group in groups for f in form.files(group)))
    print(
        f"wrote {len(chosen.ids)} cases, {done.files:,} files, {done.bytes:,} bytes "
        f"to {args.out} ({form.name}){chosen}"
    )
    return CONFORMS


def _select(args: argparse.Namespace, form: Format) -> _Selection:
    found = {case.id: form.refuses(case) for case in golden.load_matching(args.case, args.golden)}
    ids = [name for name, why in found.items() if why is None]
    chosen = _Selection(ids, Counter(why for why in found.values() if why is not None))
    if not ids:
        raise ExportError(f"nothing is left to be written as {form.name}{chosen}. Choose others.")
    return chosen


def _groups(
    args: argparse.Namespace, chosen: _Selection, advance: Callable[[], None]
) -> Iterator[Group]:
    known = golden.manifest(args.golden)
    cases = golden.load(chosen.ids, args.golden)
    for name, members in groupby(cases, key=lambda case: case.problem.group):
        yield Group(
            name=name,
            about=known.files[f"{name}.h5"].about,
            count=sum(known.entries[each].group == name for each in chosen.ids),
            cases=_bounded(members, advance),
        )


def _bounded(cases: Iterable[Case], advance: Callable[[], None]) -> Iterator[Exported]:
    for case in cases:
        yield with_bounds(case)
        advance()


@contextmanager
def _progress(title: str, total: int) -> Iterator[Callable[[], None]]:
    """Shows on standard error how many cases are done; what it gives is called after each."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress  # noqa: PLC0415 - --help needs it not

    from conformance.commands.console import drawn  # noqa: PLC0415 - the same

    console = drawn(stderr=True)
    if not console.is_terminal:
        print(f"{title} {total} cases", file=sys.stderr)
    columns = ("{task.description}", BarColumn(), MofNCompleteColumn())
    shown = console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=not shown) as progress:
        bar = progress.add_task(title, total=total)
        yield lambda: progress.advance(bar)


def _verify(args: argparse.Namespace, form: Format) -> int:
    if (there := folder.form_of(args.out)) != form.name:
        raise ExportError(
            f"{args.out} holds an export as {printable(there)}, one as {form.name} was wanted. "
            "Say with --format which it is."
        )
    chosen = _select(args, form)
    seen: set[str] = set()
    wrong: list[str] = []
    with _progress("verifying", len(chosen.ids)) as advance:
        try:
            for found in form.read(args.out):
                wrong += _differences(found, golden.manifest(args.golden), chosen)
                seen.add(found.case.id)
                advance()
        except ExportError as error:
            wrong.append(f"{error} (what follows was not read)")
        else:
            wrong += [f"{name}: missing" for name in chosen.ids if name not in seen]
    return _report(wrong, len(seen), chosen)


def _differences(found: Exported, known: golden.Manifest, chosen: _Selection) -> list[str]:
    name = found.case.id
    if name not in known.entries:
        return [f"{name}: extra, the golden files do not have it"]
    parts = differing(found, known.entries[name].digest) if name in chosen.ids else []
    return [f"{name}: {', '.join(parts)} differ"] if parts else []


def _report(wrong: Sequence[str], seen: int, chosen: _Selection) -> int:
    for line in wrong[:SHOWN]:
        print(line)
    if len(wrong) > SHOWN:
        print(f"... and {len(wrong) - SHOWN} more")
    verdict = f"{len(wrong)} differences: NOT verified" if wrong else "verified"
    print(f"{verdict}: {seen} of {len(chosen.ids)} cases read{chosen}")
    return DOES_NOT if wrong else CONFORMS
