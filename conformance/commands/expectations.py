"""``conformance expectations``: the known failures of an adapter, held against a run of it."""

# ruff: noqa: T201 - a command prints
from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path

from conformance import adapter
from conformance.arrays import OUTPUT_NAMES
from conformance.atomic import write_atomically
from conformance.cases import deployed
from conformance.commands.exits import CONFORMS, DOES_NOT, TOLD
from conformance.commands.extra import extra
from conformance.documents import read_text
from conformance.errors import ExpectationError
from conformance.harness.session import Session
from conformance.report.wording import plural
from conformance.verdict.due import due_outputs
from conformance.verdict.known import expectations, sizes
from conformance.verdict.known.entry import Why
from conformance.verdict.known.expectations import Known
from conformance.verdict.known.findings import WILD, Findings, find
from conformance.verdict.known.outputs import Reported, Triple, seen
from conformance.verdict.known.telling import grouped, ready, told
from conformance.verdict.known.updating import update
from conformance.verdict.known.writing import rendered, rewritten

_ABOUT = """\
Hold an adapter's known failures against its run records: what fails and is not expected, which
entries no longer apply, which match nothing.

What is expected to fail must go on failing in the same way: adapters/NAME/sizes.json has how, and
--record writes it anew from the run.

With --update adapters/NAME/expectations.toml is written anew: entries are merged, and what passed
is marked as gone in this version. A new failure is written only with the reason that you give.
"""

_EXAMPLE = f"""\
example:
  conformance run torch && conformance expectations torch
  conformance expectations torch --update
  conformance expectations torch --record
  conformance expectations torch --update --cause half-statistics --case 'half/*'

exit status: 0 nothing to do, or all of it written, 1 something remains to be explained or done,
or a record could not be used,
{TOLD}
"""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``expectations`` to the command line."""
    parser = subparsers.add_parser(
        "expectations",
        help="hold known failures against a run, and update them",
        description=_ABOUT,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("adapter", metavar="ADAPTER", help="such as torch, or my/adapter.py")
    parser.add_argument("--update", action="store_true", help="write the file anew")
    parser.add_argument(
        "--record",
        action="store_true",
        help="write beside the file how its failures fail in this run: sizes.json",
    )
    parser.add_argument(
        "--file",
        type=Path,
        metavar="FILE",
        help="the list of known failures (default: expectations.toml beside the adapter)",
    )
    parser.add_argument(
        "--records",
        type=Path,
        default=Path("records"),
        metavar="DIR",
        help="the records of the run (default: records)",
    )
    parser.add_argument(
        "--history",
        type=Path,
        metavar="DIR",
        help="runs that tell whether what is flaky still comes and goes",
    )
    why = parser.add_mutually_exclusive_group()
    why.add_argument("--reason", metavar="TEXT", help="why the new failures fail")
    why.add_argument("--cause", metavar="NAME", help="the same, as a cause that the file tells")
    for name, what in (("path", "GLOB"), ("case", "GLOB"), ("output", "NAME")):
        parser.add_argument(
            f"--{name}",
            action="append",
            metavar=what,
            choices=OUTPUT_NAMES if name == "output" else None,
            help=f"the reason holds for this {name} alone; repeatable",
        )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run ``expectations``; returns the exit status."""
    source, _ = adapter.split(args.adapter)
    home = adapter.home(source)
    file = args.file or home / "expectations.toml"
    if args.update or args.record:
        _require_own(file)
    known = expectations.read(file)
    why = _why(args, known)
    due, ran = due_outputs(deployed.folder_of(home)), seen(home.name, args.records)
    for why_not in ran.aside:
        print(f"conformance expectations: not used: {why_not}", file=sys.stderr)
    findings = find(known, ran, due, _paths(source, known))
    new = {triple for triple in findings.new if why is not None and _chosen(triple, args)}
    written = False
    if args.update:
        groups = update(known, findings, due, ran.version, new=new, why=why)
        entries = [rendered(group, kind) for kind, group in groups]
        written = _write(known.file, entries)
    for line in told(findings, due, updated=args.update):
        print(line)
    if args.history is not None:
        for line in _constant(args.history, home.name, ran, due):
            print(line)
    changed = _changed(args, ran, due, known.file.parent / sizes.NAME)
    left = findings.new - new
    if left:
        print(f"{plural(len(left), 'output')} failed and not expected:\n")
        print(ready(left, due, Why(versions=f">={ran.version}")))
        print("Say why with --update and --reason TEXT or --cause NAME (--path, --case, --output).")
    return _conclusion(args, findings, ran, left | changed, file=known.file, written=written)


