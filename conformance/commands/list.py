"""``conformance list``: adapters, cases, faults and words of recipes, with what each is for."""

# ruff: noqa: T201 - a command prints
from __future__ import annotations

import argparse
import json
import shlex
from difflib import get_close_matches

from conformance import adapter
from conformance.cases import golden, tiers
from conformance.commands.exits import CONFORMS, TOLD
from conformance.errors import AdapterError, SelectionError
from conformance.harness import run as runner

_EXAMPLE = f"""\
example:
  conformance list cases --case 'offset/*'
  conformance list paths torch
  conformance list faults dx-divides-by-batch
  conformance list recipes

exit status: 0 listed, {TOLD}
"""


_WHAT = ("adapters", "paths", "groups", "cases", "faults", "recipes")


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``list`` to the command line."""
    parser = subparsers.add_parser(
        "list",
        help="list adapters, paths, groups, cases, faults or words of recipes, with why",
        description=__doc__,
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", choices=[*_WHAT])
    parser.add_argument("name", nargs="?", help="for paths: which adapter; for faults: which")
    parser.add_argument("--case", action="append", metavar="ID", help="which cases")
    parser.add_argument("--tier", choices=list(tiers.TIERS), default="standard")
    parser.add_argument("--format", choices=["text", "json"], default="text")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """List what was asked for."""
    rows = _rows(args)
    if args.format == "json":
        print(json.dumps(rows, indent=1))
        return CONFORMS
    width = max((len(name) for name in rows), default=0)
    for name, text in rows.items():
        print(f"{name:<{width}}  {text}")
    if args.what == "recipes":
        print(f"\nexample:\n{_example()}", end="")
    return CONFORMS


def _example() -> str:
    from conformance.cases.own.telling import EXAMPLE  # noqa: PLC0415 - the others do not wait

    return EXAMPLE


def _rows(args: argparse.Namespace) -> dict[str, str]:
    if args.name is not None and args.what not in ("paths", "faults"):
        raise SelectionError(
            f"{args.name!r} was found after {args.what}, which takes no name. Leave it out"
            + (f", or write: --case {shlex.quote(args.name)}" if args.what == "cases" else "")
            + "."
        )
    if args.what == "adapters":
        return {name: str(adapter.home(name)) for name in adapter.names()}
    if args.what == "paths":
        if not args.name:
            raise AdapterError(
                f"no adapter was named, one of {', '.join(adapter.names())} was wanted. "
                "Write: conformance list paths ADAPTER"
            )
        return {column.id: column.about for column in runner.columns(args.name)}
    if args.what == "faults":
        return _faults(args.name)
    if args.what == "recipes":
        from conformance.cases.own.telling import told  # noqa: PLC0415 - the others do not wait

        return told()
    manifest = golden.manifest()
    if args.what == "groups":
        return {name.removesuffix(".h5"): file.about for name, file in manifest.files.items()}
    return {name: manifest.entries[name].catches for name in tiers.select(args.tier, args.case)}


def _faults(name: str | None) -> dict[str, str]:
    """The fault dictionary, or all about one fault."""
    from conformance.faults import FAULTS, UNSEEN  # noqa: PLC0415 - the others do not wait for it

    if name is None:
        titles = {fault.id: fault.title for fault in FAULTS.values()}
        return titles | {
            unseen.id: f"{unseen.title} (not shown: {unseen.why})" for unseen in UNSEEN
        }
    if name not in FAULTS:
        near = get_close_matches(name, FAULTS, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise SelectionError(f"there is no fault {name!r}.{hint} See: conformance list faults")
    fault = FAULTS[name]
    return {
        "what": fault.title,
        "mathematics": fault.math,
        "makes wrong": ", ".join(fault.touches),
        "mode": fault.mode,
        "shown by": fault.shows,
        "hidden by": fault.hides,
        "sources": ", ".join(fault.sources) or "derived",
    }