def _changed(
    args: argparse.Namespace, ran: Reported, due: Mapping[str, tuple[str, ...]], file: Path
) -> frozenset[Triple]:
    """What fails otherwise than is recorded; none where that is to be recorded anew.

    Those of paths that did not run stay as they were.
    """
    if args.record:
        sizes.write(sizes.renewed(sizes.read(file), ran.ways, ran.paths), file)
        print(f"wrote how {plural(len(ran.ways), 'known failure')} fail to {file}")
        return frozenset()
    if ran.changed:
        print("fail otherwise than recorded; look, and record them anew with --record if they may:")
    for line in grouped(ran.changed, due):
        print(line)
    return ran.changed


def _constant(
    folder: Path, name: str, ran: Reported, due: Mapping[str, tuple[str, ...]]
) -> Iterator[str]:
    """Lines on flaky outputs that came out the same in every run of a history."""
    with extra("history"):
        from conformance.nights.history import flakes  # noqa: PLC0415 - needs the extra
        from conformance.nights.history.store import History  # noqa: PLC0415 - the same

        counted = flakes.tally(History(folder), name, ran.version)
    for failed, what, remedy in (
        (False, "passed", "take the entry out, or mark it as gone"),
        (True, "failed", "take seen out of the entry"),
    ):
        constant = counted.always(failed=failed)
        if constant:
            tries = min(constant.values())
            yield f"flaky, and {what} in each of the last {tries} runs or more: {remedy}"
            yield from grouped(constant, due)


def _conclusion(
    args: argparse.Namespace,
    findings: Findings,
    ran: Reported,
    left: Iterable[Triple],
    *,
    file: Path,
    written: bool,
) -> int:
    """Say what remains, and the exit status for it."""
    stale = bool(findings.stale and not args.update)
    open_ends = bool(left or ran.aside or findings.dead) or stale
    failed = plural(len(ran.failed), "failing output")
    what = f"{args.adapter} {ran.version}: {failed} in {plural(len(ran.paths), 'path')}"
    if args.update:
        what += f"; {'wrote' if written else 'nothing to write in'} {file}"
    print(f"{what}; {'something remains' if open_ends else 'all of them expected'}")
    return DOES_NOT if open_ends else CONFORMS


def _require_own(file: Path) -> None:
    """Refuse to edit the list of an installed package, which the next installation replaces.

    Raises:
        ExpectationError: the file is part of one.
    """
    installed = Path(expectations.__file__).resolve().parents[2] / "adapters"
    if file.resolve().is_relative_to(installed):
        raise ExpectationError(
            f"{file} is part of an installed package, a file of a checkout was wanted. "
            "Run this in a checkout (pip install -e .), or name the file: --file FILE"
        )


def _why(args: argparse.Namespace, known: Known) -> Why | None:
    """The cause or reason that was given.

    Raises:
        ExpectationError: there is no such cause, or the file is not to be written.
    """
    given = args.reason if args.reason is not None else args.cause
    if given is None:
        return None
    if not args.update:
        raise ExpectationError(f"{given!r} was given without --update. Add it, or leave both out.")
    if not given.strip():
        raise ExpectationError(f"the reason is {given!r}, a sentence was wanted. Say why it fails.")
    if args.reason is not None:
        return Why(reason=given)
    if given not in known.causes:
        near = get_close_matches(given, known.causes, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ExpectationError(
            f"{known.file} tells no cause {given!r}, one of {sorted(known.causes)} was wanted."
            f"{hint} Write [cause.{given}] with a reason, and a reproduction or by_design."
        )
    return Why(cause=given)


def _chosen(triple: Triple, args: argparse.Namespace) -> bool:
    """Whether the reason is to hold for a new failure."""
    wanted = (args.path, args.case, args.output)
    return all(
        globs is None or any(fnmatchcase(name, glob) for glob in globs)
        for name, globs in zip(triple, wanted, strict=True)
    )


def _paths(source: str, known: Known) -> tuple[str, ...]:
    """All paths of the adapter where an entry names some by a glob; that starts its framework."""
    if not any(WILD & set(path) for entry in known.entries for path in entry.paths):
        return ()
    with Session(source) as session:
        return tuple(path["name"] for path in session.describe()["paths"])


def _write(file: Path, entries: Iterable[str]) -> bool:
    """Write the file where that changes it; whether it did."""
    old = read_text(file) if file.exists() else ""
    made = rewritten(old, entries, file)
    if made != old:
        write_atomically(file, made)
    return made != old
